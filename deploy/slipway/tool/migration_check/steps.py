"""The operations that a server's database has not applied, each with the models' state before it."""

import inspect
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db.migrations import CreateModel, Migration, RenameModel, SeparateDatabaseAndState
from django.db.migrations.exceptions import BadMigrationError, CircularDependencyError, NodeNotFoundError
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ModelState, ProjectState

from slipway.web.errors import SlipwayError

Key = tuple[str, str]  # an app's label and a migration's name, or a model's in lower case


@dataclass(frozen=True, slots=True)
class Step:
    """``state`` is the project's state before it; ``made`` are the tables that the same deploy creates."""

    migration: Migration
    operation: Operation
    state: ProjectState
    made: Collection[Key]
    new_app: bool

    @property
    def file(self) -> Path:
        return Path(inspect.getfile(type(self.migration)))

    @property
    def key(self) -> Key:
        """The model of the operation."""
        of_field = getattr(self.operation, "model_name_lower", None)
        return self.migration.app_label, of_field or getattr(self.operation, "name_lower", "")

    @property
    def model(self) -> ModelState:
        return self.state.models[self.key]

    @property
    def serves(self) -> bool:
        """Whether the running code may use the table: not a new one, nor a model without one."""
        options = self.model.options
        swapped = getattr(settings, options.get("swappable") or "", None)
        elsewhere = swapped is not None and tuple(swapped.lower().split(".")) != self.key
        return not (self.key in self.made or elsewhere or options.get("proxy") or options.get("managed") is False)


def steps(applied: Collection[Key]) -> Iterator[Step]:
    """The operations of `migrate`, in its order. Raises SlipwayError when the migrations are inconsistent."""
    try:
        loader = _Loader(applied)
    except (BadMigrationError, CircularDependencyError, NodeNotFoundError) as error:
        raise SlipwayError(f"the migrations are inconsistent: {error}") from None
    order = dict.fromkeys(key for leaf in loader.graph.leaf_nodes() for key in loader.graph.forwards_plan(leaf))
    state = ProjectState()
    for key in order:
        if key in loader.applied_migrations:
            loader.graph.nodes[key].mutate_state(state, preserve=False)
    known_apps = {label for label, _ in applied}
    made: set[Key] = set()
    for key in order:
        if key not in loader.applied_migrations:
            migration = loader.graph.nodes[key]
            for operation in migration.operations:
                for each, before in _walk(operation, migration.app_label, state):
                    step = Step(migration, each, before, made, migration.app_label not in known_apps)
                    yield step
                    made |= _makes(step)


def _walk(operation: Operation, label: str, state: ProjectState) -> Iterator[tuple[Operation, ProjectState]]:
    """The database operations of ``operation``, each with the state before it; updates ``state``."""
    if isinstance(operation, SeparateDatabaseAndState):
        separate = state.clone()
        for inner in operation.database_operations:
            yield from _walk(inner, label, separate)
    else:
        yield operation, state
    operation.state_forwards(label, state)


def _makes(step: Step) -> set[Key]:
    if isinstance(step.operation, CreateModel):
        return {step.key}
    if isinstance(step.operation, RenameModel) and step.key in step.made:
        return {(step.key[0], step.operation.new_name_lower)}
    return set()


class _Loader(MigrationLoader):
    """Django's own loader, with a list of applied migrations in place of a database; squashed ones included."""

    def __init__(self, applied: Collection[Key]) -> None:
        self._applied = dict.fromkeys(applied)
        super().__init__(None)

    @property
    def applied_migrations(self) -> dict[Key, None]:
        return self._applied

    @applied_migrations.setter
    def applied_migrations(self, nothing: dict) -> None:
        """Ignored: without a connection the loader would set it to nothing."""

    def load_disk(self) -> None:
        super().load_disk()
        # The list may have only the squashed migration; Django's table also has those that it replaced.
        for key, migration in self.disk_migrations.items():
            if key in self._applied:
                self._applied |= dict.fromkeys(map(tuple, migration.replaces))
