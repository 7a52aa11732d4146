"""systemd's calendar expressions, as far as a schedule needs them, checked where there may be no systemd.

What is accepted here systemd accepts too; `systemd-analyze calendar` of the server has the last word before anything is
changed. https://www.freedesktop.org/software/systemd/man/latest/systemd.time.html#Calendar%20Events
"""

import re
import zoneinfo

SHORTHANDS = {"minutely", "hourly", "daily", "weekly", "monthly", "quarterly", "semiannually", "yearly", "annually"}
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
UTC = "UTC"
# The parts of a date and of a time with their values.
DATE = ((1970, 2199), (1, 12), (1, 31))
TIME = ((0, 23), (0, 59), (0, 59))


def fault(expression: str) -> str:
    """What is wrong with it, in a few words; "" for an expression."""
    words = expression.split()
    zone = words.pop() if _names_zone(words) else UTC
    if zone.upper() != UTC and zone not in zoneinfo.available_timezones():
        return f"{zone} is no time zone"
    if len(words) == 1 and words[0].lower() in SHORTHANDS:
        return ""
    days = words.pop(0) if words and words[0][0].isalpha() else ""
    date = words.pop(0) if words and re.search(r"[0-9*][-~]", words[0]) else ""
    time = words.pop(0) if words and ":" in words[0] else ""
    if words or not (days or date or time):
        return f"{words[0]!r} is neither a day, a date nor a time" if words else "nothing is named"
    return _days(days) or _date(date) or _time(time)


def with_zone(expression: str) -> str:
    """The expression with its time zone: UTC where it names none, whatever the server's own is."""
    words = expression.split()
    return " ".join(words if _names_zone(words) else [*words, UTC])


def _names_zone(words: list[str]) -> bool:
    """Whether the last one is a time zone: UTC, or a name like Europe/Berlin."""
    last = words[-1] if words else ""
    return last.upper() == UTC or ("/" in last and last[0].isalpha())


def _days(text: str) -> str:
    for span in text.split(",") if text else ():
        days = span.split("..")
        if len(days) > 2 or any(day.lower() not in (*DAYS, *NAMES) for day in days):
            return f"{span or text!r} is no day like Mon or Mon..Fri"
    return ""


def _date(text: str) -> str:
    # "~" counts a month's days from its end.
    parts = re.sub(r"~(?=[^~-]*$)", "-", text).split("-") if text else []
    if parts and len(parts) not in (2, 3):
        return f"{text} is no date like *-*-01"
    return _parts(parts, DATE[-len(parts) :], "date")


def _time(text: str) -> str:
    parts = text.split(":") if text else []
    if len(parts) > len(TIME):
        return f"{text} is no time like 06:00"
    return _parts(parts, TIME, "time")


def _parts(parts: list[str], ranges: tuple[tuple[int, int], ...], what: str) -> str:
    for part, (low, high) in zip(parts, ranges, strict=False):
        for each in part.split(","):
            found = re.fullmatch(r"\*|(\d{1,4})(?:\.\.(\d{1,4}))?(?:/(\d{1,4}))?", each, re.ASCII)
            if not found:
                return f"{each or part!r} is no part of a {what}"
            first, last, step = (int(number) if number else None for number in found.groups())
            if any(number is not None and not low <= number <= high for number in (first, last)):
                return f"{each} is not between {low} and {high}"
            if (last is not None and last < first) or (step is not None and not 0 < step <= high - first):
                return f"{each} is no part of a {what}"
    return ""
