"""The phases of a deploy that depend on the provider; the rehearsal tests the server's."""

import argparse
import json
import subprocess
import sys
from types import SimpleNamespace

import pytest

from slipway.tool import VERSION, config, edge
from slipway.tool.commands import deploy
from slipway.tool.server import stale
from slipway.tool.server.layout import LAYOUT, changes
from slipway.web.errors import SlipwayError

ICON = "https://static.example.com/favicon.ico"


HEAVY = ("django.http", "django.db", "pip._vendor", "slipway.tool.cdn.cloudfront")
LAST = ("send", "migrate", "check")


class Recorder:
    """Stands for the builder and the server: ``calls`` lists what was asked of them, in order."""

    environment: dict[str, str] = {}  # noqa: RUF012
    restricted = False
    objects = "objects.json"

    def __init__(self):
        self.calls = []

    def start_checks(self, *, allow_unsafe):
        self.calls.append("begin checks")

    def start(self):
        self.calls.append("begin")

    def checks(self, applied):
        self.calls.append("checks")
        return deploy.Checked()

    def build_front_end(self):
        self.calls.append("front end")

    def push(self):
        self.calls.append("push")

    def pack(self):
        self.calls.append("pack")
        return SimpleNamespace(id="1", objects="objects.json", sign_in_paths=("/login/",))

    def replaced(self):
        return [ICON]

    def put_manifest(self, release):
        self.calls.append("record")

    def agent(self, command, *_):
        self.calls.append(command)
        return '{"removed": [], "left": ["1"]}' if command == "prune" else "[]"


def test_a_deploy_begins_before_it_has_loaded_what_it_may_not_need():
    code = (
        "import sys; import slipway.tool.commands.deploy; "
        f"print([name for name in sys.modules if name.startswith({HEAVY!r})])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=config.ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.fixture
def phases(described, monkeypatch):
    """Plays all phases before the switch and the last one; gives the calls."""

    def play(provider, built=False, verify=None, **settings):
        recorder = Recorder()
        noted = lambda url, objects: recorder.calls.append("verify") or 1  # noqa: E731
        monkeypatch.setattr(edge, "verify", verify or noted)
        monkeypatch.setattr(
            stale.providers, "purge", lambda site, keys, urls: recorder.calls.append("purge") or ["done"]
        )
        monkeypatch.setattr(deploy, "send", lambda *_: recorder.calls.append("send") or 0)
        monkeypatch.setattr(
            deploy.Deploy, "_prune_bucket", lambda self, client, left: recorder.calls.append(f"prune bucket {left}")
        )
        monkeypatch.setattr(deploy.inventory, "write", lambda *those: recorder.calls.append(f"describe {those[3]}"))
        secrets = SimpleNamespace(cdn={}, deployer={}, pruner={})
        options = argparse.Namespace(allow_unsafe=False, built=built)
        playing = deploy.Deploy(described(provider, **settings), secrets, options)
        playing.builder = playing.connection = recorder
        playing.host = SimpleNamespace(current="")
        playing.prepare(playing.build())
        playing.prune()
        return recorder.calls

    return play


def test_what_is_pushed_is_purged_where_it_replaces_verified_recorded_and_pruned(phases, capsys):
    calls = phases("fastly")
    before, after = calls[: calls.index("send")], calls[calls.index("send") :]
    # One beside the other, in either order.
    assert set(before[5:7]) == {"pack", "verify"} and set(after[2:4]) == {"check", "record"}
    assert set(after[4:6]) == {"status", "prune"}
    assert before == ["begin checks", "begin", "checks", "push", "purge", *before[5:7], "describe ('/login/',)"]
    assert after == ["send", "migrate", *after[2:6], "prune bucket ['1']"]
    assert "    done\n" in capsys.readouterr().out


def test_what_the_cdn_does_not_serve_ends_it_before_the_server_is_changed(phases, monkeypatch):
    def missing(url, objects):
        raise SlipwayError("the CDN does not serve what was pushed")

    described = []
    monkeypatch.setattr(deploy.Deploy, "prepare", lambda *_: described.append("sent"))
    with pytest.raises(SlipwayError, match=r"^the CDN does not serve"):
        phases("fastly", verify=missing)
    assert not described


def test_a_front_end_is_built_after_the_checks_unless_it_has_been_built(phases, capsys):
    assert phases("pull", build="npm run build")[:5] == ["begin checks", "checks", "front end", "begin", "push"]
    assert "▸ Build the front end: npm run build\n" in capsys.readouterr().out
    assert "front end" not in phases("pull", build="npm run build", built=True)


def test_with_pull_neither_bucket_nor_cdn_is_used_before_it_is_live(phases):
    *calls, first, second = phases("pull")
    assert calls == ["begin checks", "begin", "checks", "push", "pack", "describe ('/login/',)", *LAST]
    assert {first, second} == {"prune", "status"}


@pytest.fixture
def look(described, monkeypatch):
    """Looks at a server that has a release, for a site with these settings; ``restricted``: by the key of CI."""

    def look(
        restricted=False,
        fingerprint="f00",
        drifted=(),
        check=False,
        provision=False,
        source=None,
        restore="",
        began=lambda allow_unsafe: None,
        **settings,
    ):
        found = SimpleNamespace(sign_in_paths=("/login/",), fingerprint=fingerprint, drifted=drifted)
        for module, name, result in (
            (deploy, "reach", SimpleNamespace(addresses=set, restricted=restricted)),
            (deploy.facts, "gather", found),
            (deploy.preflight, "check", SimpleNamespace(lines=list)),
            (
                deploy,
                "Builder",
                SimpleNamespace(start_checks=lambda *, allow_unsafe: began(allow_unsafe), start=lambda: None),
            ),
            (deploy.bare_server, "choose", source),
        ):
            monkeypatch.setattr(module, name, lambda *_, result=result, **__: result)
        monkeypatch.setattr(
            deploy.inventory, "write", lambda *those: SimpleNamespace(paths=those[3], fingerprint="f00")
        )
        site = described("cloudfront", **settings)
        options = argparse.Namespace(
            take_over=False,
            check=check,
            provision=provision,
            built=False,
            restore=restore,
            as_of="",
            allow_unsafe=False,
        )
        looking = deploy.Deploy(site, SimpleNamespace(web={}, alarms={}), options)
        looking.preflight()
        return looking

    return look


def test_a_front_end_s_program_that_is_missing_ends_it_before_the_server_is_reached(look, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(deploy.lockout, "check", lambda *_: pytest.fail("too late"))
    with pytest.raises(SlipwayError, match=r"^build: npm is not installed here"):
        look(build="npm ci")


def test_a_check_restores_nothing(look, monkeypatch):
    monkeypatch.setattr(deploy.lockout, "check", lambda *_: pytest.fail("too late"))
    with pytest.raises(SlipwayError, match=r"^CHECK=1 changes nothing, and RESTORE= restores"):
        look(check=True, restore="latest")


def test_the_key_of_ci_restores_nothing(look):
    with pytest.raises(SlipwayError, match="the key of CI may not restore a database"):
        look(restricted=True, source="generation 0001")


@pytest.fixture
def restoring(described, monkeypatch):
    """Runs a method of a deploy whose server has ``tables`` now, and had none before; what its agent was told."""

    def restoring(method, *, source="generation 0001", tables=0, current="", restored=False, error=""):
        told = []

        def agent(*words):
            told.append(words)
            if error:
                raise SlipwayError(error)
            return "done"

        found = SimpleNamespace(tables=tables)
        before = SimpleNamespace(tables=0, current=current, restored=restored)
        site = described("cloudfront", server="203.0.113.7")
        monkeypatch.setattr(deploy.facts, "gather", lambda *_: found)
        monkeypatch.setattr(
            deploy.bare_server, "restore", lambda site, secrets, connection, source: connection.agent("restore")
        )
        it = deploy.Deploy(site, None, None, connection=SimpleNamespace(agent=agent), host=before, source=source)
        getattr(it, method)()
        return told

    return restoring


@pytest.mark.parametrize("tables", [1, None])
def test_a_database_that_got_rows_meanwhile_is_left_alone(tables, restoring):
    with pytest.raises(SlipwayError, match="not empty any more, or does not answer; nothing was restored"):
        restoring("restore", tables=tables)
    assert restoring("restore") == [("restore",)]
    assert restoring("restore", source=None, tables=tables) == []


def test_a_restored_server_has_its_first_backup_before_the_deploy_ends(restoring):
    assert restoring("back_up") == [("backup", "full")]
    # An earlier run of this deploy has restored it.
    assert restoring("back_up", source=None, restored=True) == [("backup", "full")]
    assert restoring("back_up", source=None) == restoring("back_up", current="1") == []
    with pytest.raises(SlipwayError, match="the site is live, and its first backup failed: away; `make backup`"):
        restoring("back_up", error="away")


def test_before_a_build_the_paths_that_take_a_password_are_those_of_the_last_release(look):
    assert look().wanted.paths == ("/login/",)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"fingerprint": ""}, "the host is new"),
        ({"fingerprint": "f01"}, "the description changed"),
        ({"drifted": ("/etc/nginx/nginx.conf",)}, "/etc/nginx/nginx.conf drifted"),
        ({"provision": True}, "PROVISION=1"),
        ({"check": True}, "CHECK=1 runs it"),
    ],
)
def test_what_needs_the_playbook_is_not_begun_with_the_key_of_ci(changes, reason, look, monkeypatch):
    look(**changes)
    # Of a builder, what checks the settings alone may be begun.
    with pytest.raises(SlipwayError, match=r"run `make deploy` from a machine whose key is in admin_keys") as rejected:
        look(restricted=True, **changes)
    assert f"the playbook is needed ({reason})" in str(rejected.value) and "\n" not in str(rejected.value)


def test_what_does_not_need_it_is_begun(look):
    assert look(restricted=True).reasons() == []


def test_a_new_path_that_takes_a_password_stops_ci_before_anything_is_pushed(look, monkeypatch):
    looking = look(restricted=True)
    monkeypatch.setattr(deploy.inventory, "write", lambda *those: SimpleNamespace(fingerprint=f"for {those[3]}"))
    looking.builder = SimpleNamespace(
        start_checks=lambda **_: None,
        start=lambda: None,
        checks=lambda applied: deploy.Checked(),
        sign_in_paths=lambda: ["/sign-in/"],
        push=lambda: pytest.fail("something was pushed"),
    )
    looking.host.current = ""
    with pytest.raises(SlipwayError, match=r"needed \(the description changed\).*admin_keys"):
        looking.build()


def test_a_release_that_needs_the_playbook_after_all_is_not_sent_to_the_server(look, monkeypatch):
    """Its paths that take a password are known once it is built."""
    looking = look(restricted=True)
    looking.wanted = SimpleNamespace(fingerprint="f02")
    monkeypatch.setattr(deploy.playbook, "provision", lambda *_: pytest.fail("the playbook was run"))
    with pytest.raises(SlipwayError, match=r"needed \(the description changed\).*admin_keys"):
        looking.provision()


@pytest.mark.parametrize(
    ("settings", "told"),
    [({"tls": "none"}, True), ({"tls": "none", "proxies": ("10.0.0.0/8",)}, False), ({}, False)],
)
def test_the_deploy_warns_where_nginx_cannot_distinguish_visitors(settings, told, look, capsys):
    look(**settings)
    assert ("`proxies` in site.yml" in capsys.readouterr().out) == told


class Lost:
    """A lock that is gone: it is taken again, or somebody else has it."""

    def __init__(self, holder=""):
        self.holder, self.calls = holder, []

    def renew(self):
        self.calls.append("renew")
        if self.holder:
            raise SlipwayError(f"the deploy lock is held by {self.holder}")

    def check(self):
        raise SlipwayError("the deploy lock is gone")


@pytest.mark.parametrize(
    ("lost", "serving", "wanted"),
    [
        (Lost(), "2", r"^failed; rolled back to 1, which is live$"),
        (Lost(), "1", r"^failed; another deploy has switched meanwhile: 1 is live$"),
        (Lost("you@desk"), "2", r"^failed; 2 stays live, the rollback failed: the deploy lock is held by you@desk$"),
    ],
)
def test_a_failed_proof_rolls_back_if_the_lock_is_free_and_the_release_is_still_live(
    lost, serving, wanted, described, monkeypatch
):
    calls = []

    class Failing:
        def __init__(self, *_):
            pass

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def run(self):
            raise SlipwayError("failed")

    def agent(command, *_):
        calls.append(command)
        return f'[{{"id": "{serving}", "current": true}}, {{"id": "0", "current": false}}]'

    monkeypatch.setattr(deploy.run_proof, "Proof", Failing)
    playing = deploy.Deploy(described("cloudfront"), SimpleNamespace(), argparse.Namespace(no_smoke=False))
    playing.deploy_lock, playing.connection = lost, SimpleNamespace(agent=agent)
    playing.host = SimpleNamespace(maintenance=False, current="1")
    with pytest.raises(SlipwayError, match=wanted):
        playing.switch(SimpleNamespace(id="2"))
    assert lost.calls == ["renew"]
    assert ("rollback" in calls) == ("rolled back" in wanted)


def test_nothing_is_provisioned_once_the_lock_is_gone(described, monkeypatch):
    monkeypatch.setattr(deploy.playbook, "provision", lambda *_: pytest.fail("the playbook was run"))
    playing = deploy.Deploy(described("cloudfront"), SimpleNamespace(), argparse.Namespace(provision=True))
    playing.deploy_lock, playing.connection = Lost(), SimpleNamespace(restricted=False)
    with pytest.raises(SlipwayError, match="the deploy lock is gone"):
        playing.provision()


class Proving:
    """Replaces the proof; ``error`` is why it fails."""

    error = ""

    def __init__(self, *_):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def run(self):
        if self.error:
            raise SlipwayError(self.error) if isinstance(self.error, str) else self.error


@pytest.fixture
def switch(described, monkeypatch):
    """Switches to release 2 where ``current`` serves, and the proof ends so; what was asked, and raised."""

    def play(current, error="", *, no_smoke=False, maintenance=False):
        asked = []

        def agent(*arguments):
            asked.append(arguments)
            return '[{"id": "2", "current": true}]'

        monkeypatch.setattr(deploy.run_proof, "Proof", type("Proof", (Proving,), {"error": error}))
        switching = deploy.Deploy(described("cloudfront"), None, argparse.Namespace(no_smoke=no_smoke))
        switching.deploy_lock, switching.connection = SimpleNamespace(renew=lambda: None), SimpleNamespace(agent=agent)
        switching.host = SimpleNamespace(current=current, maintenance=maintenance)
        try:
            switching.switch(SimpleNamespace(id="2"))
        except (SlipwayError, KeyboardInterrupt) as error:
            return asked, str(error)
        return asked, ""

    return play


def test_a_release_whose_proof_fails_goes_back_to_the_one_that_served_in_one_line(switch):
    asked, message = switch("1", "the proof failed: 3 static requests reached the origin")
    assert asked == [("activate", "2"), ("releases",), ("rollback", "1")]
    assert message == "the proof failed: 3 static requests reached the origin; rolled back to 1, which is live"


def test_a_first_release_whose_proof_fails_serves_on_and_the_line_says_so(switch):
    asked, message = switch("", "the proof failed: it could not run")
    assert asked == [("activate", "2")]
    assert message.startswith("the proof failed: it could not run; there is no earlier release")


def test_an_interrupted_proof_goes_back_too(switch, capsys):
    assert switch("1", KeyboardInterrupt())[0][-1] == ("rollback", "1")
    assert "rolled back to 1, which is live" in capsys.readouterr().out


def test_nothing_goes_back_from_a_green_proof_nor_from_none(switch):
    assert switch("1") == ([("activate", "2")], "")
    assert switch("1", "would fail", no_smoke=True) == ([("activate", "2")], "")


def test_while_visitors_get_the_503_page_nothing_is_proved_and_the_release_stays(switch, capsys):
    assert switch("1", "would fail", maintenance=True) == ([("activate", "2")], "")
    assert "run `make smoke` after `make maintenance OFF=1`" in capsys.readouterr().out


@pytest.fixture
def check(described, monkeypatch):
    """Judges a host of this fingerprint on which these tasks would change something."""

    def ask(fingerprint, would, *drifted, layout=LAYOUT.version):
        def provision(*arguments):
            assert arguments[-1] == "--check"
            return would, config.ROOT / "provision.log"

        monkeypatch.setattr(deploy.playbook, "provision", provision)
        asking = deploy.Deploy(described("cloudfront"), SimpleNamespace(), argparse.Namespace(provision=False))
        asking.host = SimpleNamespace(fingerprint=fingerprint, drifted=drifted, layout=layout, version="0.9")
        asking.wanted = SimpleNamespace(fingerprint="abc")
        return asking.check()

    return ask


def test_a_check_names_what_the_playbook_would_change_and_says_so_by_its_status(check, capsys):
    assert check("abc", ["Write nginx's configuration"]) == 1
    assert "would change: Write nginx's configuration\n1 task would" in capsys.readouterr().out
    assert check("abc", [], "firewall") == 1
    assert "firewall drifted\n" in capsys.readouterr().out
    assert check("abc", []) == 0


def test_changes_of_an_earlier_layout_are_printed_before_the_playbook(check, monkeypatch, capsys):
    check("abc", [], layout=1)
    printed = capsys.readouterr().out
    assert f"from Slipway 0.9 (layout 1) to {VERSION} (layout {LAYOUT.version})" in printed
    assert [line[6:] for line in printed.splitlines() if line.startswith("    - ")] == changes(1)
    check("abc", [])
    assert "layout" not in capsys.readouterr().out
    # What is told comes first: a playbook that fails has been told of.
    monkeypatch.setattr(deploy.playbook, "provision", lambda *_: pytest.fail("played"))
    playing = deploy.Deploy(None, None, argparse.Namespace(provision=True))
    playing.connection = SimpleNamespace(restricted=False)
    playing.host = SimpleNamespace(fingerprint="abc", drifted=(), layout=0, version="")
    with pytest.raises(pytest.fail.Exception):
        playing.provision()
    assert "from Slipway an earlier version (layout 0)" in capsys.readouterr().out


def test_a_check_of_a_bare_host_is_rejected(check):
    with pytest.raises(SlipwayError, match="`make deploy`"):
        check("", [])


def test_keys_that_lock_out_are_rejected_before_the_server_is_reached(described, monkeypatch):
    def reject(site):
        raise SlipwayError("admin_keys: none of them is yours")

    monkeypatch.setattr(deploy.lockout, "check", reject)
    monkeypatch.setattr(deploy, "reach", lambda *_, **__: pytest.fail("the server was asked"))
    with pytest.raises(SlipwayError, match="none of them is yours"):
        options = argparse.Namespace(take_over=False, check=False, restore="", as_of="")
        deploy.Deploy(described("cloudfront"), None, options).preflight()


@pytest.fixture
def whole(described, monkeypatch):
    """Runs a deploy whose phases are noted and do nothing; ``status`` is what the server says of itself at the end."""

    def run(status, fingerprint="abc"):
        played = []

        def agent(command):
            assert command == "status"
            if isinstance(status, SlipwayError):
                raise status
            return json.dumps({"problems": status})

        def preflight(self):
            self.host = SimpleNamespace(fingerprint=fingerprint, current="")
            self.connection = SimpleNamespace(agent=agent)

        def take_lock(self, stack):
            played.append("lock")
            self.deploy_lock = stack

        site = described("cloudfront")
        monkeypatch.setattr(deploy.config, "load", lambda: site)
        monkeypatch.setattr(deploy.Secrets, "load", lambda site: None)
        monkeypatch.setattr(deploy.Deploy, "preflight", preflight)
        monkeypatch.setattr(deploy.Deploy, "take_lock", take_lock)
        monkeypatch.setattr(deploy.Deploy, "build", lambda self: played.append("build") or SimpleNamespace(id="1"))
        monkeypatch.setattr(deploy.Deploy, "reasons", lambda self: [] if fingerprint else ["the host is new"])
        for name in ("provision", "restore", "prepare", "switch", "prune", "back_up"):
            monkeypatch.setattr(deploy.Deploy, name, lambda self, *_, name=name: played.append(name))
        monkeypatch.setattr(deploy.Deploy, "summary", lambda self, release, seconds: f"{release.id} is live")
        assert deploy.run(argparse.Namespace(check=False)) == 0
        return played

    return run


@pytest.mark.parametrize(
    ("status", "warned"),
    [
        ([], []),
        (["/ is 93 % full", "a reboot is due"], ["/ is 93 % full", "a reboot is due"]),
        (SlipwayError("the SSH connection broke off"), ["`make status` has no answer: the SSH connection broke off"]),
    ],
)
def test_what_is_wrong_on_the_server_is_repeated_after_all_else(status, warned, whole, capsys):
    assert whole(status) == ["lock", "build", "restore", "prepare", "switch", "prune", "back_up"]
    printed = capsys.readouterr().out.splitlines()
    assert printed[-1 - len(warned) :] == ["1 is live", *(f"  warning   {each}" for each in warned)]


def test_the_memory_that_is_left_is_in_the_same_answer(described):
    playing = deploy.Deploy(described("cloudfront"), SimpleNamespace(), argparse.Namespace())
    told = {"problems": [], "memory": {"available": 365, "total": 469, "swap": 0}}
    playing.connection = SimpleNamespace(agent=lambda command: json.dumps(told))
    assert playing.state() == ["memory    365 MB of 469 available"]


def test_how_the_server_is_was_asked_beside_the_prune_and_again_after_a_backup(described, monkeypatch):
    asked = []

    def agent(command, *_):
        asked.append(command)
        return json.dumps({"removed": [], "left": [], "problems": [f"look {asked.count('status')}"]})

    playing = deploy.Deploy(described("pull"), SimpleNamespace(), argparse.Namespace())
    playing.connection = SimpleNamespace(agent=agent)
    playing.prune()
    assert playing.state() == ["warning   look 1"] and asked.count("status") == 1
    playing.host, playing.source = SimpleNamespace(current="", restored=True), None
    playing.back_up()
    assert playing.state() == ["warning   look 2"]


def test_a_bare_server_is_locked_as_soon_as_it_can_be_and_restored_under_the_lock(whole):
    assert whole([], fingerprint="")[:4] == ["build", "provision", "lock", "restore"]


def test_a_build_finds_unsafe_migrations_by_what_the_server_has_applied(look, monkeypatch):
    looking = look()
    looking.host.current, looking.options.allow_unsafe = "1", True
    looking.connection.agent = lambda command: command
    asked = []
    looking.builder = SimpleNamespace(
        start_checks=lambda *, allow_unsafe: asked.append(allow_unsafe),
        start=lambda: None,
        checks=lambda applied: asked.append(applied) or deploy.Checked(unsafe=True),
        push=lambda: None,
        pack=lambda: SimpleNamespace(sign_in_paths=(), objects={}),
        replaced=list,
        objects=None,
    )
    monkeypatch.setattr(edge, "verify", lambda *_: 0)
    monkeypatch.setattr(stale, "purge", lambda *_: [])
    monkeypatch.setattr(deploy.providers, "keys", lambda _: None)
    looking.build()
    assert (asked, looking.checked.unsafe) == ([True, "applied"], True)


def test_a_manifest_that_is_not_written_ends_it_before_the_switch(phases, monkeypatch):
    def rejected(*_):
        raise SlipwayError("the bucket is away")

    monkeypatch.setattr(Recorder, "put_manifest", rejected)
    with pytest.raises(SlipwayError, match="the bucket is away"):
        phases("fastly")


def test_a_database_that_has_every_migration_is_not_migrated(monkeypatch, capsys):
    steps = []
    monkeypatch.setattr(deploy, "send", lambda *_: 0.0)
    playing = deploy.Deploy(SimpleNamespace(pushes=False), None, argparse.Namespace())
    playing.connection = SimpleNamespace(agent=lambda *words: steps.append(words[0]))
    for migrated in (True, False):
        playing.checked = deploy.Checked(migrated=migrated)
        playing.prepare(SimpleNamespace(id="20261201T030000Z-0123abcd"))
    assert steps == ["check", "migrate", "check"]
    assert "nothing to migrate: the database has every migration" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("kind", "asked", "told"),
    [
        ("wal", True, "to come back: `make rollback`, then `make restore TO=2026-12-01T03:04:05Z`"),
        ("dump", True, "a dump: "),
        ("missing", False, "warning: unsafe migrations, and the database is not backed up"),
    ],
)
def test_unsafe_migrations_come_after_a_backup_and_the_way_back_is_told(kind, asked, told, monkeypatch, capsys):
    steps = []

    def agent(*words):
        steps.append(words)
        return {"wal": "a full backup: x; restore point y at 2026-12-01T03:04:05Z"}.get(kind, "a dump: x")

    monkeypatch.setattr(deploy.repository, "state_of", lambda site, secrets: kind)
    monkeypatch.setattr(deploy, "send", lambda *_: 0.0)
    playing = deploy.Deploy(
        SimpleNamespace(pushes=False), None, argparse.Namespace(), checked=deploy.Checked(unsafe=True)
    )
    playing.connection = SimpleNamespace(agent=agent)
    playing.prepare(SimpleNamespace(id="20261201T030000Z-0123abcd"))
    backup = ("backup", "diff", "--point", "before-20261201T030000Z-0123abcd")
    assert [words[0] for words in steps] == [*(["backup"] if asked else []), "migrate", "check"]
    assert not asked or steps[0] == backup
    printed = capsys.readouterr().out
    assert told in printed
    # A dump is no point in time to restore to.
    assert ("to come back: " in printed) == (kind == "wal")


@pytest.mark.parametrize(
    ("settings", "check", "begun"),
    [
        ({}, False, True),
        # It may write what the settings read.
        ({"hooks": {"before_build": "make settings"}}, False, False),
        ({}, True, False),
    ],
)
def test_settings_are_checked_while_the_server_is_asked_unless_a_hook_comes_first(settings, check, begun, look):
    seen = []
    look(check=check, began=seen.append, **settings)
    assert seen == [False] * begun
