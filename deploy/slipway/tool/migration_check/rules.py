"""What each operation does to code from before it. Operations without a rule are rejected."""

from functools import singledispatch

from django.contrib.postgres import operations as postgres
from django.db import migrations
from django.db.migrations.operations.base import Operation
from django.db.migrations.operations.models import AlterTogetherOptionOperation
from django.db.models import NOT_PROVIDED

from slipway.tool.migration_check.columns import altered, column
from slipway.tool.migration_check.steps import Step

TWO_RELEASES = "deploy a release that does without it first, and this with the next"
FORBIDS = "the running code may write rows that it forbids; deploy a release that does not first"
LOCKS = "nobody can write to the table meanwhile; if it is large, take AddIndexConcurrently (PostgreSQL alone)"


@singledispatch
def breaks(operation: Operation, step: Step) -> str:
    """Why ``operation`` breaks the running code, and what to do instead; or ""."""
    return _unknown(step)


def _unknown(step: Step) -> str:
    # An app that is new fills its own tables.
    return "" if step.new_app else "only you know what it does to the running code"


@breaks.register(migrations.CreateModel)
@breaks.register(migrations.AlterModelOptions)
@breaks.register(migrations.AlterModelManagers)
@breaks.register(migrations.AlterModelTableComment)
@breaks.register(migrations.RemoveIndex)
@breaks.register(migrations.RenameIndex)
@breaks.register(migrations.RemoveConstraint)
@breaks.register(migrations.AlterConstraint)
@breaks.register(postgres.AddIndexConcurrently)
@breaks.register(postgres.CreateExtension)
@breaks.register(postgres.CreateCollation)
@breaks.register(postgres.ValidateConstraint)
def _nothing(operation: Operation, step: Step) -> str:
    return ""


@breaks.register
def _run_python(operation: migrations.RunPython, step: Step) -> str:
    return "" if operation.code is migrations.RunPython.noop else _unknown(step)


@breaks.register
def _run_sql(operation: migrations.RunSQL, step: Step) -> str:
    return "" if operation.sql == migrations.RunSQL.noop else _unknown(step)


@breaks.register
def _delete_model(operation: migrations.DeleteModel, step: Step) -> str:
    return f"the running code reads this table; {TWO_RELEASES}" if step.serves else ""


@breaks.register
def _rename_model(operation: migrations.RenameModel, step: Step) -> str:
    # A table with a db_table of its own keeps its name.
    if not step.serves or step.model.options.get("db_table"):
        return ""
    table = "_".join(step.key)
    return f'the running code knows the table by its old name; keep that: class Meta: db_table = "{table}"'


@breaks.register
def _alter_model_table(operation: migrations.AlterModelTable, step: Step) -> str:
    default = "_".join(step.key)
    old, new = step.model.options.get("db_table") or default, operation.table or default
    if not step.serves or old == new:
        return ""
    return f'the running code knows the table by its old name; keep that: class Meta: db_table = "{old}"'


@breaks.register
def _add_field(operation: migrations.AddField, step: Step) -> str:
    field = operation.field
    if not step.serves or field.many_to_many:
        return ""
    if field.generated:
        return "nobody can use the table while the column is computed for every row; add a plain one and fill it"
    if field.null or field.db_default is not NOT_PROVIDED:
        return ""
    return (
        "rows that the running code adds have no value for it, and the database keeps no Python default: "
        "give it db_default=… or null=True"
    )


@breaks.register
def _remove_field(operation: migrations.RemoveField, step: Step) -> str:
    return f"the running code names this column in every query; {TWO_RELEASES}" if step.serves else ""


@breaks.register
def _rename_field(operation: migrations.RenameField, step: Step) -> str:
    field = step.model.fields[operation.old_name]
    if not step.serves or field.db_column:
        return ""
    if field.many_to_many:
        return "the running code knows the table between by its old name; keep that: db_table=… on the field"
    old = column(field, operation.old_name)
    return f'the running code knows the column by its old name; keep that: db_column="{old}" on the field'


@breaks.register
def _alter_field(operation: migrations.AlterField, step: Step) -> str:
    if not step.serves:
        return ""
    return altered(step.model.fields[operation.name], operation.field, operation.name)


@breaks.register
def _add_index(operation: migrations.AddIndex, step: Step) -> str:
    return LOCKS if step.serves else ""


@breaks.register
def _add_constraint(operation: migrations.AddConstraint, step: Step) -> str:
    return FORBIDS if step.serves else ""


@breaks.register
def _alter_unique_together(operation: migrations.AlterUniqueTogether, step: Step) -> str:
    return FORBIDS if step.serves and _adds(operation, step) else ""


@breaks.register
def _alter_index_together(operation: migrations.AlterIndexTogether, step: Step) -> str:
    return LOCKS if step.serves and _adds(operation, step) else ""


def _adds(operation: AlterTogetherOptionOperation, step: Step) -> bool:
    before = step.model.options.get(operation.option_name) or ()
    return not set(operation.option_value or ()) <= set(before)


@breaks.register
def _alter_order(operation: migrations.AlterOrderWithRespectTo, step: Step) -> str:
    old, new = step.model.options.get("order_with_respect_to"), operation.order_with_respect_to
    if not step.serves or bool(old) == bool(new):
        return ""
    return "the running code does not know that the column _order " + ("comes" if new else f"goes; {TWO_RELEASES}")
