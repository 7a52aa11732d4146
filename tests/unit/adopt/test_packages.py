"""A project's packages, from wherever it lists them."""

import pytest

from slipway.tool.adopt import packages, source
from slipway.web.errors import SlipwayError


@pytest.fixture
def read(site, write):
    """What is read where the project lists its packages in these files alone."""

    def read(files):
        (site / "requirements.txt").unlink()
        return packages.read(source.find(write(site, files)))

    return read


@pytest.mark.parametrize(
    ("listed", "file"),
    [
        ({"requirements.txt": "Django~=5.2\nfoo==1\n"}, "mysite/requirements.txt"),
        (
            {"requirements/base.txt": "Django~=5.2\n", "requirements/production.txt": "-r base.txt\nfoo==1\n"},
            "mysite/requirements/production.txt",
        ),
        ({"requirements/base.txt": "Django~=5.2\nfoo==1 --hash=sha256:abc\n"}, "mysite/requirements/base.txt"),
        ({"pyproject.toml": '[project]\ndependencies = ["Django~=5.2", "foo==1"]\n'}, "mysite/pyproject.toml"),
    ],
)
def test_each_kind_of_list_is_read(listed, file, read):
    found = read(listed)
    assert (found.lines, found.file) == (("Django~=5.2", "foo==1"), file)


def test_packages_of_its_tests_are_apart(read):
    found = read({"requirements.txt": "Django\n", "requirements-dev.txt": "-r requirements.txt\nmodel-bakery\n"})
    assert (found.lines, found.tests) == (("Django",), ("model-bakery",))


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("whitenoise==6.9", "the CDN serves static files"),
        ("Gunicorn>=20", "Slipway has its own"),
        ("psycopg2-binary==2.9", "psycopg 3"),
        ("-e .", "pip's own configuration"),
        ("--index-url https://pypi.example/simple", "pip's own configuration"),
        ("./vendored", "made of wheels"),
        ("git+https://example.com/a.git", "made of wheels"),
    ],
)
def test_what_has_no_place_here_is_left_out_and_named(line, why, read):
    found = read({"requirements.txt": f"Django\n{line}\n"})
    assert found.lines == ("Django",)
    assert len(found.out) == 1 and why in found.out[0] and found.out[0].startswith("mysite/requirements.txt: ")


@pytest.mark.parametrize(
    ("listed", "line"),
    [
        ({}, r"no list of its packages.*pip freeze"),
        ({"pyproject.toml": "[tool.poetry.dependencies]\ndjango = '5'\n"}, "poetry export --without-hashes"),
        ({"pyproject.toml": "[project]\nname = 'x'\n"}, "lists no packages"),
        ({"pyproject.toml": "[project\n"}, "pyproject.toml: "),
        ({"requirements.txt": "-r gone.txt\n"}, r"gone.txt: No such file"),
    ],
)
def test_what_cannot_be_read_is_one_line(listed, line, read):
    with pytest.raises(SlipwayError, match=line) as rejected:
        read(listed)
    assert "\n" not in str(rejected.value)
