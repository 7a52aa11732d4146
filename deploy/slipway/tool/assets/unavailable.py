"""Renders the project's 503.html once, for the web process and for nginx, which has it in its configuration."""

from pathlib import Path

from django.conf import settings
from django.template import TemplateDoesNotExist
from django.template.loader import render_to_string
from django.utils import translation

from slipway.web import errors
from slipway.web.errors import SlipwayError
from slipway.web.unavailable import NAME

# A page without any tag.
PLAIN = Path(errors.__file__).parent / "templates" / "slipway" / NAME
# nginx takes 4,096 bytes a string, and some characters of the page are two there.
MOST = 3500  # bytes
# With each \, ' and $ as deploy/agent/maintenance.py writes them.
MOST_QUOTED = 4000


def write() -> None:
    """Raises SlipwayError for a page that cannot be rendered without a request, or is too long for nginx."""
    text = render()
    size = len(text.encode())
    quoted = size + sum(text.count(sign) * more for sign, more in (("\\", 1), ("'", 1), ("$", 8))) + 2
    if size > MOST or quoted > MOST_QUOTED:
        written = f", and {quoted:,} with nginx's escapes" if size <= MOST else ""
        most = f"{MOST:,}" if size > MOST else f"{MOST_QUOTED:,}"
        raise SlipwayError(
            f"{NAME}: has {size:,} bytes when it is rendered{written}, and nginx takes {most}; "
            "move its styles into a static file"
        )
    (Path(settings.SLIPWAY_MANIFESTS) / NAME).write_text(text)


def render() -> str:
    """The project's own page, or a plain one. There is no request and no visitor; nothing asks the database."""
    try:
        with translation.override(settings.LANGUAGE_CODE):
            return render_to_string(NAME)
    except TemplateDoesNotExist as error:
        if str(error) == NAME:
            return PLAIN.read_text()
        raise SlipwayError(f"{NAME}: {error} is missing, which it extends or includes") from None
    except Exception as error:
        cause = f"{type(error).__name__}: {' '.join(str(error).split())}"
        raise SlipwayError(f"{NAME}: cannot be rendered without a request and a database: {cause}") from None
