"""Which folder has the project, and what is no project."""

import pytest

from slipway.tool.adopt import source
from slipway.web.errors import SlipwayError
from tests.unit.adopt.conftest import MANAGE


@pytest.mark.parametrize("folder", ["", "src", "code/backend"])
def test_the_project_is_where_manage_py_names_its_settings(folder, tmp_path, write):
    write(tmp_path / folder, {"manage.py": MANAGE.format("shop")})
    found = source.find(tmp_path)
    assert (found.folder, found.settings) == (tmp_path / folder, "shop.settings")


def test_the_nearest_is_taken_and_what_is_installed_is_not_looked_at(tmp_path, write):
    write(tmp_path, {f"{name}/manage.py": MANAGE.format("x") for name in ("a/example", "venv", ".git", "node_modules")})
    write(tmp_path, {"site/manage.py": MANAGE.format("shop"), "tool/manage.py": "print('another tool')\n"})
    assert source.find(tmp_path).folder == tmp_path / "site"


@pytest.mark.parametrize(
    ("files", "line"),
    [
        ({}, "no Django project is there"),
        ({"manage.py": "import flask\n"}, "no Django project is there"),
        ({"a/b/c/manage.py": MANAGE.format("x")}, "no Django project is there"),
        ({"a/manage.py": MANAGE.format("x"), "b/manage.py": MANAGE.format("y")}, "a and b are projects each"),
    ],
)
def test_what_is_no_project_or_two_is_one_line(files, line, tmp_path, write):
    (tmp_path / "from").mkdir()
    with pytest.raises(SlipwayError, match=line) as rejected:
        source.find(write(tmp_path / "from", files))
    assert "\n" not in str(rejected.value)


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(SlipwayError, match="there is no such folder"):
        source.find(tmp_path / "nowhere")
