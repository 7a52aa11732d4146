"""Policies of IAM and S3, compared by what they allow and deny.

AWS sends a policy back in another order, and a list of one as a text. Sid and Id mean nothing.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

import itertools
import json
import re
from collections.abc import Mapping
from typing import Any

# 123456789012 as a principal is that account; S3 sends back its longer form.
ACCOUNT = re.compile(r"\d{12}")
SHOWN = 3

# One effect of one action on one resource for one principal, under conditions.
Grant = tuple[str, str, str, str, str]


def grants(document: Mapping[str, Any] | str | None) -> frozenset[Grant]:
    """Everything that a policy allows and denies, one by one: two policies that mean the same have the same grants."""
    if not document:
        return frozenset()
    if isinstance(document, str):
        document = json.loads(document)
    version = str(document.get("Version", "2008-10-17"))
    return frozenset(grant for one in _several(document.get("Statement", [])) for grant in _of_statement(one, version))


def same(current: Mapping[str, Any] | str | None, wanted: Mapping[str, Any] | str | None) -> bool:
    return grants(current) == grants(wanted)


def differences(current: Mapping[str, Any] | str | None, wanted: Mapping[str, Any] | str | None) -> list[str]:
    """A line for what only ``current`` has, and one for what only ``wanted`` has."""
    held, asked = grants(current), grants(wanted)
    spelled = _spellings(current) | _spellings(wanted)
    lines = []
    if more := held - asked:
        lines.append(f"{_shown(more, spelled)}: should not be there")
    if less := asked - held:
        lines.append(f"{_shown(less, spelled)}: is missing")
    return lines


def _of_statement(statement: Mapping[str, Any], version: str) -> list[Grant]:
    actions = _members(statement, "Action", str.lower)
    resources = _members(statement, "Resource", str)
    condition = _condition(statement.get("Condition") or {})
    if version != "2012-10-17" and "${" in json.dumps(statement):
        # Only the newer version replaces variables.
        condition += f" version {version}"
    effect = str(statement.get("Effect", ""))
    several = itertools.product(actions, resources, _principals(statement))
    return [(effect, action, resource, principal, condition) for action, resource, principal in several]


def _members(statement: Mapping[str, Any], name: str, form: Any) -> list[str]:
    """Each action or resource; all that are exempted together, because two exemptions are not one after another."""
    if f"Not{name}" in statement:
        return ["all but " + " and ".join(sorted({form(one) for one in _several(statement[f"Not{name}"])}))]
    return sorted({form(one) for one in _several(statement[name])}) if name in statement else [""]


def _principals(statement: Mapping[str, Any]) -> list[str]:
    name = "NotPrincipal" if "NotPrincipal" in statement else "Principal"
    value = statement.get(name)
    if value is None:
        return [""]
    kinds = {"AWS": value} if isinstance(value, str) else value
    listed = sorted({_principal(kind, one) for kind, several in kinds.items() for one in _several(several)})
    return ["all but " + " and ".join(listed)] if name == "NotPrincipal" else listed


def _principal(kind: str, name: str) -> str:
    if kind == "AWS" and ACCOUNT.fullmatch(name):
        name = f"arn:aws:iam::{name}:root"
    return "everybody" if (kind, name) == ("AWS", "*") else name


def _condition(condition: Mapping[str, Any]) -> str:
    """Operators and keys are not case-sensitive; a value may be a text, a number, true or false, or a list of them."""
    parts = sorted(
        f"{operator.lower()} {key.lower()} {', '.join(sorted({_value(operator, one) for one in _several(values)}))}"
        for operator, keys in condition.items()
        for key, values in keys.items()
    )
    return " and ".join(parts)


def _value(operator: str, value: Any) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return text.lower() if operator.lower().startswith(("bool", "null")) else text


def _several(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple | set | frozenset) else [value]


def _spellings(document: Mapping[str, Any] | str | None) -> dict[str, str]:
    """Each action, which is not case-sensitive, as somebody wrote it."""
    document = json.loads(document) if isinstance(document, str) else document or {}
    statements = _several(document.get("Statement", []))
    return {action.lower(): action for one in statements for action in _several(one.get("Action", []))}


def _shown(found: frozenset[Grant], spelled: Mapping[str, str]) -> str:
    """The first of ``found`` in words, its actions together."""
    together: dict[tuple[str, ...], list[str]] = {}
    for effect, action, resource, principal, condition in sorted(found):
        together.setdefault((effect, resource, principal, condition), []).append(spelled.get(action, action))
    words = [
        f"{effect} {', '.join(actions)}"
        + (f" on {resource}" if resource else "")
        + (f" for {principal}" if principal else "")
        + (f" if {condition}" if condition else "")
        for (effect, resource, principal, condition), actions in together.items()
    ]
    more = f"; and {len(words) - SHOWN} more" if len(words) > SHOWN else ""
    return "; ".join(words[:SHOWN]) + more
