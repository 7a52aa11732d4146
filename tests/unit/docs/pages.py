"""The pages of this checkout: their links, code and sentences."""

import functools
import os
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from slipway import ROOT

# The user's room and what commands make: another's words, or nobody's.
ELSEWHERE = {"project", "build", "media"}
FENCE = re.compile(r"^( *)```.*?^\1```$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"(`+)(.+?)\1", re.DOTALL)
LINK = re.compile(r"\[([^\]]+)\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#{1,6} +(.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Page:
    path: Path

    def __str__(self) -> str:
        return str(self.path.relative_to(ROOT))

    @cached_property
    def text(self) -> str:
        return self.path.read_text()

    @cached_property
    def unfenced(self) -> str:
        """The text without its fenced blocks; as many lines as before."""
        return FENCE.sub(lambda found: "\n" * found[0].count("\n"), self.text)

    @property
    def fenced(self) -> list[str]:
        """The lines of its fenced blocks."""
        return [line for found in FENCE.finditer(self.text) for line in found[0].splitlines()[1:-1]]

    @property
    def code(self) -> list[str]:
        """What stands between backticks, each on one line."""
        return [" ".join(found[2].split()) for found in CODE.finditer(self.unfenced)]

    @property
    def links(self) -> list[str]:
        return [found[2] for found in LINK.finditer(CODE.sub("", self.unfenced))]

    @property
    def anchors(self) -> set[str]:
        """As GitHub makes them of headings: lower case, punctuation gone, dashes for spaces, -1 for a second one."""
        anchors: set[str] = set()
        for heading in HEADING.findall(self.unfenced):
            words = LINK.sub(r"\1", heading).replace("`", "").lower()
            plain = re.sub(r"[^\w\- ]", "", words).strip().replace(" ", "-")
            anchor, count = plain, 0
            while anchor in anchors:
                count += 1
                anchor = f"{plain}-{count}"
            anchors.add(anchor)
        return anchors

    @property
    def sentences(self) -> list[str]:
        """What is read aloud, sentence by sentence: code is one word, a list's item or a table's cell ends one."""
        prose = CODE.sub("CODE", self.unfenced)
        prose = re.sub(r"[*_]{1,2}(\S.*?\S|\S)[*_]{1,2}", r"\1", LINK.sub(r"\1", prose))
        prose = re.sub(r"^\s*([-*]|\d+\.|#+)\s+", "\n\n", prose, flags=re.MULTILINE)
        prose = "\n\n".join(re.split(r"\|", prose)) if "|" in prose else prose
        found = []
        for block in re.split(r"\n\s*\n", prose):
            found += re.split(r"(?<=[.!?])\s+(?=[A-Z0-9“\"])", " ".join(block.split()))
        return [sentence for sentence in found if sentence]


@functools.cache
def pages() -> list[Page]:
    """Every page of the checkout, README.md first."""
    found = []
    for folder, folders, files in os.walk(ROOT):
        # A venv has ten thousand folders, so that none of it is looked into.
        left_out = {"node_modules", *(ELSEWHERE if Path(folder) == ROOT else ())}
        folders[:] = [name for name in folders if not name.startswith(".") and name not in left_out]
        found += [Page(Path(folder, name)) for name in files if name.endswith(".md") and not name.startswith(".")]
    return sorted(found, key=lambda page: (len(page.path.parts), str(page)))


def to_read() -> list[Page]:
    """README.md and docs/: what somebody reads who does not read code."""
    return [page for page in pages() if str(page) == "README.md" or str(page).startswith("docs/")]
