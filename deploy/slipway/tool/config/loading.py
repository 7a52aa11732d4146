"""Fills in a Site from site.yml."""

import os
from pathlib import Path

from slipway import ROOT
from slipway.tool.config import alarms, background, backups, hooks, hosts, others, project, role_variables, server
from slipway.tool.config import provider as providers
from slipway.tool.config.forms import BUCKET, CDN_ID, EMAIL, HOST, MODULE, REPOSITORY, SERVER, USER
from slipway.tool.config.site import PRICE_CLASSES, TLS, Site
from slipway.tool.config.values import Values
from slipway.web import stores

DEFAULT_PATH = ROOT / "site.yml"


def load(path: str | os.PathLike[str] | None = None) -> Site:
    """The site of the file ``path``; by default of ``$CONFIG`` or of ./site.yml.

    Raises SlipwayError, one line with the file, the key and the fix; also where a second site has what another one has.
    """
    site = read(Path(path or os.environ.get("CONFIG") or DEFAULT_PATH))
    # A second file that is begun does not stop the commands of the first. A draft of `make init` is checked by it.
    if site.path.resolve() != DEFAULT_PATH.resolve() and not site.path.name.startswith("."):
        others.check(site, read)
    return site


def read(path: Path) -> Site:
    """The site of the file ``path``, whatever other files describe. Raises SlipwayError."""
    values = Values.read(path)
    domain = values.text("domain", HOST, "a domain like example.com")
    bucket = values.text("bucket", BUCKET, "a bucket name", domain.replace(".", "-"))
    provider = values.choice("provider", list(stores.STORES), stores.DEFAULT)
    cdn = providers.cdn(values, provider)
    admins = server.admin_keys(values)
    site = Site(
        path=values.file,
        domain=domain,
        site_url=values.origin("site", f"https://www.{domain}"),
        static_url=providers.static_url(values, domain, cdn),
        media_url=providers.media_url(values, domain, cdn),
        tls=values.choice("tls", TLS, TLS[0]),
        seed=values.get("seed", ""),
        region=providers.region(values, provider),
        bucket=bucket,
        media_bucket=values.text("media_bucket", BUCKET, "a bucket name", f"{bucket}-media"),
        server=values.text("server", SERVER, "an address or a name that ssh knows", optional=True),
        server_user=values.text("server_user", USER, "a user name", "root"),
        ssh_config=values.path("ssh_config"),
        admin_keys=admins,
        ci_key=server.ci_key(values, admins),
        packages=server.packages(values),
        schedule=background.schedule(values),
        workers=background.workers(values),
        gunicorn_workers=server.gunicorn_workers(values),
        gunicorn_threads=server.gunicorn_threads(values),
        reboot=server.reboot(values),
        memory=server.memory(values),
        timeout=server.timeout(values),
        max_body_mb=server.max_body_mb(values),
        vars=role_variables.named(values),
        aliases=hosts.aliases(values, domain),
        redirects=hosts.redirects(values, domain),
        proxies=hosts.proxies(values),
        sign_in_paths=project.sign_in_paths(values),
        sign_in_tries=project.sign_in_tries(values),
        acme=server.acme(values),
        email=values.text("email", EMAIL, "an address like you@example.com", optional=True),
        alarms=alarms.alarms(values, domain),
        extra=project.environment(values),
        build=project.build(values),
        hooks=hooks.commands(values),
        hook_seconds=hooks.seconds(values),
        ship=project.ship(values),
        keep=project.keep(values),
        backup_bucket=backups.bucket(values, bucket),
        keep_backups=backups.keep(values),
        paths=project.paths(values),
        allow=project.allow(values),
        waive=project.waive(values),
        price_class=values.choice("price_class", PRICE_CLASSES, PRICE_CLASSES[0]),
        cdn_logs=values.text("cdn_logs", BUCKET, "a bucket name", optional=True),
        github=values.text("github", REPOSITORY, "a repository like owner/name", optional=True),
        provider=provider,
        endpoint=providers.endpoint(values, provider),
        addressing=providers.addressing(values, provider),
        cdn=cdn,
        cdn_id=values.text("cdn_id", CDN_ID, "an identifier of letters and digits", optional=True),
        named_settings=values.text("settings", MODULE, "a module like mysite.settings", optional=True),
        named_wsgi=values.text("wsgi", MODULE, "a module like mysite.wsgi", optional=True),
    )
    hosts.check_distinct(values, site)
    if site.bucket == site.media_bucket:
        raise values.error("media_bucket", f"{bucket} is the static files' bucket; uploads need one of their own")
    backups.check_private(values, site)
    return site
