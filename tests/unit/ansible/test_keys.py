"""Who may log in: roles/base/tasks/keys.yml run on folders of the test, with a login that depends on the keys."""

import getpass
import json
import os

import pytest

from slipway.tool.server.playbook import MITOGEN

MINE, OTHER, OLD = (f"ssh-ed25519 AAAA{name} {name}" for name in ("mine", "other", "old"))
# Name → the keys before, those of site.yml, those of the first user, and what must lie there afterwards.
CASES = {
    "a bare host takes the first user's": ([], [], [MINE, OLD], [MINE, OLD]),
    "what was taken out since does not come back": ([MINE], [], [MINE, OLD], [MINE]),
    "site.yml decides, and a key that it does not name is gone": ([MINE, OLD], [MINE, OTHER], [], [MINE, OTHER]),
    "keys that lock out are taken back": ([MINE, OLD], [OTHER], [], [MINE, OLD]),
}


@pytest.fixture(scope="module")
def played(ansible, tmp_path_factory):
    """Each case's keys afterwards and what was rejected; all in one run, since Ansible's start is what takes time.

    As a deploy runs it: one Python for all modules."""
    top = tmp_path_factory.mktemp("keys")
    playing = top / "playing"
    # Whoever logs in is root, if the key is there.
    (top / "bin").mkdir()
    (top / "bin" / "id").write_text(f"#!/bin/sh\ngrep -q '{MINE}' {playing}/.ssh/authorized_keys && echo 0\n")
    (top / "bin" / "id").chmod(0o755)
    tasks, folders = [], {}
    for number, (name, (before, named, first, _)) in enumerate(CASES.items()):
        folders[name] = folder = top / str(number)
        for of, lines in (("", before), ("first", first)):
            (folder / of / ".ssh").mkdir(parents=True, exist_ok=True)
            (folder / of / ".ssh" / "authorized_keys").write_text("".join(f"{line}\n" for line in lines))
        variables = {
            "layout": {"admin_user": getpass.getuser()},
            "slipway_admin_keys": named,
            # Its home is asked of the shell, as ~name.
            "slipway_first_user": f"/{'../' * 20}{folder}/first",
            "base__keys_file": f"{folder}/.ssh/authorized_keys",
            "base__plain_ssh": "ansible.builtin.local",
        }
        if not before:
            (folder / ".ssh" / "authorized_keys").unlink()
        play = {"ansible.builtin.include_role": {"name": "base", "tasks_from": "keys"}, "vars": variables}
        rejected = {"content": "{{ ansible_failed_result.msg }}", "dest": f"{folder}/rejected"}
        tasks.append({"ansible.builtin.raw": f"ln -sfn {folder} {playing}"})
        tasks.append({"block": [play], "rescue": [{"ansible.builtin.copy": rejected}]})
    playbook = top / "keys.yml"
    playbook.write_text(json.dumps([{"hosts": "localhost", "connection": "local", "tasks": tasks}]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{top / 'bin'}:{os.environ['PATH']}")
        ansible("ansible-playbook", "--inventory", "localhost,", playbook, **MITOGEN)
    return {
        name: (_read(folder / ".ssh" / "authorized_keys"), _read(folder / "rejected"))
        for name, folder in folders.items()
    }


def _read(path):
    return path.read_text().splitlines() if path.exists() else []


@pytest.mark.parametrize("case", CASES)
def test_the_keys_are_those_that_are_meant(case, played):
    assert played[case][0] == CASES[case][-1]


def test_only_what_locks_out_is_rejected_and_the_line_says_who_can_log_in(played):
    rejected = {name: said for name, (_, said) in played.items() if said}
    assert list(rejected) == ["keys that lock out are taken back"]
    assert "cannot log in from here with admin_keys of site.yml; the earlier keys still work" in str(rejected)
