"""Where a response names a URL: line and column of what was sent, with its tag."""

from dataclasses import dataclass
from html import escape
from urllib.parse import quote, unquote, urlsplit

_LONGEST = 120


@dataclass(frozen=True, slots=True)
class Response:
    """A page, stylesheet or script as it was sent. ``kind``: that of a page, "asset" of a file."""

    url: str
    text: str
    kind: str

    def find(self, url: str) -> int:
        """The offset of a URL, as it is written there; -1 if it is not."""
        parts = urlsplit(url)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        name = parts.path.rstrip("/").rpartition("/")[2]
        for written in (url, path, parts.path if parts.path.count("/") > 1 else "", f"/{name}" if name else ""):
            for form in dict.fromkeys((written, escape(written), unquote(written), quote(written, safe="/:?&=%"))):
                at = self.text.find(form) if form else -1
                if at >= 0:
                    return at
        return -1

    def place(self, offset: int) -> dict:
        """Line and column, with the tag around them: its text may hold nobody's secrets."""
        line = self.text.count("\n", 0, offset) + 1
        column = offset - self.text.rfind("\n", 0, offset)
        return {"place": f"{self.url}:{line}:{column}", "text": self._around(offset)}

    def _around(self, offset: int) -> str:
        opening, closing = ("{;", ";}") if self.kind == "asset" else ("<", ">")
        start = max(*(self.text.rfind(mark, 0, offset + 1) for mark in opening), offset - _LONGEST // 2, 0)
        end = min(_end(self.text, mark, offset) for mark in closing)
        return " ".join(self.text[start : min(end, start + _LONGEST)].split())


def _end(text: str, mark: str, offset: int) -> int:
    at = text.find(mark, offset)
    return at + 1 if at >= 0 else len(text)
