"""What site.yml says, every default filled in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from slipway.tool.config import modules
from slipway.web import stores, switch
from slipway.web.settings import dangerous

TLS = ("letsencrypt", "none")
# https://letsencrypt.org/docs/acme-protocol-updates/ and https://letsencrypt.org/docs/staging-environment/
ACME = {
    "letsencrypt": "https://acme-v02.api.letsencrypt.org/directory",
    "staging": "https://acme-staging-v02.api.letsencrypt.org/directory",
}
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/PriceClass.html
PRICE_CLASSES = ("PriceClass_All", "PriceClass_200", "PriceClass_100")
# django-storages' client knows no other way to be told.
CHECKSUMS = {f"AWS_{name.upper()}": value for name, value in stores.CHECKSUMS.items()}
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
    # The SSH public key that may only run the steps of a deploy, "" for none.
    ci_key: str = ""
    # Debian packages that the server has beside its own.
    packages: tuple[str, ...] = ()
    # Gunicorn's worker processes; 0 leaves them to the memory budget.
    workers: int = 0
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
    # Settings that may weaken the site: name → reason.
    waive: Mapping[str, str] = field(default_factory=dict)
    # Which edges answer, and the bucket for their log, "" for none.
    price_class: str = PRICE_CLASSES[0]
    cdn_logs: str = ""
    # The repository whose environment `production` may deploy by OIDC, "" for none.
    github: str = ""
    # Who serves static and media, where its buckets are, and what it calls the thing before them.
    provider: str = stores.DEFAULT
    endpoint: str = ""
    cdn_id: str = ""
    # The modules that site.yml names, "" where it leaves them to be found.
    named_settings: str = ""
    named_wsgi: str = ""

    @property
    def name(self) -> str:
        """The site's name where AWS or a log wants a plain word: ``example-com``."""
        return self.domain.replace(".", "-")

    @property
    def project(self) -> Path:
        """The folder with the site's code: project/ of this checkout, or the one beside its site.yml."""
        return modules.project_folder(self.path)

    @property
    def settings(self) -> str:
        """The settings module of a deploy. Raises SlipwayError where none, or more than one, is found."""
        return modules.find_settings(self.path, self.named_settings)

    @property
    def development_settings(self) -> str:
        """The settings module of `make dev`: another one where the project has a package of them."""
        return modules.for_development(self.path, self.settings)

    @property
    def wsgi(self) -> str:
        """The module that holds ``application``. Raises SlipwayError where there is none."""
        return modules.find_wsgi(self.path, self.named_wsgi, self.settings)

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
            elsewhere |= {"AWS_ENDPOINT_URL_S3": self.endpoint, **CHECKSUMS}
        if self.waive:
            elsewhere |= {dangerous.WAIVED: ",".join(self.waive)}
        return elsewhere | {
            switch.VARIABLE: switch.PRODUCTION,
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
