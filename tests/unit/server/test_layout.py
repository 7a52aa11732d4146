"""deploy/layout.yml: the only place of each path, and a line for each change of a version."""

import functools
import io
import json
import re
import tokenize
import zipfile

import pytest

from slipway import ROOT
from slipway.tool.server import agent, layout

READERS = ("ansible", "nginx", "deploy/agent", "deploy/slipway/tool")
# It finds its own settings; tests/unit/ansible/test_certificate.py holds the path against the layout.
# What an audit wants of a host is written out: by the layout it would want whatever stands there.
ALONE = {"ansible/roles/tls/files/certificate.py", "deploy/slipway/tool/audit/host.py"}


def code(path):
    """A file's text without comments and docstrings, where a path may be named."""
    text = path.read_text()
    if path.suffix != ".py":
        return re.sub(r"^\s*(#|//).*$", "", text, flags=re.M)
    tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    left_out = (tokenize.COMMENT, tokenize.NL)
    starts = (tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING)
    kept = [each for each in tokens if each.type not in left_out]
    docstrings = {
        number
        for number, each in enumerate(kept)
        if each.type == tokenize.STRING and (not number or kept[number - 1].type in starts)
    }
    return "\n".join(each.string for number, each in enumerate(kept) if number not in docstrings)


@functools.cache
def files():
    """The code of what reads the layout, by its path in the checkout."""
    return dict(_files())


def _files():
    for top in READERS:
        for path in sorted((ROOT / top).rglob("*")):
            name = path.relative_to(ROOT).as_posix()
            if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".md" and name not in ALONE:
                yield name, code(path)


def own(value):
    """Whether a value is a path, a unit or a user that only the layout may name; the system's folders are anybody's."""
    return isinstance(value, str) and value not in ("/run", "/etc/systemd/system") and re.search(r"[/-]|\.s", value)


@pytest.mark.parametrize("value", sorted({value for value in layout.VALUES.values() if own(value)}))
def test_each_path_stands_in_the_layout_alone(value):
    named = re.compile(rf"(?<![\w/.-]){re.escape(value)}(?![\w-])(?!\.j2)")
    assert [name for name, text in files().items() if named.search(text)] == []


def test_a_path_that_is_written_out_is_found(tmp_path):
    texts = {"a.py": 'A = "/srv/slipway/x"\n', "a.yml": "dest: /srv/slipway\n", "a.sh": "cd /srv/slipway\n"}
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
        assert "/srv/slipway" in code(tmp_path / name)
    (tmp_path / "b.py").write_text('"""In /srv/slipway."""\n\n\ndef a():\n    """/srv/slipway"""  # /srv/slipway\n')
    assert "/srv" not in code(tmp_path / "b.py")


def test_the_agent_carries_the_layout(tmp_path):
    with zipfile.ZipFile(agent.pack(tmp_path / "slipway")) as archive:
        assert json.loads(archive.read("agent/layout.json")) == layout.VALUES


def test_each_layout_says_in_a_line_each_what_it_changes():
    assert sorted(layout.CHANGES) == list(range(1, layout.LAYOUT.version + 1))
    assert all(lines and all("\n" not in line for line in lines) for lines in layout.CHANGES.values())
    assert layout.changes(layout.LAYOUT.version) == []
    assert layout.changes(layout.LAYOUT.version - 1) == layout.CHANGES[layout.LAYOUT.version]
