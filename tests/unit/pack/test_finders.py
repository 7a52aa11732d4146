"""Code that looks up static files on the server is named."""

import pytest

from slipway.tool.pack import finders

WAYS = [
    "from django.contrib.staticfiles import finders\npath = finders.find('mail.css')\n",
    "from django.contrib.staticfiles import finders as f\npath = f.find('mail.css')\n",
    "from django.contrib.staticfiles.finders import find\npath = find('mail.css')\n",
    "from django.contrib.staticfiles.finders import find as look\npath = look('mail.css')\n",
    "from django.contrib.staticfiles.storage import staticfiles_storage\npath = staticfiles_storage.path('mail.css')\n",
    "from django.contrib.staticfiles.storage import staticfiles_storage as s\nfile = s.open('mail.css')\n",
    "import django.contrib.staticfiles.finders\npath = django.contrib.staticfiles.finders.find('mail.css')\n",
]
OTHERS = [
    "from django.contrib.staticfiles import finders\npath = 'a'.find('b')\n",
    "from django.contrib.staticfiles.finders import BaseFinder\nclass Own(BaseFinder):\n    find = None\n",
    "# django.contrib.staticfiles.finders.find()\nfind('x')\n",
    "from django.contrib.staticfiles import finders\nthis is no Python: finders.find('x')\n",
]


@pytest.fixture
def warnings(tmp_path, monkeypatch):
    monkeypatch.setattr(finders, "ROOT", tmp_path)

    def of(source, name="mail.py"):
        (tmp_path / name).write_text(source)
        return finders.calls([tmp_path / name])

    return of


@pytest.mark.parametrize("source", WAYS)
def test_each_way_to_write_the_call_is_named_with_its_line(source, warnings):
    assert [warning.partition(": ")[0] for warning in warnings(source)] == ["mail.py:2"]
    assert "`ship` of site.yml" in warnings(source)[0]


@pytest.mark.parametrize("source", OTHERS)
def test_nothing_else_is(source, warnings):
    assert warnings(source) == []


def test_a_test_may_look_up_what_it_likes(warnings):
    assert warnings(WAYS[0], "test_mail.py") == warnings(WAYS[0], "conftest.py") == warnings(WAYS[0], "find.txt") == []
