"""Rejects migrations that would break the running code, which serves until the new release is up.

It checks the operations of unapplied migrations on the building machine, before anything is sent. It assumes
PostgreSQL, whatever database the build has. A migration can declare itself safe:

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
    """``file: operation`` breaks the running code; ``reason`` says why, and what to do instead."""

    file: str
    operation: str
    reason: str

    def __str__(self) -> str:
        return f"{self.file}: {self.operation}: {self.reason}"


def find_unsafe(applied: Collection[Key]) -> list[Finding]:
    """The unsafe operations, in the order in which they would run; none on a first deploy, where no code runs."""
    found = []
    for step in steps(applied) if applied else ():
        reason = breaks(step.operation, step)
        waived = getattr(step.migration, MARK, None)
        if reason and not (isinstance(waived, str) and waived.strip()):
            file = step.file.relative_to(ROOT) if step.file.is_relative_to(ROOT) else step.file
            found.append(Finding(str(file), step.operation.describe(), reason))
    return found


def rejection(found: list[Finding]) -> SlipwayError:
    """The first in full, the others by name."""
    also = "".join(f"; also {other.file}: {other.operation}" for other in found[1:])
    return SlipwayError(
        f'{found[0]}; where it is safe, say why in the migration ({MARK} = "…"); '
        f"`make deploy ALLOW_UNSAFE=1` accepts errors until the new release is up{also}"
    )
