"""The project's translations are compiled before a release is built."""

import gettext
import os
import struct

import pytest

from slipway.tool.pack.translations import compile_all
from slipway.web.errors import SlipwayError

HEADER = r"""msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\n"

"""
ENTRIES = """msgid "Yes"
msgstr "Ja"

msgctxt "month"
msgid "May"
msgstr "Mai"

msgid "a photo"
msgid_plural "%d photos"
msgstr[0] "ein Foto"
msgstr[1] "%d Fotos"

#, fuzzy
msgid "No"
msgstr "Nie"
"""


BROKEN = [
    'msgid "a"\nmsgtsr "b"\n',
    "nonsense\n",
    'msgid "a"\nmsgstr "b\n',
    'msgid a\nmsgstr "b"\n',
    'msgid "a"\nmsgstr "b"\n\nmsgid "a"\nmsgstr "c"\n',
    '#, python-format\nmsgid "a %(x)s"\nmsgstr "b %(y)s"\n',
    '#, python-format\nmsgid "a"\nmsgid_plural "%(n)s a"\nmsgstr[0] "b"\nmsgstr[1] "%(m)s b"\n',
]


@pytest.fixture
def catalog(tmp_path):
    def write(entries=ENTRIES, folder="locale/de"):
        path = tmp_path / folder / "LC_MESSAGES" / "django.po"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(HEADER + entries, encoding="utf-8")
        return path

    return write


def read(source):
    with source.with_suffix(".mo").open("rb") as file:
        return gettext.GNUTranslations(file)


def test_what_is_missing_is_compiled(catalog, tmp_path):
    source = catalog()
    assert compile_all(tmp_path) == [source.with_suffix(".mo")]
    translated = read(source)
    assert (translated.gettext("Yes"), translated.pgettext("month", "May")) == ("Ja", "Mai")
    assert [translated.ngettext("a photo", "%d photos", n) for n in (1, 2)] == ["ein Foto", "%d Fotos"]
    assert translated.gettext("No") == "No"  # a fuzzy entry is a guess


def test_what_is_compiled_already_is_kept(catalog, tmp_path):
    source = catalog()
    compiled = source.with_suffix(".mo")
    compile_all(tmp_path)
    before = compiled.stat().st_mtime_ns
    os.utime(source, (compiled.stat().st_atime, compiled.stat().st_mtime + 5))  # as git leaves it
    assert compile_all(tmp_path) == []
    assert compiled.stat().st_mtime_ns == before


def test_a_changed_translation_is_compiled_again(catalog, tmp_path):
    source = catalog()
    compile_all(tmp_path)
    catalog(ENTRIES.replace('"Ja"', '"Doch"'))
    os.utime(source, (source.stat().st_atime, source.with_suffix(".mo").stat().st_mtime + 5))
    assert len(compile_all(tmp_path)) == 1
    assert read(source).gettext("Yes") == "Doch"


def test_any_folder_of_translations_is_found_and_packages_are_left_alone(catalog, tmp_path):
    catalog(folder="node_modules/x/locale/de")
    catalog(folder=".tox/x/locale/de")
    assert compile_all(tmp_path) == []
    source = catalog(folder="shop/translations/pt_BR")
    assert compile_all(tmp_path) == [source.with_suffix(".mo")]


@pytest.mark.parametrize("entries", BROKEN)
def test_a_syntax_error_is_one_line_with_its_place(entries, catalog, tmp_path):
    source = catalog(entries)
    with pytest.raises(SlipwayError, match=r"django\.po: cannot be compiled: .*line \d+"):
        compile_all(tmp_path)
    assert not source.with_suffix(".mo").exists()


def test_a_broken_compiled_file_is_replaced_or_named(catalog, tmp_path):
    source = catalog()
    source.with_suffix(".mo").write_bytes(struct.pack("<I", 7))
    os.utime(source, (1, 1))
    compile_all(tmp_path)
    assert read(source).gettext("Yes") == "Ja"
