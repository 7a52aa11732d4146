"""The kinds of machine that there are, by the name that MACHINE=… gives."""

from rehearsal.machine.boot import Emulated
from rehearsal.machine.container.boot import Container
from rehearsal.machine.machine import Machine

KINDS: dict[str, type[Machine]] = {kind.kind: kind for kind in (Emulated, Container)}
DEFAULT = Emulated.kind
