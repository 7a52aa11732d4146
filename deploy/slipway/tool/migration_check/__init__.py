"""Rejects migrations that the running code could not live with; it serves on until the new release is up.

Judged where the release is built, before anything is sent, by the operations of the migrations that the server lacks.
The database is taken to be PostgreSQL, whatever the build has. What a person knows better is said in the migration:

    class Migration(migrations.Migration):
        safe_for_old_code = "no release since 3 May reads this column"
"""

from collections.abc import Collection
from dataclasses import dataclass

from slipway import ROOT
from slipway.tool.migration_check.rules import breaks
from slipway.tool.migration_check.steps import Key, steps
from slipway.web.errors import SlipwayError

MARK = "safe_for_old_code"


@dataclass(frozen=True, slots=True)
class Finding:
    """``file: operation`` breaks the running code, for ``reason``, which says what to do instead."""

    file: str
    operation: str
    reason: str

    def __str__(self) -> str:
        return f"{self.file}: {self.operation}: {self.reason}"


def find_unsafe(applied: Collection[Key]) -> list[Finding]:
    """What is unsafe, in the order in which it would run. On a first deploy no code serves, so nothing is."""
    found = []
    for step in steps(applied) if applied else ():
        reason = breaks(step.operation, step)
        said = getattr(step.migration, MARK, None)
        if reason and not (isinstance(said, str) and said.strip()):
            file = step.file.relative_to(ROOT) if step.file.is_relative_to(ROOT) else step.file
            found.append(Finding(str(file), step.operation.describe(), reason))
    return found


def rejection(found: list[Finding]) -> SlipwayError:
    """The first in full, the others by name."""
    also = "".join(f"; also {other.file}: {other.operation}" for other in found[1:])
    return SlipwayError(
        f'{found[0]}; where it is safe, say why in the migration ({MARK} = "…"); '
        f"`make deploy ALLOW_UNSAFE=1` takes the errors until the new release is up{also}"
    )
