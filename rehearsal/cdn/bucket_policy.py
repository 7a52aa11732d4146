"""Whether a bucket policy lets CloudFront read for one distribution.

https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-restricting-access-to-s3.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

import re
from collections.abc import Mapping

SERVICE = "cloudfront.amazonaws.com"


def allows(policy: Mapping, action: str, resource: str, context: Mapping[str, str]) -> bool:
    """Whether ``cloudfront.amazonaws.com`` may do ``action`` (``s3:GetObject``) on ``resource``.

    ``context`` holds the condition keys in lower case: ``aws:sourcearn``, ``aws:sourceaccount``
    and ``aws:securetransport``. An Allow must name the distribution by AWS:SourceArn: one without
    it would allow every distribution of any account, and does not count. A Deny always wins.
    """
    matching = [
        statement
        for statement in _listed(policy.get("Statement"))
        if _principal(statement)
        and _named(statement, "Action", action, ignore_case=True)
        and _named(statement, "Resource", resource)
        and _conditions(statement, context)
    ]
    if any(statement["Effect"] == "Deny" for statement in matching):
        return False
    return any(statement["Effect"] == "Allow" and _names_source_arn(statement) for statement in matching)


def _principal(statement: Mapping) -> bool:
    if "NotPrincipal" in statement:
        return SERVICE not in _listed(dict(statement["NotPrincipal"]).get("Service"))
    principal = statement.get("Principal")
    if principal == "*":
        return True
    if not isinstance(principal, Mapping):
        return False
    return SERVICE in _listed(principal.get("Service")) or "*" in _listed(principal.get("AWS"))


def _named(statement: Mapping, element: str, value: str, ignore_case: bool = False) -> bool:
    negated = f"Not{element}" in statement
    patterns = _listed(statement.get(f"Not{element}" if negated else element))
    return any(_like(pattern, value, ignore_case) for pattern in patterns) != negated


def _names_source_arn(statement: Mapping) -> bool:
    tests = statement.get("Condition", {}).values()
    return any(key.lower() == "aws:sourcearn" for test in tests for key in test)


def _conditions(statement: Mapping, context: Mapping[str, str]) -> bool:
    return all(
        _condition(operator, context.get(key.lower()), _listed(expected), statement["Effect"])
        for operator, tests in statement.get("Condition", {}).items()
        for key, expected in tests.items()
    )


def _condition(operator: str, actual: str | None, expected: list, effect: str) -> bool:
    wanted = [str(each).lower() if isinstance(each, bool) else str(each) for each in expected]
    name = operator.removesuffix("IfExists")
    if actual is None:
        return name != operator or "Not" in name
    match name:
        case "StringEquals":
            return actual in wanted
        case "StringEqualsIgnoreCase" | "Bool":
            return actual.lower() in {each.lower() for each in wanted}
        case "StringLike" | "ArnEquals" | "ArnLike":
            return any(_like(each, actual) for each in wanted)
        case "StringNotEquals":
            return actual not in wanted
        case "StringNotLike" | "ArnNotEquals" | "ArnNotLike":
            return not any(_like(each, actual) for each in wanted)
    # An unknown operator never allows, and always denies.
    return effect == "Deny"


def _like(pattern: str, value: str, ignore_case: bool = False) -> bool:
    escaped = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return bool(re.fullmatch(escaped, value, re.DOTALL | (re.IGNORECASE if ignore_case else 0)))


def _listed(value) -> list:
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]
