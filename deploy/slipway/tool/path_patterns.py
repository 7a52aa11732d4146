"""Paths of site.yml, with * for any text: as regular expressions for nginx, and checked for the proof."""

import re
from collections.abc import Iterable

# With a text that no site has in place of a name.
_EVERYTHING = tuple(f"{prefix}{rest}" for prefix in ("/", "/static/", "/media/") for rest in ("~.~", "~/~.~"))


def expressions(paths: Iterable[str]) -> list[str]:
    """A regular expression of the whole path for each, in the same order."""
    # A dot does not match a newline.
    return [r"[\s\S]*".join(map(re.escape, path.split("*"))) + r"\Z" for path in paths]


def allows_everything(path: str) -> bool:
    """Whether ``path`` stands for any path of the site, of /static/ or of /media/; those with one extension too.

    The proof rejects the same ones: it is a program of its own.
    """
    (expression,) = expressions([path])
    ending = re.search(r"\*((\.\w+)?/?)$", path)
    rest = ending[1] if ending else ""
    return path == "/" or any(re.fullmatch(expression, each + rest) for each in _EVERYTHING)
