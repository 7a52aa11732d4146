"""Compares the current with the wanted configuration, field by field.

AWS returns more fields than were sent, so only the fields of the wanted configuration count. A wanted configuration
names each field that matters, the neutral ones too: what AWS leaves out is the same as an empty value.
"""

from typing import Any

# The keys of items in CloudFront's lists.
KEYS = ("Id", "ErrorCode", "Header", "HeaderName", "ID", "Sid")


class Marker:
    """A wanted value that is none."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name


# Should not be set: named as a drift, and not sent.
UNSET = Marker("unset")
# AWS sends it back beside what replaced it, and rejects it beside that: neither named nor sent.
ECHO = Marker("echo")


def overlay(current: Any, wanted: Any, path: str = "") -> tuple[Any, list[str]]:
    """``current`` with the fields of ``wanted``, and a line for each field that differs."""
    if isinstance(wanted, dict) and isinstance(current, dict):
        merged, drifts = dict(current), []
        for name, value in wanted.items():
            held, inner = merged.pop(name, None), f"{path}.{name}".lstrip(".")
            if isinstance(value, Marker):
                if value is UNSET and not _is_neutral(held):
                    drifts.append(f"{inner} is {_short(held)}, should be absent")
            elif held is None and _is_neutral(value):
                merged[name] = without_markers(value)
            else:
                merged[name], more = overlay(held, value, inner)
                drifts += more
        if "Quantity" in wanted and "Items" not in wanted:
            items = merged.pop("Items", None)
            if items and len(drifts) == 1:
                drifts = [f"{path} holds {_short(items)}, should be empty"]
        return merged, drifts
    if isinstance(wanted, list) and isinstance(current, list):
        return _overlay_list(current, wanted, path)
    if current == wanted:
        return current, []
    return without_markers(wanted), [_differs(path, current, without_markers(wanted))]


def without_markers(wanted: Any) -> Any:
    """What to send for a resource that is not there yet."""
    if isinstance(wanted, dict):
        return {name: without_markers(one) for name, one in wanted.items() if not isinstance(one, Marker)}
    return [without_markers(one) for one in wanted] if isinstance(wanted, list) else wanted


def _is_neutral(value: Any) -> bool:
    """Whether a value says nothing: AWS sends such values back for members that were never set."""
    if isinstance(value, dict):
        return all(_is_neutral(one) for one in value.values())
    return value in (None, "", "none", False, 0, [])


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
