"""The user and the environment that a browser is started with."""

import os
import stat
import subprocess
from pathlib import Path

import pytest

from static_smoke.browser import chromium, confinement
from static_smoke.browser.confinement import Way, ways


def test_an_ordinary_user_is_never_without_the_sandbox(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert ways() == [Way(sandbox=True, user=None, warning="")]


def test_root_starts_it_as_nobody_first_and_warns_of_all_else(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(confinement.shutil, "which", lambda name: f"/usr/bin/{name}")
    found = [(way.sandbox, way.user and way.user.pw_name, bool(way.warning)) for way in ways()]
    assert found == [(True, "nobody", False), (False, "nobody", True), (False, None, True)]


@pytest.mark.parametrize("missing", ["user", "setpriv"])
def test_where_nobody_cannot_be_the_report_says_so(monkeypatch, missing):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    if missing == "user":
        monkeypatch.setattr(confinement, "USER", "no-such-user")
    else:
        monkeypatch.setattr(confinement.shutil, "which", lambda name: None)
    (way,) = ways()
    assert way.warning.format(reason="why") == "Chromium ran as root without its sandbox: why"


@pytest.fixture
def nobody(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(confinement.shutil, "which", lambda name: f"/usr/bin/{name}")
    return ways()[0]


def test_another_users_browser_gets_no_secrets(monkeypatch, tmp_path, nobody):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hush")
    monkeypatch.setenv("LANG", "C.UTF-8")
    told = nobody.environment(tmp_path, at_home=False)
    assert {"HOME", "TMPDIR", "PATH", "LANG"} <= told.keys() <= {*confinement._KEPT, "HOME", "TMPDIR"}
    assert told["HOME"] == str(tmp_path)


def test_an_ordinary_users_browser_has_its_usual_home_unless_it_must_trust_more(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", "/home/ada")
    assert Way().environment(tmp_path, at_home=False)["HOME"] == "/home/ada"
    assert Way().environment(tmp_path, at_home=True)["HOME"] == str(tmp_path)


def test_the_script_changes_the_user_and_passes_every_argument(monkeypatch, tmp_path, nobody):
    """With stand-ins for chown and setpriv, so that any user can run it."""
    for name in ("chown", "setpriv"):
        stand_in = tmp_path / name
        stand_in.write_text(f'#!/bin/sh\nprintf "{name}"; printf " <%s>" "$@"; echo\n')
        stand_in.chmod(0o755)
    program = nobody.program("/opt/my browser", tmp_path)
    env = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    done = subprocess.run(
        [program, "--a b", "--user-data-dir=/p q"], env=env, capture_output=True, text=True, check=True
    )
    uid, gid = nobody.user.pw_uid, nobody.user.pw_gid
    assert done.stdout.splitlines() == [
        f"chown <-R> <{uid}:{gid}> </p q>",
        f"setpriv <--reuid={uid}> <--regid={gid}> <--clear-groups> <--> "
        "</opt/my browser> <--a b> <--user-data-dir=/p q>",
    ]
    assert stat.S_IMODE(Path(program).stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ("BrowserType.launch: closed\n[FATAL] No usable sandbox! If you …", "it gets no user namespaces here"),
        ("BrowserType.launch: Permission denied\nmore", "BrowserType.launch: Permission denied"),
        ("", "it did not start"),
    ],
)
def test_why_it_did_not_start_is_one_line(error, said):
    assert confinement.reason(error) == said


def test_a_net_log_that_is_a_symlink_is_not_followed(tmp_path):
    secret, log, kept = tmp_path / "secret", tmp_path / "net.json", tmp_path / "kept.json"
    secret.write_text("hush")
    log.symlink_to(secret)
    chromium._copy_log(log, kept)
    assert not kept.exists()
    log.unlink()
    log.write_text("{}")
    chromium._copy_log(log, kept)
    assert kept.read_text() == "{}"
