"""What is shown of a cause: the same lines on the screen, in the page and in junit.xml."""

from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

from static_smoke.sentence import NAMES

EXAMPLES = 3
PAGES = 8


def causes(findings: Iterable[dict]) -> list[list[dict]]:
    """Findings by cause. ``findings``: those of smoke.json."""
    found: dict[int, list[dict]] = {}
    for number, finding in enumerate(findings):
        found.setdefault(finding["cause"] or -number, []).append(finding)
    return list(found.values())


def seen_by(cause: Sequence[dict]) -> str:
    """The letters of its checks, each with its name: "P parser, O origin's log"."""
    letters = dict.fromkeys(finding["check"] for finding in cause)
    return ", ".join(f"{letter} {NAMES[letter].removeprefix('the ')}" for letter in letters)


def lines(cause: Sequence[dict]) -> list[tuple[str, str]]:
    """Label and text of each line: what is wrong, the line to edit, what to do, then where it was seen."""
    first = cause[0]
    rows = [("is", first["what"])]
    rows += [("in" if not number else "and", _written(it)) for number, it in enumerate(_sources(cause))]
    rows.append(("fix", first["fix"]))
    response = next((finding["response"] for finding in cause if finding["response"]), {})
    rows.append(("at", f"{_spot(response['place'])}  {response['text']}" if response else first["place"]))
    rows += [("on", text) for text in _pages(first["places"])]
    rows += [("also", text) for text in _others(first)]
    rows += [("by", f"{NAMES[it['check']]} ({it['check']}) too: {it['what']}; {it['place']}") for it in cause[1:]]
    return rows


def _sources(cause: Sequence[dict]) -> Sequence[dict]:
    """The lines that were found for any of the findings."""
    return next((finding["written"] for finding in cause if finding["written"]), ())


def _written(it: dict) -> str:
    return f"{it['place']}  {it['text']}".rstrip()


def _spot(place: str) -> str:
    """ "URL:line:column" in words: numbers would read as a part of the URL."""
    url, line, column = place.rsplit(":", 2)
    return f"{url}, line {line}, column {column}"


def _pages(places: Sequence[str]) -> Iterable[str]:
    """The other places, by their path."""
    if len(places) > 1:
        shown = ", ".join(_path(place) for place in places[:PAGES])
        more = f" and {len(places) - PAGES} more" if len(places) > PAGES else ""
        kind = "pages" if all("://" in place for place in places) else "places"
        yield f"{len(places)} {kind}: {shown}{more}"


def _others(finding: dict) -> Iterable[str]:
    """Further URLs with the same cause; smoke.json has all of them."""
    if finding["also"]:
        shown = ", ".join(_path(url) for url in finding["also"][:EXAMPLES])
        more = " …" if len(finding["also"]) > EXAMPLES else ""
        yield f"{len(finding['also'])} more: {shown}{more}"


def _path(place: str) -> str:
    """A URL without its host."""
    return place.partition(urlsplit(place).netloc)[2] if "://" in place else place
