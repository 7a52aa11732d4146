"""The configuration of site.yml, every default filled in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from slipway.tool.config import modules
from slipway.tool.config.alarms import Alarms
from slipway.tool.config.background import Job, Worker
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
# The environment variables are the only way to configure django-storages' client.
CHECKSUMS = {f"AWS_{name.upper()}": value for name, value in stores.CHECKSUMS.items()}
SIGN_IN_TRIES = 10
# As nginx's own default.
TIMEOUT = 60
# Enough for a form; photos go from the browser to the bucket.
MAX_BODY_MB = 1
# Ten minutes: a test suite, or a message to a slow receiver.
HOOK_SECONDS = 600
# A rollback finds its static files as long as its release is kept.
KEEP = 5
# Weekly: four of them reach back three to four weeks.
KEEP_BACKUPS = 4
# UTC: night in Europe, evening in America.
REBOOT = "04:30"


@dataclass(frozen=True, slots=True)
class Site:
    """The configuration of site.yml, every default filled in. URLs are origins: no path, no trailing slash."""

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
    # SSH public keys; without any, those on the server stay.
    admin_keys: tuple[str, ...] = ()
    # The SSH public key that may only run the steps of a deploy, "" for none.
    ci_key: str = ""
    # Debian packages that the server has beside its own.
    packages: tuple[str, ...] = ()
    # Jobs by the calendar, and processes that run beside the web process.
    schedule: tuple[Job, ...] = ()
    workers: tuple[Worker, ...] = ()
    # Gunicorn's worker processes; 0 leaves them to the memory budget.
    gunicorn_workers: int = 0
    # Threads of each worker; 0 leaves them to the budget too.
    gunicorn_threads: int = 0
    # When the server may reboot for an upgrade; "never": a person does it.
    reboot: str = REBOOT
    # MB of services in place of the memory budget's.
    memory: Mapping[str, int] = field(default_factory=dict)
    # Seconds of a request.
    timeout: int = TIMEOUT
    # The largest body of a request.
    max_body_mb: int = MAX_BODY_MB
    # Variables of the roles in ansible/, in place of their defaults.
    vars: Mapping[str, Any] = field(default_factory=dict)
    # Further host names that answer as the site does; and those that redirect to it.
    aliases: tuple[str, ...] = ()
    redirects: tuple[str, ...] = ()
    # Trusted proxies: networks whose X-Forwarded-For names the visitor.
    proxies: tuple[str, ...] = ()
    # Paths that take a password, beside those that the build finds; and an account's wrong passwords in a minute.
    sign_in_paths: tuple[str, ...] = ()
    sign_in_tries: int = SIGN_IN_TRIES
    acme: str = ACME["letsencrypt"]
    email: str = ""
    # Who is told when something is wrong on the server.
    alarms: Alarms = field(default_factory=Alarms)
    extra: Mapping[str, str] = field(default_factory=dict)
    # The shell command that builds the front end, "" for none; it runs in project/.
    build: str = ""
    # Step of a deploy → the shell command that runs there, in the folder of site.yml; and the limit of each.
    hooks: Mapping[str, str] = field(default_factory=dict)
    hook_seconds: int = HOOK_SECONDS
    # Files of project/ that a release leaves out by itself: paths of the checkout, * is any text.
    ship: tuple[str, ...] = ()
    keep: int = KEEP
    # The bucket of the database's backups, "" for none; and the full, weekly ones that stay in it.
    backup_bucket: str = ""
    keep_backups: int = KEEP_BACKUPS
    # Pages for the proof to start from, beside the front page.
    paths: tuple[str, ...] = ()
    # Exceptions from the proof: path → reason.
    allow: Mapping[str, str] = field(default_factory=dict)
    # Settings that may weaken the site: name → reason.
    waive: Mapping[str, str] = field(default_factory=dict)
    # CloudFront's price class, and the bucket for its logs, "" for none.
    price_class: str = PRICE_CLASSES[0]
    cdn_logs: str = ""
    # The repository whose environment `production` may deploy by OIDC, "" for none.
    github: str = ""
    # The provider of CDN and buckets, its S3 endpoint, and its identifier of the CDN service.
    provider: str = stores.DEFAULT
    endpoint: str = ""
    cdn_id: str = ""
    # Of any S3 server: "path" or "virtual", "" where the provider decides it; and "none" where there is no CDN.
    addressing: str = ""
    cdn: str = "own"
    # The modules that site.yml names, "" where they are found in project/.
    named_settings: str = ""
    named_wsgi: str = ""

    @property
    def name(self) -> str:
        """The site's name for AWS resources and logs: ``example-com``."""
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
        """The settings module of `make dev`; a separate one if the project has a package of them."""
        return modules.for_development(self.path, self.settings)

    @property
    def wsgi(self) -> str:
        """The module with ``application``. Raises SlipwayError where there is none."""
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
    def hosts(self) -> tuple[str, ...]:
        """Every host name of the server: the site's own, its aliases, and those that redirect to it."""
        return (self.host, *self.aliases, *self.redirects)

    @property
    def origins(self) -> tuple[str, ...]:
        """The URLs that pages of the site have: that of the site, and those of its aliases."""
        return (self.site_url, *(self.site_url.replace(self.host, each, 1) for each in self.aliases))

    @property
    def readers(self) -> tuple[str, ...]:
        """The origins that may read files of the CDN's hosts by CORS: an answer can name one, or any."""
        return ("*",) if self.aliases else (self.site_url,)

    @property
    def authority(self) -> str:
        """The value of the Host header: the host, with the port where the URL has one."""
        return urlsplit(self.site_url).netloc

    def environment(self) -> dict[str, str]:
        """The environment variables of the build and the web process, without secrets."""
        elsewhere = {} if self.provider == stores.DEFAULT else {stores.VARIABLE: self.provider}
        if self.endpoint:
            elsewhere |= {"AWS_ENDPOINT_URL_S3": self.endpoint, **CHECKSUMS}
        if self.addressing:
            elsewhere |= {stores.ADDRESSING: self.addressing}
        if self.aliases:
            elsewhere |= {"SLIPWAY_ALIASES": ",".join(self.origins[1:])}
        if self.waive:
            elsewhere |= {dangerous.WAIVED: ",".join(self.waive)}
        return elsewhere | {
            switch.VARIABLE: switch.PRODUCTION,
            "DJANGO_SETTINGS_MODULE": self.settings,
            "SITE_URL": self.site_url,
            "STATIC_URL": self.static_url + "/",
            "MEDIA_URL": self.media_url + "/",
            # django-storages' name for the uploads' bucket; the other is where collectstatic pushes to.
            "AWS_STORAGE_BUCKET_NAME": self.media_bucket,
            "SLIPWAY_STATIC_BUCKET": self.bucket,
            "AWS_DEFAULT_REGION": self.region,
            "SLIPWAY_SIGN_IN_TRIES": str(self.sign_in_tries),
            "SLIPWAY_TIMEOUT": str(self.timeout),
        }
