"""A page load's requests drawn as bars over time."""

from html import escape
from urllib.parse import urlsplit

# ROOM: right of the longest bar, for its time and who answered.
WIDTH, LABEL, ROOM, ROW = 1000, 280, 190, 22
MAX_ROWS = 60
_TICKS = 5


def waterfall(timings: list[dict]) -> str:
    """An SVG of one load: one bar a request, in the colour of its host."""
    shown = timings[:MAX_ROWS]
    if not shown:
        return ""
    longest = max(max(it["end"] for it in shown), 1.0)
    height = ROW * (len(shown) + 1) + 8
    scale = (WIDTH - LABEL - ROOM) / longest
    label = f"{len(shown)} requests over time"
    parts = [f'<svg class="waterfall" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{label}">']
    for tick in range(_TICKS + 1):
        at = longest * tick / _TICKS
        x = LABEL + at * scale
        parts.append(f'<line class="tick" x1="{x:.1f}" x2="{x:.1f}" y1="{ROW}" y2="{height}"/>')
        parts.append(f'<text class="time" x="{x:.1f}" y="14" text-anchor="middle">{at:.0f} ms</text>')
    for number, timing in enumerate(shown):
        parts.append(_row(timing, ROW * (number + 1) + 4, scale))
    parts.append("</svg>")
    if len(timings) > MAX_ROWS:
        parts.append(f'<p class="dim">and {len(timings) - MAX_ROWS} more requests</p>')
    return "".join(parts)


def _row(timing: dict, y: int, scale: float) -> str:
    x = LABEL + timing["start"] * scale
    width = max((timing["end"] - timing["start"]) * scale, 2.0)
    # A request that the page itself cancelled has not failed.
    aborted = timing["failure"] == "net::ERR_ABORTED"
    state = "failed" if (timing["failure"] and not aborted) or timing["status"] >= 400 else timing["host"]
    if timing["kind"] == "document" and state == "origin":
        state = "document"
    result = timing["failure"] or timing["status"] or ""
    took = f"{timing['end'] - timing['start']:.0f} ms"
    who = timing["by"] or ("cancelled by page" if aborted else "no answer" if state == "failed" else "")
    title = f"{timing['url']} ({', '.join(filter(None, (timing['kind'], str(result), took, who)))})"
    beside = " · ".join(filter(None, (took, who)))
    return (
        f"<g><title>{escape(title)}</title>"
        f'<text class="name" x="{LABEL - 10}" y="{y + 11}" text-anchor="end">{escape(_name(timing["url"]))}</text>'
        f'<rect class="bar {state}" x="{x:.1f}" y="{y}" width="{width:.1f}" height="{ROW - 8}" rx="3"/>'
        f'<text class="time" x="{x + width + 6:.1f}" y="{y + 11}">{escape(beside)}</text></g>'
    )


def _name(url: str) -> str:
    path = urlsplit(url).path
    name = path.rstrip("/").rpartition("/")[2] or path
    return name if len(name) <= 40 else f"{name[:18]}…{name[-20:]}"
