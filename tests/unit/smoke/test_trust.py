"""Chromium trusts every authority in the file of --ca."""

import re
import subprocess

from rehearsal.authority import Authority
from static_smoke.browser.chromium import _trust


def test_each_certificate_of_the_file_is_trusted_to_sign_for_sites(tmp_path):
    authorities = [Authority(tmp_path / name).certificate.read_text() for name in ("one", "two")]
    bundle = tmp_path / "bundle.pem"
    bundle.write_text("".join(f"# a comment\n{text}" for text in authorities))
    _trust(bundle, tmp_path / "home")
    database = f"sql:{tmp_path / 'home' / '.pki' / 'nssdb'}"
    trusted = _certutil("-L", "-d", database)
    assert [line.split()[-1] for line in trusted.splitlines() if line.startswith("smoke-")] == ["C,,", "C,,"]
    held = "".join(_certutil("-L", "-a", "-n", f"smoke-{n}", "-d", database) for n in range(2))
    found = {"".join(body.split()) for body in re.findall(r"-----BEGIN CERTIFICATE-----(.*?)-----END", held, re.S)}
    assert found == {"".join(text.split("\n")[1:-2]) for text in authorities}


def _certutil(*arguments):
    return subprocess.run(["certutil", *arguments], capture_output=True, text=True, check=True).stdout
