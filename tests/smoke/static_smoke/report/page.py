"""Writes the report: a page without further files, and smoke.json and junit.xml with the same content."""

import base64
import json
from html import escape
from itertools import groupby
from pathlib import Path
from urllib.parse import urlsplit

from static_smoke.report import junit, private
from static_smoke.report.cause import EXAMPLES, causes, lines, seen_by
from static_smoke.report.waterfall import waterfall
from static_smoke.verdict import CHECKS, COUNTED, Verdict

_STYLE = Path(__file__).with_name("report.css")
_PILLS = {"not checked": "unsure", "not run": "unsure"}
_LONG = 90  # characters of a sentence that need smaller letters
# Lines of a finding that hold code or an address.
_MONO = dict.fromkeys(("in", "and", "at", "on", "also"), ' class="mono"')
_LEGEND = (
    ("document", "page from the origin"),
    ("static", "static host"),
    ("media", "media host"),
    ("other", "another host"),
    ("bad", "origin, or failed"),
)


def write(verdict: Verdict, directory: Path) -> None:
    """``index.html``, ``smoke.json`` and ``junit.xml`` in ``directory``, which is made if it is missing.

    Only their owner may read them: screenshots and URLs are those of a signed-in person.
    """
    private.folder(directory)
    document = verdict.as_json()
    private.write(directory / "index.html", page(document).encode())
    for load in document["page_loads"]:
        load.pop("screenshot")
    private.write(directory / "smoke.json", json.dumps(document, indent=1).encode())
    private.write(directory / "junit.xml", junit.as_bytes(document))


def page(document: dict) -> str:
    """The report of one run as HTML. ``document`` is the verdict's, screenshots included."""
    sections = (
        _hero,
        _findings,
        _unverified,
        _left_out,
        _checks,
        _maybes,
        _controls,
        _notes,
        _page_loads,
        _assets,
        _allowed,
        _consequences,
    )
    body = "\n".join(section(document) for section in sections)
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(document["verdict"])}: {escape(document["site"])}</title>
<link rel="icon" href="data:,"><style>{_STYLE.read_text(encoding="utf-8")}</style></head>
<body><main>{body}</main></body></html>
"""


def _hero(document: dict) -> str:
    state = document["verdict"]
    served = sum(asset["bytes"] for asset in document["assets"])
    sizes = f"{len(document['assets'])} assets, {_bytes(served)} on the wire"
    pages = f"{len(document['pages'])} pages, {len(document['page_loads'])} page loads"
    long = ' class="long"' if len(document["sentence"]) > _LONG else ""
    return f"""<header class="card hero {state}"><span class="pill {_pill(state)}">{state}</span>
<h1{long}>{_capital(document["sentence"])}</h1>{_first(document)}
<p><a href="{escape(document["site"])}">{escape(document["site"])}</a></p>
<p class="dim">{pages} · {sizes} · {document["seconds"]} s · run <code>{document["run"]}</code></p></header>"""


def _first(document: dict) -> str:
    """The first finding in a sentence."""
    if not document["findings"]:
        return ""
    it = document["findings"][0]
    where = it["source"] or it["place"]
    return f'<p>First: {escape(it["what"])}: <span class="mono">{escape(it["url"])}</span>, in {escape(where)}.</p>'


def _findings(document: dict) -> str:
    if not document["findings"]:
        return ""
    cards = "".join(map(_finding, causes(document["findings"])))
    return f"<section><h2>Findings</h2>{cards}</section>"


def _finding(cause: list[dict]) -> str:
    rows = "".join(f"<dt>{label}</dt><dd{_MONO.get(label, '')}>{escape(text)}</dd>" for label, text in lines(cause))
    return f"""<article class="card finding"><h3><span class="pill failed">{escape(seen_by(cause))}</span>
<span class="mono">{escape(cause[0]["url"])}</span></h3><dl>{rows}</dl>{_also(cause[0])}</article>"""


def _also(finding: dict) -> str:
    """All URLs with the same cause, where the lines above show some."""
    if len(finding["also"]) <= EXAMPLES:
        return ""
    rows = "".join(f'<li class="mono">{escape(url)}</li>' for url in finding["also"])
    return f"<details><summary>all {len(finding['also']) + 1} URLs</summary><ul>{rows}</ul></details>"


def _checks(document: dict) -> str:
    cards = "".join(
        f"""<div class="card check"><b>{letter}</b><span>{escape(CHECKS[letter])}</span>
<span class="pill {_pill(it["state"])}">{it["state"]}</span>
<span class="dim">{_counted(letter, it)}</span></div>"""
        for letter, it in document["checks"].items()
    )
    return f'<section><h2>Checks</h2><div class="checks">{cards}</div></section>'


def _counted(letter: str, check: dict) -> str:
    counted = f"{check['checked']:,} {COUNTED[letter]}" if check["checked"] else ""
    return escape("; ".join(filter(None, (counted, check["reason"]))))


def _unverified(document: dict) -> str:
    rows = "".join(
        f"<li><b>{it['check']}</b> {escape(it['unknown'])}"
        f'<span class="dim"> {"" if it["extent"] == "nothing" else "(in part) "}{escape(it["reason"])}</span></li>'
        for it in document["unverified"]
    )
    return _list("Not verified", rows)


def _maybes(document: dict) -> str:
    rows = "".join(
        f"<li><b>{escape(_path(it['url']))}</b> "
        f'<span class="dim">{escape(it["what"])}, in {escape(it["place"])}</span></li>'
        for it in document["maybes"]
    )
    return _list("Maybe requests to the origin", rows)


def _left_out(document: dict) -> str:
    rows = "".join(
        f'<li><b>{it["count"]} {it["what"]}</b> <span class="dim">{escape(it["reason"])}</span></li>'
        for it in document["left_out"]
    )
    return _list("Left out", rows)


def _controls(document: dict) -> str:
    rows = "".join(
        f"<tr><td>{it['check']}</td><td>{escape(it['name'])}</td>"
        f'<td><span class="pill {_pill(it["state"])}">{it["state"]}</span></td>'
        f'<td class="mono">{it["run"]}</td><td>{escape(it["reason"])}</td></tr>'
        for it in document["controls"]
    )
    head = ("check", "planted fault", "state", "run", "")
    return f"<section><h2>Controls</h2>{_table(head, rows)}</section>"


def _notes(document: dict) -> str:
    notes = "".join(f"<li>{escape(note)}</li>" for note in document["notes"])
    return _list("Not checked, and notes", notes)


def _page_loads(document: dict) -> str:
    if not document["page_loads"]:
        return ""
    blocks = []
    for place, group in groupby(document["page_loads"], key=lambda load: load["place"]):
        loads = list(group)
        timings = loads[0]["timings"]
        opened = " open" if not blocks else ""
        blocks.append(
            f'<details class="card"{opened}><summary><h3>{escape(_path(place))}</h3>'
            f'<span class="dim">{len(timings)} requests on a {loads[0]["device"]}</span></summary>'
            f'<div class="shots">{"".join(map(_shot, loads))}</div>'
            f'<div class="scroll">{waterfall(timings)}</div></details>'
        )
    legend = "".join(f'<span><i style="background: var(--{name})"></i>{text}</span>' for name, text in _LEGEND)
    return f'<section><h2>Pages</h2><p class="legend dim">{legend}</p>{"".join(blocks)}</section>'


def _shot(load: dict) -> str:
    if not load["screenshot"]:
        return f'<p class="dim">{load["device"]}: {escape(load["problem"])}</p>'
    data = base64.b64encode(load["screenshot"]).decode()
    name = f"{load['device']}, {_path(load['place'])}"
    return (
        f'<figure><img loading="lazy" alt="{escape(name)}" src="data:image/jpeg;base64,{data}">'
        f"<figcaption>{load['device']}</figcaption></figure>"
    )


def _assets(document: dict) -> str:
    if not document["assets"]:
        return ""
    ordered = sorted(document["assets"], key=lambda it: (it["verdict"] == "ok", it["host"], it["url"]))
    rows = "".join(
        f'<tr><td class="keep"><span class="pill {"passed" if it["verdict"] == "ok" else "failed"}">'
        f"{it['verdict']}</span></td>"
        f'<td class="mono">{escape(urlsplit(it["url"]).path)}</td><td>{escape(it["host"])}</td>'
        f'<td>{it["hit"]}</td><td class="number">{it["bytes"]:,}</td><td>{escape(it["encoding"])}</td>'
        f"<td>{escape(it['content_type'])}</td><td>{escape(it['cache_control'])}</td></tr>"
        for it in ordered
    )
    head = ("verdict", "asset", "host", "cache", "#bytes", "coding", "type", "cache-control")
    return f"<section><h2>Assets</h2>{_table(head, rows)}</section>"


def _allowed(document: dict) -> str:
    if not document["allowed"]:
        return ""
    rows = "".join(
        f'<tr><td class="mono">{escape(it["url"])}</td><td class="number">{it["bytes"]:,}</td>'
        f'<td class="mono">{escape(it["place"])}</td><td>{escape(it["reason"])}</td></tr>'
        for it in document["allowed"]
    )
    title = "Allowed at the origin"
    return f"<section><h2>{title}</h2>{_table(('request', '#bytes', 'log line', 'reason'), rows)}</section>"


def _consequences(document: dict) -> str:
    if not document["consequences"]:
        return ""
    rows = "".join(
        f'<tr><td>{it["check"]}</td><td class="mono">{escape(it["url"])}</td>'
        f"<td>{escape(it['what'])}</td><td>{escape(it['because'])}</td></tr>"
        for it in document["consequences"]
    )
    table = _table(("check", "about", "observed", "explained by"), rows)
    return f"<section><h2>Also observed, and explained by a finding</h2>{table}</section>"


def _list(title: str, rows: str) -> str:
    """A section with these list items; "" without any."""
    return f'<section><h2>{title}</h2><div class="card"><ul>{rows}</ul></div></section>' if rows else ""


def _table(head: tuple[str, ...], rows: str) -> str:
    cells = "".join(
        f'<th class="number">{name[1:]}</th>' if name.startswith("#") else f"<th>{name}</th>" for name in head
    )
    return f'<div class="card scroll"><table><thead><tr>{cells}</tr></thead><tbody>{rows}</tbody></table></div>'


def _pill(state: str) -> str:
    return _PILLS.get(state, state)


def _path(place: str) -> str:
    return place.partition("://")[2].partition("/")[2].join(("/", ""))


def _capital(text: str) -> str:
    return escape(text[:1].upper() + text[1:])


def _bytes(number: float) -> str:
    return f"{number / 1024:,.0f} KB" if number >= 1024 else f"{number} bytes"
