"""Opens the vaulted secrets in $EDITOR, and seals them again."""

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
    # Our line, rather than Ansible's, on a file that cannot be opened.
    decrypt(site)
    vault = [sys.executable, "-m", "ansible", "vault", "edit", "--vault-password-file", str(password_file_of(site))]
    status = subprocess.run([*vault, str(path_of(site))], check=False).returncode
    if status:
        return status
    held = Secrets.load(site)
    for section in SECTIONS:
        print(f"{section}: {', '.join(getattr(held, section)) or 'none'}")
    return 0
