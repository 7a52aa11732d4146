"""Paths of site.yml, with * for any text, as the regular expressions that nginx is given."""

import re
from collections.abc import Iterable


def expressions(paths: Iterable[str]) -> list[str]:
    """One regular expression of a whole path for each, in their order."""
    # A dot would stop at a line's end.
    return [r"[\s\S]*".join(map(re.escape, path.split("*"))) + r"\Z" for path in paths]
