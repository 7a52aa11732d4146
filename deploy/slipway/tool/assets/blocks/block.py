"""A `{% compress %}` block of a template, whichever engine renders it."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from compressor.exceptions import OfflineGenerationError

from slipway.tool.assets.collect import shown
from slipway.web.errors import SlipwayError


class BlockError(SlipwayError):
    """A block cannot be compressed: a page that renders it would fail."""


@dataclass(frozen=True)
class Block:
    """``content`` renders what is in the block: its text, and the variables that it has asked for in vain."""

    path: str
    line: int
    kind: str
    mode: str
    name: str | None
    content: Callable[[], tuple[str, Collection[str]]]

    @property
    def place(self) -> str:
        return f"{shown(self.path)}:{self.line}"

    def error(self, problem: str) -> BlockError:
        return BlockError(f"{self.place}: {{% compress {self.kind} %}}: {problem}")

    def render(self) -> str:
        """Raises BlockError where the content cannot be known before a request."""
        try:
            content, missing = self.content()
        except OfflineGenerationError:
            raise self.error("another {% compress %} is in it; take one of them out") from None
        except Exception as error:  # a tag may raise anything while it is rendered
            raise self.error(one_line(error)) from None
        if missing:
            names = ", ".join(sorted(missing))
            raise BlockError(
                f"{self.place}: {{% compress %}} uses the variable {names}, and a bundle is built "
                "before any request; move it out of the block or name it in COMPRESS_OFFLINE_CONTEXT"
            )
        return content


def one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
