"""Points in time as a person gives them: UTC, unless they have a zone."""

from datetime import UTC, datetime

from slipway.web.errors import SlipwayError


def parse(text: str, name: str) -> datetime:
    """The time that a person gave as ``name``: ISO 8601, with a space or a T; without a zone it is UTC.

    Raises SlipwayError for anything else.
    """
    try:
        time = datetime.fromisoformat(text.strip())
    except ValueError:
        like = f'{name}="2026-12-01 10:14:59"'
        raise SlipwayError(f"{name}={text}: no time; write it like {like}, which is UTC") from None
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def past(text: str, name: str) -> datetime | None:
    """As `parse`, of a time that has come; None for "". Raises SlipwayError."""
    if not text:
        return None
    time = parse(text, name)
    if time > datetime.now(UTC):
        raise SlipwayError(f"{name}={text}: {shown(time)} has not come; it is UTC unless it has an offset")
    return time


def shown(time: datetime) -> str:
    """With milliseconds where it has any."""
    return f"{time:%Y-%m-%d %H:%M:%S}{f'.{time.microsecond // 1000:03}' if time.microsecond else ''} UTC"
