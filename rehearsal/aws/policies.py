"""A policy as AWS may send it back: the same in meaning, in another form.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

import re
from typing import Any

ROOT = re.compile(r"arn:aws:iam::(\d{12}):root")


def reshuffled(document: dict[str, Any]) -> dict[str, Any]:
    """Statements and lists in another order, lists of one as a text, texts as a list of one."""
    statements = document["Statement"] if isinstance(document["Statement"], list) else [document["Statement"]]
    changed = [_statement(one) for one in reversed(statements)]
    return {**document, "Statement": changed[0] if len(changed) == 1 else changed}


def _statement(statement: dict[str, Any]) -> dict[str, Any]:
    return {name: _FORMS.get(name, _several)(value) for name, value in reversed(statement.items())}


def _several(value: Any) -> Any:
    if isinstance(value, list):
        return value[0] if len(value) == 1 else [*reversed(value)]
    return [value]


def _principal(value: Any) -> Any:
    if value == "*":
        return {"AWS": "*"}
    return {kind: ROOT.sub(r"\1", names) if isinstance(names, str) else names for kind, names in value.items()}


def _condition(value: dict[str, Any]) -> dict[str, Any]:
    return {
        operator: {key[:4].lower() + key[4:]: _condition_value(operator, held) for key, held in keys.items()}
        for operator, keys in value.items()
    }


def _condition_value(operator: str, value: Any) -> Any:
    if operator in ("Bool", "Null"):
        return value == "true"
    return _several(value)


def _same(value: Any) -> Any:
    return value


_FORMS = {"Sid": _same, "Effect": _same, "Principal": _principal, "Condition": _condition}
