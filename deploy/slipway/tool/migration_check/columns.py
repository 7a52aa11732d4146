"""What a changed field does to its PostgreSQL column, and to code with the old field."""

import re

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import NOT_PROVIDED, Field
from django.db.utils import ConnectionHandler

PLAIN = ConnectionHandler({"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "any"}})
SIZED = re.compile(r"(varchar|numeric)\((\d+)(?:, ?(\d+))?\)")


def column(field: Field, name: str) -> str:
    """The name of the column of ``field``, which the model calls ``name``."""
    return _bound(field, name).column


def altered(old: Field, new: Field, name: str) -> str:
    """Why code with the field ``old`` breaks on ``new``, and what to do instead; or ""."""
    if old.many_to_many and new.many_to_many:
        return ""
    old, new = _bound(old, name), _bound(new, name)
    if old.column != new.column:
        return f'the running code knows the column by its old name; keep that: db_column="{old.column}"'
    moved = _moved(old, new)
    if moved:
        return f"{moved}; add a field beside it, fill it, and move over with the next release"
    if old.null and not new.null:
        return "the running code may write NULL; deploy a release that never does first, and this with the next"
    if old.db_default is not NOT_PROVIDED and new.db_default is NOT_PROVIDED and not new.null:
        return "the running code leaves the value to the database; take db_default out with the next release"
    if (new.unique and not old.unique) or _check(new) not in (None, _check(old)):
        return "the running code may write values that it forbids; deploy a release that keeps to it first"
    if new.db_index and not (old.db_index or old.unique or new.unique):
        return (
            "nobody can write to the table while its index is built; if it is large, take AddIndexConcurrently instead"
        )
    return ""


def _moved(old: Field, new: Field) -> str:
    """How the type differs, when the old code or existing rows may not fit the new one."""
    if old.is_relation or new.is_relation:
        same = old.is_relation and new.is_relation and _target(old) == _target(new)
        return "" if same else "the running code expects another kind of value in the column"
    if old.primary_key != new.primary_key:
        return "the running code finds rows by the old primary key"
    before, after = _type(old), _type(new)
    if before == after or (before[1] == after[1] and _holds(before[0], after[0])):
        return ""
    if before[0] == after[0]:
        return f"the collation changes from {before[1]} to {after[1]}, and every index with it is rebuilt"
    return f"the column changes from {before[0]} to {after[0]}, which may not hold what the running code writes"


def _holds(old: str | None, new: str | None) -> bool:
    """Whether every value of the type ``old`` is one of ``new``, and no row has to be rewritten."""
    if old is None or new is None:
        return False
    before, after = SIZED.fullmatch(old), SIZED.fullmatch(new)
    if before and new in (("varchar", "text") if before[1] == "varchar" else ("numeric",)):
        return True
    if {old, new} == {"varchar", "text"}:
        return True
    if not before or not after or before[1] != after[1]:
        return False
    return int(after[2]) >= int(before[2]) and before[3] == after[3]


def _type(field: Field) -> tuple[str | None, str | None]:
    parameters = field.db_parameters(_postgresql())
    return parameters["type"], parameters.get("collation")


def _check(field: Field) -> str | None:
    return field.db_check(_postgresql())


def _target(field: Field) -> tuple[str, object]:
    model = field.remote_field.model
    name = model if isinstance(model, str) else model._meta.label
    return name.lower(), getattr(field.remote_field, "field_name", None)


def _bound(field: Field, name: str) -> Field:
    """A copy with its column's name, as a field of a model has."""
    copy = field.clone()
    copy.set_attributes_from_name(name)
    return copy


def _postgresql() -> BaseDatabaseWrapper:
    """The project's own connection, which may have more types, or a plain one; neither connects."""
    own = connections["default"]
    return own if own.vendor == "postgresql" else PLAIN["default"]
