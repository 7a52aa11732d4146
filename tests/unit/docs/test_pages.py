"""What the pages name exists, in short sentences and the field's words."""

import re
from pathlib import Path

import pytest

from slipway import ROOT
from tests.unit.docs.pages import CODE, Page, pages, to_read

MAKEFILE = (ROOT / "Makefile").read_text()
# Target → the line that `make` alone prints of it.
LISTED = dict(re.findall(r"^([a-z-]+):.*?## (.*)", MAKEFILE, re.MULTILINE))
TARGETS = set(re.findall(r"^([a-z.][\w./-]*)(?: [a-z.][\w./-]*)*:(?!=)", MAKEFILE, re.MULTILINE))
TOP = {path.name for path in ROOT.iterdir()} - {"project", "build", "media", ".venv", ".slipway", ".git"}

WORDS = 30
# Words of a dialect that the project once had, and what the field says. Pages and code have none of them.
DIALECT = {
    r"verbs?": "command",
    r"witness(es)?": "check",
    r"testif(y|ies|ied)": "show",
    r"refus(e|es|ed|als?|ing)": "reject",
    r"parcels?": "upload bundle",
    r"doomed": "to delete",
    r"astray": "mismatch",
    r"diary": "run log",
    r"surroundings": "environment",
    r"neighbou?rhoods?": "subnet",
    r"the stage": "the rehearsal environment",
    r"storms?": "stress test",
    r"lacks?": "is missing",
    r"stable[ _-]names?": "unhashed file",
    r"leads? to": "resolves to",
}
# Where the field says so too, and names that work for one version.
FIELD = re.compile(
    r"(?i:refuses?_connections|connection ?_?refused|refused connection)|SLIPWAY_STABLE_NAMES|media.refusal|\bRefused\b"
)

each_page = pytest.mark.parametrize("page", pages(), ids=str)
each_page_to_read = pytest.mark.parametrize("page", to_read(), ids=str)


def test_readme_is_read_in_minutes():
    assert len((ROOT / "README.md").read_text().splitlines()) <= 200


@each_page
def test_links_resolve(page):
    for link in page.links:
        if re.match(r"(https?|mailto):", link):
            continue
        file, _, anchor = link.partition("#")
        target = (page.path.parent / file).resolve() if file else page.path
        assert target.exists(), f"{page}: {link}"
        if anchor:
            assert anchor in Page(target).anchors, f"{page}: {link}"


@pytest.mark.parametrize("page", [page for page in to_read() if page.path.name != "README.md"], ids=str)
def test_each_page_is_in_an_index(page):
    """Somebody who starts at README.md or docs/README.md finds it."""
    indexes = [page.path.parent / "README.md", ROOT / "docs/README.md"]
    linked = {(index.parent / link.partition("#")[0]).resolve() for index in indexes for link in Page(index).links}
    assert page.path in linked


@each_page_to_read
def test_the_first_line_says_for_whom(page):
    if str(page) == "README.md":
        return
    title, blank, first = page.text.splitlines()[:3]
    assert title.startswith("# ") and not blank and first.startswith("For "), f"{page}: {first}"


@each_page
def test_each_make_command_exists(page):
    lines = page.code + [line for line in page.fenced if line.startswith("make ")]
    named = {name for line in lines for name in re.findall(r"\bmake ([a-z.][\w./-]*)", line)}
    assert named <= TARGETS, f"{page}: no target {named - TARGETS}"


def test_each_make_command_is_explained():
    explained = " ".join(Page(ROOT / "README.md").code + Page(ROOT / "docs/operate.md").code)
    assert [name for name in LISTED if not re.search(rf"\bmake {name}(?![\w-])", explained)] == []


@each_page
def test_each_path_exists(page):
    # The table of what has moved names old paths in its first column.
    text = (
        re.sub(r"^\|[^|]*\|", "|", page.unfenced, flags=re.MULTILINE) if page.path.name == "moved.md" else page.unfenced
    )
    for code in (" ".join(found[2].split()) for found in CODE.finditer(text)):
        path = code.rstrip("/")
        if re.fullmatch(r"[\w./{},*…-]+", path) and path.split("/")[0] in TOP and not _found(path):
            pytest.fail(f"{page}: `{code}` does not exist")


# A folder's own pages; those of the checkout itself name files of a clone too.
FOLDERS = [page for page in pages() if page not in to_read() and page.path.parent != ROOT]


@pytest.mark.parametrize("page", FOLDERS, ids=str)
def test_each_file_beside_a_page_exists(page):
    for path in (code for code in page.code if re.fullmatch(r"[\w/-]+(\.(py|sh|css|yml|j2|md)|/)", code)):
        below = (page.path.parent, ROOT / "tests")
        assert any(any(place.rglob(path.rstrip("/"))) for place in below) or _found(path), f"{page}: no `{path}`"


def _found(path: str) -> bool:
    head, brace, rest = path.partition("{")
    if brace:
        inner, _, tail = rest.partition("}")
        return all(_found(head + each + tail) for each in inner.split(","))
    return any(ROOT.glob(path.rstrip("/").replace("…", "*")))


@each_page_to_read
def test_sentences_are_short(page):
    long = [sentence for sentence in page.sentences if len(sentence.split()) > WORDS]
    assert not long, f"{page}: {long[0]}"


@pytest.mark.parametrize("page", [page for page in to_read() if page.path.name != "moved.md"], ids=str)
def test_no_dialect(page):
    """But for the table of what has moved, which has old words too."""
    for sentence in page.sentences:
        for word, instead in DIALECT.items():
            assert not re.search(rf"\b{word}\b", sentence, re.IGNORECASE), f"{page}: say {instead}: {sentence}"


def test_no_dialect_in_the_code():
    """In names too: `_astray`, `DoomedKeys`."""
    coined = re.compile(rf"(?<![A-Za-z])(?i:{'|'.join(DIALECT)})(?![a-z]|[A-Z]{{2}})")
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in _sources()
        if "tests/unit/docs" not in str(path)
        for number, line in enumerate(path.read_text(errors="ignore").splitlines(), 1)
        if coined.search(FIELD.sub("", line))
    ]
    assert not found, "\n".join(["say it in the field's words, see DIALECT:", *found])


def test_each_setting_of_a_project_is_explained():
    asked = {
        name
        for path in (ROOT / "deploy/slipway").rglob("*.py")
        for name in re.findall(r'getattr\((?:settings|_project), "(SLIPWAY_\w+)"', path.read_text())
    }
    assert asked and asked <= set(Page(ROOT / "docs/project.md").code)


def test_no_page_is_named_that_is_gone():
    """Outside the pages too: an error message or a comment that points to one."""
    for path in _sources():
        for name in re.findall(r"\b(docs/[\w./-]+\.md)(?:#[\w-]+)?", path.read_text(errors="ignore")):
            assert (ROOT / name).exists(), f"{path.relative_to(ROOT)}: {name}"


# A path below one of our folders, or a module, in whatever is not a page.
NAMED_PATH = re.compile(r"(?<![\w./-])(?:deploy|ansible|roles|nginx|rehearsal|requirements|tests)/[\w./*-]*[\w*]")
NAMED_MODULE = re.compile(r"(?<![\w.])slipway\.(?:tool|web)\.[\w.]*\w")


def test_no_path_is_named_that_is_gone():
    """In a comment, a docstring or an error message; in a test's comments only, since tests name files of their own."""
    for path in _sources():
        if path.suffix == ".md":
            continue
        text = path.read_text(errors="ignore")
        if path.is_relative_to(ROOT / "tests"):
            text = "\n".join(re.findall(r"# .*", text))
        for name in NAMED_PATH.findall(text):
            assert _found(name) or _found(f"ansible/{name}"), f"{path.relative_to(ROOT)}: {name}"
        for name in NAMED_MODULE.findall(text):
            assert _module(name), f"{path.relative_to(ROOT)}: {name}"


def _module(name: str) -> bool:
    """Whether a dotted name is a module below deploy/, or begins with one; or a package has it."""
    place = ROOT / "deploy"
    for part in name.split("."):
        if place.is_file():
            return True
        if not (place / part).is_dir() and not (place / f"{part}.py").is_file():
            return re.search(rf"\b{part}\b", (place / "__init__.py").read_text()) is not None
        place = place / part if (place / part).is_dir() else place / f"{part}.py"
    return True


SOURCES = (".py", ".yml", ".j2", ".sh", ".md", ".js", ".html", ".css", ".conf")


def _sources() -> list[Path]:
    rooms = [ROOT / name for name in ("deploy", "ansible", "nginx", "rehearsal", "tests", ".github", ".ci")]
    files = [path for room in rooms for path in room.rglob("*") if path.suffix in SOURCES]
    return [*files, ROOT / "Makefile"]
