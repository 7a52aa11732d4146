"""Compares the current with the wanted configuration, field by field.

AWS returns more fields than were sent, so only the fields of the wanted configuration count.
"""

from typing import Any

# The keys of items in CloudFront's lists.
KEYS = ("Id", "ErrorCode", "Header", "ID", "Sid")


def overlay(current: Any, wanted: Any, path: str = "") -> tuple[Any, list[str]]:
    """``current`` with the fields of ``wanted``, and a line for each field that differs."""
    if isinstance(wanted, dict) and isinstance(current, dict):
        merged, drifts = dict(current), []
        for name, value in wanted.items():
            merged[name], more = overlay(current.get(name), value, f"{path}.{name}".lstrip("."))
            drifts += more
        if "Quantity" in wanted and "Items" not in wanted:
            merged.pop("Items", None)
        return merged, drifts
    if isinstance(wanted, list) and isinstance(current, list):
        return _overlay_list(current, wanted, path)
    if current == wanted:
        return current, []
    return wanted, [_differs(path, current, wanted)]


def _overlay_list(current: list[Any], wanted: list[Any], path: str) -> tuple[list[Any], list[str]]:
    key = _key(current, wanted)
    if key is None and len(current) == len(wanted) == 1 and isinstance(wanted[0], dict):
        one, drifts = overlay(current[0], wanted[0], f"{path}[0]")
        return [one], drifts
    if key is None:
        # To AWS the order of methods, origins or headers does not matter.
        if sorted(map(repr, current)) == sorted(map(repr, wanted)):
            return current, []
        return wanted, [_differs(path, current, wanted)]
    held = {item[key]: item for item in current}
    merged, drifts = [], []
    for item in wanted:
        one, more = overlay(held.pop(item[key], None), item, f"{path}[{item[key]}]")
        merged.append(one)
        drifts += more
    drifts += [f"{path}[{name}] is there, should not be" for name in held]
    return merged, drifts


def _key(*lists: list[Any]) -> str | None:
    items = [item for items in lists for item in items]
    for key in KEYS:
        if items and all(isinstance(item, dict) and key in item for item in items):
            return key
    return None


def _differs(path: str, current: Any, wanted: Any) -> str:
    return f"{path} is {_short(current)}, should be {_short(wanted)}"


def _short(value: Any) -> str:
    if value is None:
        return "absent"
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
