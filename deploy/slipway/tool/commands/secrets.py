"""`make secrets`: opens the vaulted secrets in $EDITOR, and encrypts them again."""

import argparse
import subprocess
import sys

from slipway.tool import config
from slipway.tool.secrets import SECTIONS, Secrets, decrypt, password_file_of, path_of

help = "open the vaulted secrets in $EDITOR"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    pass


def run(options: argparse.Namespace) -> int:
    site = config.load()
    # Slipway's error, rather than Ansible's, for a file that cannot be opened.
    decrypt(site)
    vault = [sys.executable, "-m", "ansible", "vault", "edit", "--vault-password-file", str(password_file_of(site))]
    status = subprocess.run([*vault, str(path_of(site))], check=False).returncode
    if status:
        return status
    loaded = Secrets.load(site)
    for section in SECTIONS:
        print(f"{section}: {', '.join(getattr(loaded, section)) or 'none'}")
    return 0
