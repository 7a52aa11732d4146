"""`make rotate SECRET=…`: gives a live site another secret, while it serves. Without SECRET it lists them."""

import argparse
import time
from contextlib import ExitStack

from slipway.tool import config
from slipway.tool.cdn import identities
from slipway.tool.rotation import access_key, by_hand, database_password, secret_key, vault_password
from slipway.tool.rotation.server import Server
from slipway.tool.secrets import AWS_PAIR, Secrets, password_file_of, path_of
from slipway.web import stores
from slipway.web.errors import SlipwayError

help = "give a live site another secret: its key, a password, an AWS key"
interrupted = "interrupted; the same command goes on, or begins anew, and the site serves meanwhile"
VAULT = "vault"
NAMES = (secret_key.KEY, database_password.URL, *identities.NAMES, VAULT)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("secret", nargs="?", default="", metavar="SECRET", help=", ".join(NAMES))
    parser.add_argument("--end", action="store_true", help=f"of {secret_key.KEY}: accept the keys of before no longer")


def run(options: argparse.Namespace) -> int:
    began = time.monotonic()
    site = config.load()
    _require(site, options)
    if options.secret == VAULT:
        left = vault_password.rotate(site)
    elif not options.secret:
        return _list(site, Secrets.load(site))
    else:
        with ExitStack() as stack:
            left = _rotate(site, Secrets.load(site), options, stack)
    print(f"\n{'ended' if options.end else 'rotated'} after {time.monotonic() - began:.0f} s: {options.secret}")
    for line in left or ():
        print(f"  {line}")
    if options.secret != VAULT:
        print(f"  commit {path_of(site).name}, if you keep it in git: an older one would bring the old value back")
    return 0


def _require(site: config.Site, options: argparse.Namespace) -> None:
    name = options.secret
    if options.end and name != secret_key.KEY:
        raise SlipwayError(f"END=1 goes with SECRET={secret_key.KEY} alone: of no other secret is an old one accepted")
    if name and name not in NAMES:
        known = by_hand.why(name) or f"unknown; one of {', '.join(NAMES)}"
        raise SlipwayError(f"SECRET={name}: {known}")
    if name in identities.NAMES and site.provider != stores.DEFAULT:
        raise SlipwayError(f"SECRET={name}: {site.provider} gives out its keys itself; {by_hand.PROVIDER}")
    if name == "deployer" and site.github:
        raise SlipwayError(f"SECRET={name}: there is no key: jobs at GitHub sign in by a role (`github` in site.yml)")
    if name in ("backup", "restorer") and not site.backup_bucket:
        raise SlipwayError(f"SECRET={name}: there is no such key: site.yml has no backups (backup_bucket: none)")


def _rotate(site: config.Site, secrets: Secrets, options: argparse.Namespace, stack: ExitStack) -> list[str] | None:
    """What is left to do, if anything."""
    if options.secret in identities.NAMES:
        concerned = options.secret in access_key.ON_SERVER and site.server
        return access_key.rotate(site, secrets, options.secret, Server(site, stack) if concerned else None)
    server = Server(site, stack)
    if options.secret == database_password.URL:
        return database_password.rotate(site, secrets, server)
    return (secret_key.end if options.end else secret_key.rotate)(site, secrets, server)


def _list(site: config.Site, secrets: Secrets) -> int:
    print("make rotate SECRET=…")
    rows = {secret_key.KEY: secret_key.state(secrets)}
    if database_password.URL in secrets.web:
        rows[database_password.URL] = "the password of the database's role, which changes there too"
    for name in identities.NAMES:
        if key := getattr(secrets, name).get(AWS_PAIR[0]):
            rows[name] = f"AWS key {key}"
    rows[VAULT] = f"the password in {password_file_of(site)}"
    for name, what in rows.items():
        print(f"  {name:<14}{what}")
    print(f"by hand: {', '.join(name for name in by_hand.present(secrets)) or 'none'}")
    return 0
