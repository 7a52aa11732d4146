"""What goes from one server to the other, and the wall's session: shells stand for both servers."""

import subprocess
from types import SimpleNamespace

import pytest

from slipway.tool.move import transfer
from slipway.tool.move.copy import Copy
from slipway.tool.move.session import Session
from slipway.tool.move.wall import Wall
from slipway.web.errors import SlipwayError


def server(name, token=""):
    return SimpleNamespace(
        site=SimpleNamespace(server=name), token=token, command=lambda line, alone=False: ["sh", "-c", line]
    )


OLD, NEW = server("old"), server("new")


def test_the_output_of_one_server_is_the_input_of_the_other():
    assert transfer.stream(OLD, "head -c 3000000 /dev/zero", NEW, "wc -c") == "3000000"


@pytest.mark.parametrize(
    ("line", "into", "error"),
    [
        ("echo begun; echo slipway: no database >&2; exit 1", "cat", "old: no database"),
        ("yes", "head -c 9; echo pg_restore: disk full >&2; exit 1", "new: pg_restore: disk full"),
        ("exit 3", "echo incomplete >&2; exit 1", "new: incomplete"),
    ],
)
def test_a_side_that_fails_is_named_with_its_last_line(line, into, error):
    with pytest.raises(SlipwayError, match=f"^{error}$"):
        transfer.stream(OLD, line, NEW, into)


def test_the_certificate_and_the_account_arrive_with_their_modes_and_touch_no_disk_here(tmp_path, monkeypatch):
    calls = []
    monkeypatch.setattr(transfer, "stream", lambda *those: calls.append(those[1::2]))
    transfer.certificate(SimpleNamespace(connection=OLD), SimpleNamespace(connection=NEW))
    ((sends, receives),) = calls
    source, target = tmp_path / "source", tmp_path / "target"
    for name in ("etc/letsencrypt/accounts/key.json", "etc/slipway/tls/key.pem", "etc/slipway/site.env"):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(name)
        (source / name).chmod(0o600)
    target.mkdir()
    sent = subprocess.run(["sh", "-c", sends.replace("-C /", f"-C {source}")], capture_output=True, check=True)
    subprocess.run(["sh", "-c", receives.replace("-C /", f"-C {target}")], input=sent.stdout, check=True)
    arrived = {str(path.relative_to(target)): path.stat().st_mode & 0o777 for path in target.rglob("*.*")}
    assert arrived == {"etc/letsencrypt/accounts/key.json": 0o600, "etc/slipway/tls/key.pem": 0o600}


def test_site_yml_gets_the_new_server_and_nothing_else_changes():
    text = "domain: a.test\n# server: old\nserver: old # comment\nserver_user: root\n"
    assert transfer.put_server(text, "2001:db8::1") == (
        'domain: a.test\n# server: old\nserver: "2001:db8::1"\nserver_user: root\n'
    )


@pytest.fixture
def wall(tmp_path, monkeypatch):
    """A wall whose old server is this script."""
    (tmp_path / "slipway").write_text("")

    def start(script):
        (tmp_path / "slipway").write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / "slipway").chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
        return Wall(SimpleNamespace(connection=server("old", "f00d")), "203.0.113.9", 30, "dump")

    return start


def test_the_wall_shows_the_lock_says_what_was_written_last_and_forwards_when_told(wall, tmp_path):
    script = f'echo "$SLIPWAY_LOCK $*" > {tmp_path}/asked; echo closed; read word; echo "$word"ed'
    with wall(script) as standing:
        assert (tmp_path / "asked").read_text() == "f00d move wall 203.0.113.9 30 dump\n" and standing.last == ""
        standing.forward()


def test_an_old_server_that_cannot_be_closed_says_why(wall):
    with (
        pytest.raises(SlipwayError, match=r"^it cannot be stopped; the old server serves again$"),
        wall("echo 'slipway: it cannot be stopped; the old server serves again' >&2; exit 1"),
    ):
        pass


def test_a_word_that_comes_too_late_is_an_error(wall):
    script = "echo closed; echo 'slipway: not within 30 s; the old server serves again' >&2; exit 1"
    with pytest.raises(SlipwayError, match=r"^not within 30 s; the old server serves again$"), wall(script) as standing:
        standing._session._process.wait()
        standing.forward()


def test_leaving_without_the_word_lets_the_old_server_go_back_and_shows_what_it_says(wall, capsys):
    script = "echo closed; read word || echo 'slipway: the old server serves again' >&2; exit 1"
    with pytest.raises(ValueError, match="disk full"), wall(script):
        raise ValueError("disk full")
    assert capsys.readouterr().out == "    the old server serves again\n"


def test_the_wall_tells_the_copy_where_the_old_database_ends(wall, tmp_path):
    told = '{"at": "0/5000028"}'
    with wall(f"echo 'closed {told}'; read word; echo \"$word\"ed") as standing:
        (tmp_path / "slipway").write_text("#!/bin/sh\necho following\nwhile read word; do echo $word; done\n")
        old = SimpleNamespace(
            plan={"generation": "0001", "timeline": 2},
            connection=SimpleNamespace(agent=lambda *words: {("move", "mark"): "0/4000000"}[words]),
        )
        with Copy(old, SimpleNamespace(connection=server("new"))) as copy:
            asked = []
            ask, copy._session.ask = copy._session.ask, lambda line: asked.append(ask(line))
            copy.reach()
            copy.finish(standing.last)
        assert asked == ["reach 0/4000000", f"finish {told}"]
        standing.forward()


def test_a_session_prints_progress_as_it_comes_and_keeps_its_error(capsys, tmp_path, monkeypatch):
    (tmp_path / "slipway").write_text(
        "#!/bin/sh\necho 'progress: fetching, 5 s: 30 %' >&2\necho 'slipway: no WAL' >&2\nexit 1\n"
    )
    (tmp_path / "slipway").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    with pytest.raises(SlipwayError, match=r"^no WAL$"):
        Session(server("new", "f00d"), "move", "follow", "0001", "1").start()
    assert capsys.readouterr().out == "    fetching, 5 s: 30 %\n"
