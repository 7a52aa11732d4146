"""The smallest set of lines that exclude each other, and uv's errors in one line."""

from pathlib import Path
from subprocess import CompletedProcess

import pytest

from slipway.tool.requirements import uv
from slipway.tool.requirements.clash import Unresolved, fewest
from slipway.tool.requirements.files import Line


def lines(*texts):
    return [Line(Path("some.in"), text) for text in texts]


def answer(core, output="no"):
    """uv, for which the lines of ``core`` exclude each other."""

    def ask(some):
        return CompletedProcess([], 1 if set(core) <= {line.text for line in some} else 0, stderr=output)

    return ask


@pytest.mark.parametrize("size", [1, 2, 3])
def test_the_fewest_are_found_wherever_they_stand(size):
    names = [f"package{number}" for number in range(11)]
    for start in range(len(names)):
        core = [names[(start + 4 * each) % len(names)] for each in range(size)]
        found, output = fewest(lines(*names), answer(core))
        assert sorted(line.text for line in found) == sorted(core)
        assert output == "no"


def test_a_clash_is_one_line_with_both_files():
    ours, theirs = Line(Path("web.in"), "boat>=10"), Line(Path("requirements.in"), "boat==9.0")
    asked = [*lines("oar", "--no-binary oar"), ours, theirs]
    done = CompletedProcess([], 1, stderr="")
    output = Unresolved(done, asked, answer(["boat>=10", "boat==9.0"])).explain()
    assert output == "web.in: boat>=10 and requirements.in: boat==9.0 exclude each other"


@pytest.mark.parametrize(
    ("output", "needs"),
    [
        ("cart==1 depends", "cart==1"),
        ("all versions of cart depend", "cart"),
        ("cart>=1rc1,<=1.4 depends", "cart>=1rc1,<=1.4"),
    ],
)
def test_what_requires_the_other_is_reported(output, needs):
    asked = lines("cart==1", "boat>=2")
    output = f"cause: Because {output} on boat<2 and you require boat>=2, we can conclude"
    clash = Unresolved(CompletedProcess([], 1, stderr=output), asked, answer(["cart==1", "boat>=2"], output))
    assert clash.explain() == f"some.in: cart==1 and some.in: boat>=2 exclude each other: {needs} needs boat<2"


NO_WHEEL = """\
error: No solution found when resolving dependencies
  cause: Because boat==1.0 has no usable wheels and you require boat==1.0, we can conclude that your requirements are
         unsatisfiable.

hint: Wheels are required for `boat` because building from source is disabled for all packages (i.e., with `--no-build`)
"""
HASH = """\
error: Failed to download `boat==1.0`
  cause: Hash mismatch for `boat==1.0`

         Expected:
           sha256:00
"""
UNREACHED = """\
error: Failed to fetch: http://127.0.0.1:9/simple/boat/
  cause: error sending request for url (http://127.0.0.1:9/simple/boat/)
  cause: tcp connect error
  cause: Connection refused (os error 111)
"""
PYTHON = """\
error: No solution found when resolving dependencies
  cause: Because the requested Python version (>=3.11) does not satisfy Python>=3.12 and boat>=6.0
         depends on Python>=3.12, we can conclude that boat>=6.0 cannot be used.
"""
PYTHON_OF_A_FOLDER = """\
error: No solution found when resolving dependencies
  cause: Because boat==6.0 requires Python >=3.12 and only boat<=6.0 is available, we can conclude that boat>=6.0
         cannot be used.
"""


@pytest.mark.parametrize("output", [PYTHON, PYTHON_OF_A_FOLDER])
def test_a_newer_python_might_do_whether_an_index_or_a_folder_says_so(output):
    assert Unresolved(CompletedProcess([], 1, stderr=output), lines("boat~=6.0"), answer([])).newer_python


@pytest.mark.parametrize(
    ("output", "line"),
    [
        (
            NO_WHEEL,
            "no wheel of boat==1.0; pin a version that has one in project/requirements.in, or write ",
        ),
        (HASH, "boat==1.0 is not the one that was locked: its hash differs"),
        (UNREACHED, "the package index cannot be reached (Connection refused (os error 111)); `pip config list` shows"),
        (PYTHON, "boat>=6.0 needs Python 3.12 or newer"),
        (PYTHON_OF_A_FOLDER, "boat==6.0 needs Python 3.12 or newer"),
        ("  cause: Because boat was not found in the package registry and you", "the package index has no boat"),
        ("  cause: Because only boat<=3 is available and you require", "the package index has only boat<=3"),
        ("  cause: Because there is no version of boat==9 and you require", "the package index has no boat==9"),
        (
            "error: In `--require-hashes` mode, all requirements must have a hash",
            "not every line is pinned with its hash",
        ),
        ("error: something new", "something new"),
        ("", "no output of uv"),
    ],
)
def test_what_uv_says_becomes_one_line(output, line):
    assert uv.reason(output).startswith(line)
    assert "\n" not in uv.reason(output)


def test_a_line_that_is_no_requirement_is_named_with_its_file():
    output = (
        "error: Couldn't parse requirement in `some.in` at position 0\n  cause: no such operator\n         boat=>9\n"
    )
    clash = Unresolved(CompletedProcess([], 2, stderr=output), lines("oar", "boat=>9"), answer([]))
    assert clash.explain() == "some.in: boat=>9: no such operator"
