"""`python -m slipway.tool COMMAND`: one module a command, one line when it fails."""

import re
import sys

import pytest

from slipway.tool import commands, config
from slipway.tool.__main__ import main

COMMAND = """
from slipway.web.errors import SlipwayError
help = "%s a thing"
def add_arguments(parser):
    parser.add_argument("thing")
def run(options):
    %s
"""


@pytest.fixture
def add(tmp_path, monkeypatch):
    """Writes a command that does ``body``, in place of the real ones."""
    monkeypatch.setattr(commands, "__path__", [str(tmp_path)])

    def write(name, body):
        (tmp_path / f"{name}.py").write_text(COMMAND % (name, body))

    yield write
    for path in tmp_path.glob("*.py"):
        sys.modules.pop(f"slipway.tool.commands.{path.stem}", None)
        vars(commands).pop(path.stem, None)


def test_the_command_gets_its_arguments_and_gives_the_status(add, capsys):
    add("lift_up", "print('lifted', options.thing); return 3")
    assert main(["lift-up", "anchor"]) == 3
    assert capsys.readouterr().out == "lifted anchor\n"


def test_what_a_person_must_know_is_one_line_on_stderr(add, capsys):
    add("lift", "raise SlipwayError('anchor: stuck; pull harder')")
    assert main(["lift", "anchor"]) == 1
    assert capsys.readouterr() == ("", "slipway: anchor: stuck; pull harder\n")


def test_a_mistake_of_ours_keeps_its_traceback(add):
    add("lift", "raise KeyError('bug')")
    with pytest.raises(KeyError):
        main(["lift", "anchor"])


def test_an_interrupted_command_ends_as_shells_expect_and_may_say_what_then(add, capsys):
    add("lift", "raise KeyboardInterrupt")
    assert main(["lift", "anchor"]) == 130
    assert capsys.readouterr().err == "slipway: interrupted\n"
    add("lower", "raise KeyboardInterrupt\ninterrupted = 'interrupted; run it again'")
    assert main(["lower", "anchor"]) == 130
    assert capsys.readouterr().err == "slipway: interrupted; run it again\n"


def test_a_command_may_end_by_itself(add):
    add("lift", "raise SystemExit(7)")
    with pytest.raises(SystemExit) as ended:
        main(["lift", "anchor"])
    assert ended.value.code == 7


def test_another_command_that_is_broken_stops_nothing(add):
    add("lift", "return 0")
    add("sink", "return )")
    assert main(["lift", "anchor"]) == 0


def test_help_lists_every_command_and_no_helper(add, capsys):
    add("lift", "return 0")
    add("lower", "return 0")
    add("_rope", "return 0")
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    output = capsys.readouterr().out
    assert "lift a thing" in output and "lower a thing" in output and "rope" not in output


@pytest.mark.parametrize("arguments", [[], ["fly"], ["lift"]])
def test_a_wrong_command_line_is_a_usage_error(add, arguments, capsys):
    add("lift", "return 0")
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "usage: python -m slipway.tool" in capsys.readouterr().err


def test_no_command_of_make_is_taken_for_a_file_of_its_name():
    text = (config.ROOT / "Makefile").read_text()
    (phony,) = re.findall(r"^\.PHONY: (.+)$", text, re.MULTILINE)
    assert set(re.findall(r"^([a-z-]+):.* ## ", text, re.MULTILINE)) - set(phony.split()) == set()
