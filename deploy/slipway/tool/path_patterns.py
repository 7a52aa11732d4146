"""Turns paths of site.yml, with * for any text, into regular expressions for nginx."""

import re
from collections.abc import Iterable


def expressions(paths: Iterable[str]) -> list[str]:
    """A regular expression of the whole path for each, in the same order."""
    # A dot does not match a newline.
    return [r"[\s\S]*".join(map(re.escape, path.split("*"))) + r"\Z" for path in paths]
