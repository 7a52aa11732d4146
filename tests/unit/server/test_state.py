"""Only its owner may read what the deploying machine stores of a site."""

import os
import stat
from types import SimpleNamespace

from slipway.tool import config
from slipway.tool.secrets import Secrets
from slipway.tool.server import packages, state, upload
from slipway.tool.server.run_proof import Proof


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_nobody_else_may_look_into_a_sites_folder(site, tmp_path, monkeypatch):
    monkeypatch.setattr(state, "ROOT", tmp_path)
    before = os.umask(0o022)
    try:
        folder = state.directory(site)
    finally:
        os.umask(before)
    assert mode(folder) == 0o700 and (folder / "log").is_dir()
    # An earlier version made it readable.
    folder.chmod(0o755)
    assert mode(state.directory(site)) == 0o700


def test_the_origins_log_is_for_its_owner_alone(site, tmp_path, monkeypatch):
    monkeypatch.setattr(state, "ROOT", tmp_path)
    log = state.directory(site) / "log" / "origin.log"
    log.touch(0o644)
    with Proof(site, Secrets(tmp_path, tmp_path, {}, {}, {}), SimpleNamespace(command=lambda *_, **__: ["true"]), None):
        assert mode(log) == 0o600


def test_two_sites_of_a_checkout_share_no_packages(tmp_path, monkeypatch):
    """A deploy deletes those of other lock files, and the other site's server may have another Python."""
    folders = []

    def pack(*arguments):
        folders.append(arguments[-1])
        (packed := tmp_path / "packages.tar.gz").touch()
        return packed

    monkeypatch.setattr(state, "ROOT", tmp_path)
    monkeypatch.setattr(packages, "pack", pack)
    (tmp_path / "release.tar.gz").touch()
    release = upload.ReleaseArchive("r", "s", tmp_path / "release.tar.gz", tmp_path, ())
    host = SimpleNamespace(python="3.11", glibc="2.36", machine="x86_64", venvs=())
    for name in ("mysite", "staging"):
        file = tmp_path / f"{name}.yml"
        file.write_text(f"domain: {name}.org\nregion: eu-central-1\n")
        upload.send(SimpleNamespace(agent=lambda *_, **__: ""), config.load(file), host, release)
    assert folders == [tmp_path / ".slipway" / name / "packages" for name in ("mysite-org", "staging-org")]
