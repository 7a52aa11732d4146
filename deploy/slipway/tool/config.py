"""Reads and checks site.yml. Nothing else in Slipway opens it."""

import difflib
import ipaddress
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from slipway import ROOT
from slipway.tool import public_keys
from slipway.web import stores
from slipway.web.errors import SlipwayError

DEFAULT_PATH = ROOT / "site.yml"

HOST = re.compile(r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}")
MODULE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
BUCKET = re.compile(r"(?=.{3,63}$)[a-z0-9]([a-z0-9.-]*[a-z0-9])?")
REGION = re.compile(r"[a-z]{2,}(-[a-z]+)+-\d")
# Others name theirs as they like: auto, us-east, es-mad-1, sjc3.
ANY_REGION = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
# With its immutable form: owner@123/name@456.
REPOSITORY = re.compile(r"[A-Za-z0-9-]+(@\d+)?/[A-Za-z0-9._-]+(@\d+)?")
CDN_ID = re.compile(r"[A-Za-z0-9]+")

SERVER = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._:-]*[A-Za-z0-9])?")
USER = re.compile(r"[a-z_][a-z0-9_-]{0,31}")
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

KEYS = {
    "domain": str,
    "server": str,
    "server_user": str,
    "ssh_config": str,
    "admin_keys": list,
    "site": str,
    "static": str,
    "media": str,
    "redirects": list,
    "tls": str,
    "proxies": list,
    "sign_in_paths": list,
    "sign_in_tries": int,
    "acme": str,
    "email": str,
    "settings": str,
    "wsgi": str,
    "seed": str,
    "environment": dict,
    "provider": str,
    "endpoint": str,
    "cdn_id": str,
    "region": str,
    "bucket": str,
    "media_bucket": str,
    "price_class": str,
    "cdn_logs": str,
    "github": str,
    "keep": int,
    "allow": dict,
}
WORDS = {str: "text", list: "a list", dict: "`name: value` lines", int: "a number"}
TLS = ("letsencrypt", "none")
# https://letsencrypt.org/docs/acme-protocol-updates/ and https://letsencrypt.org/docs/staging-environment/
ACME = {
    "letsencrypt": "https://acme-v02.api.letsencrypt.org/directory",
    "staging": "https://acme-staging-v02.api.letsencrypt.org/directory",
}
# What the S3 endpoint of each provider looks like; Amazon's needs no naming.
ENDPOINTS = {
    # https://developers.cloudflare.com/r2/api/s3/api/
    "cloudflare": "https://<account ID>.r2.cloudflarestorage.com",
    # https://www.fastly.com/documentation/guides/platform/object-storage/working-with-object-storage/
    "fastly": "https://<region>.object.fastlystorage.app",
    # https://techdocs.akamai.com/cloud-computing/docs/object-storage
    "akamai": "https://<region>.linodeobjects.com",
    # https://docs.rackspacecloud.com/storage-object-store-s3-cli/
    "rackspace": "https://swift.api.<region>.rackspacecloud.com",
}
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/PriceClass.html
PRICE_CLASSES = ("PriceClass_All", "PriceClass_200", "PriceClass_100")
# Other servers refuse the checksums that boto3 adds by itself; django-storages' client knows no other way to be told.
# https://docs.aws.amazon.com/sdkref/latest/guide/feature-dataintegrity.html
NO_CHECKSUMS = {
    "AWS_REQUEST_CHECKSUM_CALCULATION": "when_required",
    "AWS_RESPONSE_CHECKSUM_VALIDATION": "when_required",
}
SIGN_IN_TRIES = 10
# A rollback finds its static files as long as a kept release names them.
KEEP = 5


@dataclass(frozen=True, slots=True)
class Site:
    """What site.yml says, every default filled in. URLs are origins: no path, no trailing slash."""

    path: Path
    domain: str
    site_url: str
    static_url: str
    media_url: str
    tls: str
    settings: str
    wsgi: str
    seed: str
    region: str
    # Static files and the manifests of releases; and uploads.
    bucket: str
    media_bucket: str
    # How the server is reached, and what only a server needs.
    server: str = ""
    server_user: str = "root"
    ssh_config: str = ""
    # SSH public keys; none leaves those that are on the server.
    admin_keys: tuple[str, ...] = ()
    redirects: tuple[str, ...] = ()
    # Networks that may name a visitor by X-Forwarded-For.
    proxies: tuple[str, ...] = ()
    # Paths that take a password, beside those that the build finds; and the wrong ones of an account in a minute.
    sign_in_paths: tuple[str, ...] = ()
    sign_in_tries: int = SIGN_IN_TRIES
    acme: str = ACME["letsencrypt"]
    email: str = ""
    extra: Mapping[str, str] = field(default_factory=dict)
    keep: int = KEEP
    # What the proof does not judge: path → reason.
    allow: Mapping[str, str] = field(default_factory=dict)
    # Which edges answer, and the bucket for their log, "" for none.
    price_class: str = PRICE_CLASSES[0]
    cdn_logs: str = ""
    # The repository whose main branch may deploy by OIDC, "" for none.
    github: str = ""
    # Who serves static and media, where its buckets are, and what it calls the thing before them.
    provider: str = stores.DEFAULT
    endpoint: str = ""
    cdn_id: str = ""

    @property
    def name(self) -> str:
        """The site's name where AWS or a log wants a plain word: ``example-com``."""
        return self.domain.replace(".", "-")

    @property
    def pushes(self) -> bool:
        """Whether the static files go to a bucket; else a CDN pulls them from the site itself."""
        return stores.STORES[self.provider].push

    @property
    def host(self) -> str:
        """The site's host name, without a port."""
        return urlsplit(self.site_url).hostname or ""

    @property
    def authority(self) -> str:
        """The same as a Host header has it, with the port where the URL has one."""
        return urlsplit(self.site_url).netloc

    def environment(self) -> dict[str, str]:
        """The variables that the build and the web process read; no secret is among them."""
        elsewhere = {} if self.provider == stores.DEFAULT else {stores.VARIABLE: self.provider}
        if self.endpoint:
            elsewhere |= {"AWS_ENDPOINT_URL_S3": self.endpoint, **NO_CHECKSUMS}
        return elsewhere | {
            "DJANGO_SETTINGS_MODULE": self.settings,
            "SITE_URL": self.site_url,
            "STATIC_URL": self.static_url + "/",
            "MEDIA_URL": self.media_url + "/",
            # The name that django-storages knows; the other is where collectstatic pushes to.
            "AWS_STORAGE_BUCKET_NAME": self.media_bucket,
            "SLIPWAY_STATIC_BUCKET": self.bucket,
            "AWS_DEFAULT_REGION": self.region,
            "SLIPWAY_SIGN_IN_TRIES": str(self.sign_in_tries),
        }


def load(path: str | os.PathLike[str] | None = None) -> Site:
    """The site that ``path`` describes; without one, that of ``$CONFIG`` or of ./site.yml.

    Raises SlipwayError, one line with the file, the key and the fix.
    """
    file = Path(path or os.environ.get("CONFIG") or DEFAULT_PATH)
    said = _read(file)
    domain = _match(file, said, "domain", HOST, "a domain like example.com")
    bucket = _match(file, said, "bucket", BUCKET, "a bucket name", domain.replace(".", "-"))

    provider = _provider(file, said)

    def url(key: str, host: str) -> str:
        return _origin(file, key, said.get(key, f"https://{host}"))

    site = Site(
        path=file,
        domain=domain,
        site_url=url("site", f"www.{domain}"),
        static_url=url("static", f"static.{domain}"),
        media_url=url("media", f"media.{domain}"),
        tls=said.get("tls", TLS[0]),
        settings=_match(file, said, "settings", MODULE, "a module", "project.settings"),
        wsgi=_match(file, said, "wsgi", MODULE, "a module", "project.wsgi"),
        seed=said.get("seed", ""),
        region=_region(file, said, provider),
        bucket=bucket,
        media_bucket=_match(file, said, "media_bucket", BUCKET, "a bucket name", f"{bucket}-media"),
        server=_match(file, said, "server", SERVER, "an address or a name that ssh knows", optional=True),
        server_user=_match(file, said, "server_user", USER, "a user name", "root"),
        ssh_config=_path(file, said, "ssh_config"),
        admin_keys=_admin_keys(file, said),
        redirects=_redirects(file, said, domain),
        proxies=_proxies(file, said),
        sign_in_paths=_sign_in_paths(file, said),
        sign_in_tries=_sign_in_tries(file, said),
        acme=_acme(file, said),
        email=_match(file, said, "email", EMAIL, "an address like you@example.com", optional=True),
        extra=_environment(file, said),
        keep=_keep(file, said),
        allow=_allow(file, said),
        price_class=said.get("price_class", PRICE_CLASSES[0]),
        github=_match(file, said, "github", REPOSITORY, "a repository like owner/name", optional=True),
        cdn_logs=_match(file, said, "cdn_logs", BUCKET, "a bucket name", optional=True),
        provider=provider,
        endpoint=_endpoint(file, said, provider),
        cdn_id=_match(file, said, "cdn_id", CDN_ID, "an identifier of letters and digits", optional=True),
    )
    if site.tls not in TLS:
        raise SlipwayError(f"{file}: tls: {site.tls!r} is not one of {', '.join(TLS)}")
    if site.price_class not in PRICE_CLASSES:
        raise SlipwayError(f"{file}: price_class: {site.price_class!r} is not one of {', '.join(PRICE_CLASSES)}")
    _check_hosts(site)
    if site.bucket == site.media_bucket:
        raise SlipwayError(f"{file}: media_bucket: {bucket} is the static files' bucket; uploads need one of their own")
    return site


def _read(file: Path) -> dict[str, Any]:
    try:
        said = yaml.safe_load(file.read_text())
    except FileNotFoundError:
        raise SlipwayError(f"{file}: no such file; name yours with CONFIG=path") from None
    except (OSError, UnicodeDecodeError) as error:
        raise SlipwayError(f"{file}: cannot be read: {error}") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f":{mark.line + 1}" if mark else ""
        raise SlipwayError(f"{file}{where}: not valid YAML") from None
    if not isinstance(said, dict):
        raise SlipwayError(f"{file}: expected `key: value` lines, like those of the site.yml shipped")
    for key, value in said.items():
        if key not in KEYS:
            near = difflib.get_close_matches(str(key), KEYS, 1)
            hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(KEYS)}"
            raise SlipwayError(f"{file}: {key}: unknown key; {hint}")
        if not isinstance(value, KEYS[key]) or isinstance(value, bool):
            raise SlipwayError(f"{file}: {key}: expected {WORDS[KEYS[key]]}, got {value!r}")
    return said


def _match(
    file: Path,
    said: Mapping[str, Any],
    key: str,
    form: re.Pattern,
    what: str,
    default: str = "",
    *,
    optional: bool = False,
) -> str:
    value = said.get(key, default)
    if not value and optional:
        return ""
    if not value:
        raise SlipwayError(f"{file}: {key}: missing; give {what}")
    if not form.fullmatch(value):
        raise SlipwayError(f"{file}: {key}: {value!r} is not {what}")
    return value


def _origin(file: Path, key: str, value: str, like: str = "") -> str:
    like = like or f"https://{key}.example.com"
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        raise SlipwayError(f"{file}: {key}: {value!r} is not a URL") from None
    clean = parts.scheme in ("http", "https") and HOST.fullmatch(parts.hostname or "")
    if not clean or parts.path not in ("", "/") or parts.query or parts.username or port == 0:
        raise SlipwayError(f"{file}: {key}: {value!r} is not an origin like {like}")
    return f"{parts.scheme}://{parts.netloc}"


def _provider(file: Path, said: Mapping[str, Any]) -> str:
    provider = said.get("provider", stores.DEFAULT)
    if provider not in stores.STORES:
        raise SlipwayError(f"{file}: provider: {provider!r} is not one of {', '.join(stores.STORES)}")
    return provider


def _region(file: Path, said: Mapping[str, Any], provider: str) -> str:
    if provider == "pull":
        # Of the uploads' bucket, if there is one.
        return _match(file, said, "region", ANY_REGION, "the region of the uploads' bucket", "us-east-1")
    if provider == "cloudflare":
        # https://developers.cloudflare.com/r2/api/s3/api/#bucket-region
        return _match(
            file, said, "region", re.compile("auto"), "R2's only region; write `auto`, or leave it out", "auto"
        )
    if provider in ENDPOINTS:
        return _match(file, said, "region", ANY_REGION, f"the region of {provider}'s buckets")
    return _match(file, said, "region", REGION, "an AWS region like eu-central-1")


def _endpoint(file: Path, said: Mapping[str, Any], provider: str) -> str:
    if said.get("endpoint"):
        return _origin(file, "endpoint", said["endpoint"], ENDPOINTS.get(provider, "https://s3.example.net"))
    if provider in ENDPOINTS:
        raise SlipwayError(f"{file}: endpoint: missing; give the S3 endpoint of {provider}: {ENDPOINTS[provider]}")
    return ""


def _path(file: Path, said: Mapping[str, Any], key: str) -> str:
    """The file that ``key`` names, relative to site.yml's own folder; "" without one."""
    if not said.get(key):
        return ""
    path = (file.parent / Path(said[key]).expanduser()).resolve()
    if not path.is_file():
        raise SlipwayError(f"{file}: {key}: {path}: no such file")
    return str(path)


def _admin_keys(file: Path, said: Mapping[str, Any]) -> tuple[str, ...]:
    """The keys of the list and of the files that it names, each once; none without the list."""
    if said.get("admin_keys") == []:
        raise SlipwayError(f"{file}: admin_keys: empty, and nobody could log in; give a public key, or leave it out")
    keys: list[str] = []
    for each in said.get("admin_keys", []):
        try:
            keys += public_keys.read(str(each), file.parent)
        except ValueError as error:
            raise SlipwayError(f"{file}: admin_keys: {error}") from None
    return tuple(dict.fromkeys(keys))


def _redirects(file: Path, said: Mapping[str, Any], domain: str) -> tuple[str, ...]:
    """The names that lead to the site: of www.example.com it is example.com, unless said otherwise."""
    host = urlsplit(said.get("site", f"https://www.{domain}")).hostname
    names = said.get("redirects", [domain] if host == f"www.{domain}" else [])
    for name in names:
        if not isinstance(name, str) or not HOST.fullmatch(name):
            raise SlipwayError(f"{file}: redirects: {name!r} is not a name like {domain}")
        if name == host:
            raise SlipwayError(f"{file}: redirects: {name} is the site itself; take it out")
    return tuple(names)


def _proxies(file: Path, said: Mapping[str, Any]) -> tuple[str, ...]:
    """The networks, as they are written in full: 203.0.113.7 is 203.0.113.7/32."""
    networks = []
    for each in said.get("proxies", []):
        try:
            # A number would be read as an address, and a zone means nothing to nginx.
            network = ipaddress.ip_network(each if isinstance(each, str) and "%" not in each else "")
        except ValueError:
            raise SlipwayError(
                f"{file}: proxies: {each!r} is not an address, nor a network like 10.0.0.0/8 or 2001:db8::/32"
            ) from None
        if not network.prefixlen:
            raise SlipwayError(f"{file}: proxies: {each} is everybody, whose word would be believed; name the proxy")
        networks.append(str(network))
    return tuple(networks)


def _sign_in_paths(file: Path, said: Mapping[str, Any]) -> tuple[str, ...]:
    paths = said.get("sign_in_paths", [])
    for path in paths:
        if not isinstance(path, str) or not re.fullmatch(r"/[^\s?#]+", path):
            raise SlipwayError(f"{file}: sign_in_paths: {path!r} is not a path of the site like /accounts/login/")
    return tuple(paths)


def _sign_in_tries(file: Path, said: Mapping[str, Any]) -> int:
    tries = said.get("sign_in_tries", SIGN_IN_TRIES)
    if not 1 <= tries <= 100:
        raise SlipwayError(f"{file}: sign_in_tries: {tries} wrong passwords a minute; give 1 to 100")
    return tries


def _acme(file: Path, said: Mapping[str, Any]) -> str:
    value = said.get("acme", "letsencrypt")
    url = ACME.get(value, value)
    if not url.startswith("https://"):
        raise SlipwayError(f"{file}: acme: {value!r} is not one of {', '.join(ACME)}, nor a directory's https:// URL")
    return url


def _environment(file: Path, said: Mapping[str, Any]) -> dict[str, str]:
    extra = said.get("environment", {})
    for name, value in extra.items():
        if not isinstance(name, str) or not VARIABLE.fullmatch(name):
            raise SlipwayError(f"{file}: environment: {name!r} is not a variable's name")
        if not isinstance(value, str) or "\n" in value:
            raise SlipwayError(f"{file}: environment: {name}: expected text on one line; put it in quotes")
    return extra


def _keep(file: Path, said: Mapping[str, Any]) -> int:
    keep = said.get("keep", KEEP)
    if keep < 2:
        raise SlipwayError(f"{file}: keep: {keep} leaves no release to go back to; give 2 or more")
    return keep


def _allow(file: Path, said: Mapping[str, Any]) -> dict[str, str]:
    allowed = said.get("allow", {})
    for path, reason in allowed.items():
        if not isinstance(path, str) or not re.fullmatch(r"/[^\s=?#]+", path):
            raise SlipwayError(f"{file}: allow: {path!r} is not a path of the site like /admin/sprite/")
        if not isinstance(reason, str) or not reason.strip():
            raise SlipwayError(f"{file}: allow: {path}: missing; give the reason, which the report repeats")
    return allowed


def _check_hosts(site: Site) -> None:
    hosts = {
        key: urlsplit(url).hostname
        for key, url in (
            ("site", site.site_url),
            ("static", site.static_url),
            ("media", site.media_url),
        )
    }
    for key, other in (("static", "site"), ("media", "site"), ("media", "static")):
        if hosts[key] == hosts[other]:
            raise SlipwayError(
                f"{site.path}: {key}: {hosts[key]} is the {other} host too; "
                f"{key} needs a host of its own, like {key}.{site.domain}"
            )
