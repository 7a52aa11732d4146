"""The sheet for paper: all that opens the backups, and how they are restored with it and the bucket alone.

Nothing on it depends on the server, on its generation or on this machine. Whoever restores needs an S3 key of their own
too: AWS makes another one any time, and no other passphrase.
"""

import os
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

from slipway.tool.backups.repository import repository
from slipway.tool.cdn.iam_policies import DATABASE_PREFIX, DUMPS_PREFIX
from slipway.tool.config import Site
from slipway.tool.secrets import PASSPHRASE, Secrets, password_file_of
from slipway.tool.server.layout import LAYOUT
from slipway.web.errors import SlipwayError

SHEET = """\
The backups of {site}, {today}
Whoever has this sheet and a key of the bucket can read all of the site's data. Keep it where you keep contracts:
not beside the server, not on this machine, not in a photo.

  passphrase of the backups       {passphrase}
  password of {file:<19} {password}
  bucket                          {bucket}
  S3 endpoint                     {endpoint}
  region                          {region}

You need a key of your own that may read the bucket: your account's administrator makes one.
In the bucket, {database} has a folder for each server in turn: the highest number with a backup is the newest.
{dumps} has the dumps of a database elsewhere.

1. With the site's repository, {file} in it included:
     write the password of {file} into {password_file}, then chmod 600 it
     make backups
     make deploy RESTORE=latest
2. With the repository, and without {file}:
     make init
     make secrets        # {name} below backup: this passphrase in place of the new one
     make cdn
     make deploy RESTORE=latest
3. With neither, on any Debian with the backup's version of PostgreSQL (apt-get install pgbackrest):
     /etc/pgbackrest.conf, chmod 600, owned by postgres; the number of the newest folder for 0001:
{settings}
     systemctl stop postgresql@VERSION-main
     sudo -u postgres pgbackrest --stanza=site info
     sudo -u postgres pgbackrest --stanza=site --delta --archive-mode=off restore
     systemctl start postgresql@VERSION-main
   A dump, into an empty database:
     openssl enc -d -aes-256-cbc -pbkdf2 -iter 200000 -in DUMP | zstd -d | pg_restore --no-owner -d DATABASE
"""
SETTINGS = """\
[global]
repo1-type=s3
repo1-path=/{database}0001
repo1-s3-bucket={bucket}
repo1-s3-endpoint={host}
repo1-s3-region={region}
repo1-s3-uri-style={style}
repo1-storage-port={port}
repo1-s3-key=…
repo1-s3-key-secret=…
repo1-cipher-type=aes-256-cbc
repo1-cipher-pass={passphrase}
[site]
pg1-path={data}/VERSION/main"""


def sheet(site: Site, secrets: Secrets, today: date) -> str:
    """The text of it. Raises SlipwayError where the site has no backups."""
    if not site.backup_bucket:
        raise SlipwayError(f"{site.path}: backup_bucket: none, so there is nothing to open")
    to = repository(site, secrets)
    if to["kind"] == "none":
        raise SlipwayError(f"nothing is backed up yet: {secrets.path.name} has no keys of the backups; run `make cdn`")
    opens = {**to, "passphrase": secrets.backup[PASSPHRASE], "database": DATABASE_PREFIX}
    settings = SETTINGS.format(**opens, data=LAYOUT.postgresql_data)
    return SHEET.format(
        **opens,
        site=urlsplit(site.site_url).netloc,
        today=today.isoformat(),
        dumps=DUMPS_PREFIX,
        name=PASSPHRASE,
        file=secrets.path.name,
        password=_password(site),
        password_file=_home(str(password_file_of(site))),
        endpoint=f"https://{to['host']}:{to['port']}",
        settings="\n".join(f"       {line}" for line in settings.splitlines()),
    )


def _password(site: Site) -> str:
    """The vault's password, or the program that prints it."""
    file = password_file_of(site)
    if os.access(file, os.X_OK):
        return f"printed by {_home(str(file))}; note where that has it from"
    return file.read_text().strip()


def _home(path: str) -> str:
    home = str(Path.home())
    return path.replace(home, "~", 1) if path.startswith(f"{home}/") else path
