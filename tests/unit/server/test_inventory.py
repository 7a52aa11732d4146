"""Ansible's variables, and what changes the fingerprint."""

import json
import shutil

import pytest

from slipway.tool import VERSION, budget, config
from slipway.tool.secrets import Secrets
from slipway.tool.server import inventory, state

BACKUP = {
    "AWS_ACCESS_KEY_ID": "backup",
    "AWS_SECRET_ACCESS_KEY": "canary-secret",
    "BACKUP_PASSPHRASE": "canary-secret-of-backups",
}
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl anna"


@pytest.fixture
def written(site, tmp_path, monkeypatch):
    """Writes the inventory for site.yml with ``more`` at its end."""
    monkeypatch.setattr(state, "directory", lambda site: tmp_path)

    def write(more="", memory=469, paths=(), backup=None, **web):
        site.path.write_text(f"domain: example.com\nregion: eu-central-1\nserver: 203.0.113.7\n{more}")
        web = {"SECRET_KEY": "canary-secret", **web}
        secrets = Secrets(tmp_path / "s", tmp_path / "p", web, {}, {}, backup=backup or {})
        return inventory.write(config.load(site.path), secrets, budget.plan(memory, 1), paths)

    return write


def variables(described):
    return json.loads(described.path.read_text(), object_hook=lambda found: found.get("__ansible_unsafe", found))[
        "all"
    ]["vars"]


def test_every_group_is_the_one_host(written):
    children = json.loads(written().path.read_text())["all"]["children"]
    assert children == {group: {"hosts": {"example-com": None}} for group in ("web", "db", "lb")}


def test_it_describes_the_site_and_the_budget(written):
    said = variables(written())
    assert said["slipway_site_host"] == "www.example.com"
    assert said["slipway_redirect_hosts"] == ["example.com"]
    assert said["slipway_budget"]["postgresql_shared_buffers"] == "64MB"
    assert said["slipway_environment"]["DATABASE_URL"] == "postgres:///slipway"
    assert said["slipway_budget"]["gunicorn_workers"] == 2
    assert "WEB_CONCURRENCY" not in said["slipway_environment"]


def test_the_page_that_shows_whether_the_site_works_is_the_first_of_its_paths(written):
    assert variables(written())["slipway_page"] == ""
    assert variables(written("paths: [/shop/, /de/]\n"))["slipway_page"] == "/shop/"


def test_no_variable_of_it_overrules_a_roles_default(written):
    """Ansible prefers the inventory's to a role's, and who changes a default would wonder."""
    names = [name for name in variables(written()) if not name.startswith(("slipway_", "ansible_"))]
    assert names == []


def test_but_for_those_that_site_yml_names(written):
    said = variables(written("vars: {base_log_mb: 8, base_journal_disk: 200M}\n"))
    assert (said["base_log_mb"], said["base_journal_disk"]) == (8, "200M")


def test_the_version_is_written_on_the_server(written):
    assert variables(written())["slipway_version"] == VERSION


def test_paths_that_take_a_password_are_those_found_and_those_named(written):
    said = variables(written("sign_in_paths: [/graph.ql/, /*/token]\n", paths=[r"/login/\Z"]))
    assert said["slipway_sign_in_found"] == [r"/login/\Z"]
    assert said["slipway_sign_in_named"] == [r"/graph\.ql/\Z", r"/[\s\S]*/token\Z"]


def test_a_database_elsewhere_means_none_here(written):
    said = variables(written(DATABASE_URL="postgres://u:canary-secret@db.example.com/x"))
    assert said["slipway_database_local"] is False
    assert "DATABASE_URL" not in said["slipway_environment"]


def test_no_secret_is_written(written):
    assert "canary-secret" not in written(EMAIL_URL="smtp://canary-secret", backup=BACKUP).path.read_text()


def test_the_same_description_has_the_same_fingerprint(written):
    assert written().fingerprint == written().fingerprint


def test_a_changed_key_of_the_backups_changes_the_fingerprint(written):
    other = BACKUP | {"AWS_SECRET_ACCESS_KEY": "another"}
    assert written(backup=BACKUP).fingerprint != written(backup=other).fingerprint


@pytest.mark.parametrize(
    "change",
    [
        {"more": "environment: {A: b}\n"},
        {"more": "acme: staging\n"},
        {"more": "redirects: []\n"},
        {"more": f"admin_keys: [{KEY}]\n"},
        {"more": f"ci_key: {KEY}\n"},
        {"more": "proxies: [10.0.0.0/8]\n"},
        {"more": "sign_in_paths: [/graphql/]\n"},
        {"more": "sign_in_tries: 5\n"},
        {"more": "packages: [gettext]\n"},
        {"more": "timeout: 90\n"},
        {"more": "max_body_mb: 5\n"},
        {"more": "aliases: [shop.example.com]\n"},
        {"more": "vars: {base_log_mb: 8}\n"},
        {"paths": ["/login/"]},
        {"memory": 1000},
        {"EMAIL_URL": "smtp://other"},
        {"backup": BACKUP},
        {"backup": BACKUP, "more": "keep_backups: 5\n"},
    ],
)
def test_whatever_decides_the_host_changes_the_fingerprint(change, written):
    assert written().fingerprint != written(**change).fingerprint


def test_another_checkout_of_the_same_has_the_same_fingerprint(written, tmp_path, monkeypatch):
    """As CI's is; else each of its deploys would ask for the playbook."""
    before = written().fingerprint
    for top in inventory.SOURCES:
        shutil.copytree(state.ROOT / top, tmp_path / top)
        (tmp_path / top / ".left.swp").write_text("of an editor")
        (tmp_path / top / ".cache" / "a").mkdir(parents=True)
        (tmp_path / top / ".cache" / "a" / "b").write_text("of a tool")
    monkeypatch.setattr(state, "ROOT", tmp_path)
    assert written().fingerprint == before


def test_so_does_the_playbook_itself(written, tmp_path, monkeypatch):
    before = written().fingerprint
    for top in inventory.SOURCES:
        (tmp_path / top).mkdir()
    (tmp_path / "nginx" / "nginx.conf.j2").write_text("other")
    monkeypatch.setattr(state, "ROOT", tmp_path)
    assert written().fingerprint != before


def test_a_command_reaches_its_unit_as_it_stands_whatever_systemd_would_make_of_it(written):
    command = r"""send '$HOME' 'a\b 100%' 'c "d"'"""
    said = variables(written(f"schedule:\n  digest:\n    when: daily\n    command: >-\n      {command}\n"))
    (job,) = said["slipway_jobs"]
    assert job["start"] == r'"python" "manage.py" "send" "$$HOME" "a\\b 100%%" "c \"d\""'
    assert (job["when"], job["limit"], job["resume"]) == ("daily UTC", 60, True)
    assert said["slipway_workers"] == []
