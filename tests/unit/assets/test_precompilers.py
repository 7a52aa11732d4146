"""How compilers are run; tests/integration/checkout/test_precompilers.py runs the real ones."""

import pytest
from django.test.utils import override_settings

from slipway.tool.assets.blocks.precompilers import Precompilers
from slipway.tool.assets.collect import Source
from slipway.web.errors import SlipwayError


@pytest.fixture
def compile_(tmp_path):
    """Compiles the first of these files of one static folder by a command."""

    def compile_(command: str, files: dict[str, str], replaced: dict[str, str] | None = None, **attributes: str) -> str:
        sources = []
        for folder, own in (("first", replaced or {}), ("assets", files)):
            for name, content in own.items():
                path = tmp_path / folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(content)
                if name not in {source.name for source in sources}:
                    sources.append(Source(name, str(path), content.encode(), True))
        main = next(source for source in sources if source.name == next(iter(files)))
        with override_settings(STATIC_ROOT=tmp_path / "static", DEFAULT_CHARSET="utf-8"):
            return Precompilers(sources).compile(command, main, files[main.name], attributes, "css")

    return compile_


@pytest.mark.parametrize("command", ["cat", "cat {infile}", "cp {infile} {outfile}"])
def test_a_command_reads_its_input_or_a_file(command, compile_):
    assert compile_(command, {"a b/c'd.scss": "é"}) == "é"


def test_a_command_reads_the_file_where_it_is_in_the_checkout(compile_, tmp_path):
    assert compile_("realpath {infile}", {"x/a.scss": ""}).strip() == str(tmp_path / "assets/x/a.scss")


def test_what_another_folder_holds_is_found_in_static_root(compile_, tmp_path):
    found = compile_("cat $(dirname {infile})/x.scss", {"x/a.scss": ""}, {"x/x.scss": "found"})
    assert found == "found"


def test_a_file_beside_it_that_another_folder_replaces_is_the_replaced_one(compile_):
    found = compile_("cat $(dirname {infile})/x.scss", {"x/a.scss": "", "x/x.scss": "own"}, {"x/x.scss": "theme"})
    assert found == "theme"


def test_a_command_gets_no_secret_of_a_deploy(compile_, monkeypatch):
    for name in ("AWS_SECRET_ACCESS_KEY", "DATABASE_URL", "DJANGO_SECRET_KEY"):
        monkeypatch.setenv(name, "the-secret")
    monkeypatch.setenv("SASS_PATH", "the-path")
    seen = compile_("env", {"a.scss": ""})
    assert "the-secret" not in seen
    assert "SASS_PATH=the-path" in seen
    with pytest.raises(SlipwayError, match=r"\(exit 3\)$"):
        compile_("exit 3", {"a.scss": ""})


def test_a_byte_order_mark_is_no_part_of_the_result(compile_):
    assert compile_("printf '\\357\\273\\277a'", {"a.scss": ""}) == "a"


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("no-such-lessc {infile}", "a.less: no-such-lessc, which COMPRESS_PRECOMPILERS names, is not installed here; "),
        ("node_modules/.bin/lessc {infile}", "node_modules/.bin/lessc, which COMPRESS_PRECOMPILERS names, is not in"),
        (
            "node_modules/.bin/postcss {infile}",
            "`npm install postcss postcss-cli` in project/ installs it, as project/node_modules/.bin/postcss",
        ),
        (
            "npx() {{ echo could not determine executable to run >&2; exit 1; }}; npx --yes lessc {infile}",
            "lessc, which COMPRESS_PRECOMPILERS names, is not installed here; `npm install less` in project/ ",
        ),
        (
            "no_such_package.Compiler",
            "add its package, no-such-package, to project/requirements.in and run",
        ),
        ("os.path.NoSuchClass", "COMPRESS_PRECOMPILERS names os.path.NoSuchClass, which cannot be imported"),
        (
            "printf '\\033[31mline 3:\\033[0m\\n  | nope\\n    at f (x.js:1)' >&2; exit 1; {infile}",
            "a.less: line 3: | nope",
        ),
        ("echo nothing said; exit 3", "Unable to apply CompilerFilter (echo nothing said; exit 3) nothing said"),
        ("cat {nonsense}", "a.less: "),
    ],
)
def test_a_failure_is_one_line(command, message, compile_):
    with pytest.raises(SlipwayError) as error:
        compile_(command, {"a.less": ""})
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_sources_stay_as_they_are_where_static_root_is_their_folder(tmp_path):
    (tmp_path / "a.css").write_bytes(b"as it is")
    source = Source("a.css", str(tmp_path / "a.css"), b"as it is pushed", True)
    with override_settings(STATIC_ROOT=tmp_path):
        assert Precompilers([source]).compile("cat {infile}", source, "", {}, "css") == "as it is"
    assert (tmp_path / "a.css").read_bytes() == b"as it is"


def test_a_message_names_the_file_of_the_checkout(compile_, tmp_path):
    with pytest.raises(SlipwayError) as error:
        compile_("echo {infile}:3: wrong >&2; exit 1", {"x/a.less": "", "x/b.less": "own"}, {"x/b.less": "theme"})
    assert str(error.value) == f"{tmp_path}/assets/x/a.less: {tmp_path}/assets/x/a.less:3: wrong"
