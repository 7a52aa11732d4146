"""Sentry for a project that has sentry-sdk and a SENTRY_DSN among its secrets: it need not call anything."""

from collections.abc import Mapping

from slipway import ROOT
from slipway.web import switch

VARIABLE = "SENTRY_DSN"


def start(environ: Mapping[str, str]) -> None:
    """Sends exceptions and errors to Sentry from now on, unless the project has begun that itself."""
    if not environ.get(VARIABLE) or not switch.production(environ):
        return
    try:
        import sentry_sdk
    except ImportError:
        # A deploy says so.
        return
    if sentry_sdk.get_client().is_active():
        return
    # https://docs.sentry.io/platforms/python/configuration/options/
    sentry_sdk.init(
        dsn=environ[VARIABLE],
        # The folder of a release is called as the release.
        release=ROOT.name,
        environment=switch.PRODUCTION,
        # Nothing of a visitor: no address or cookie, no form, no variable of a function that may hold them.
        send_default_pii=False,
        max_request_body_size="never",
        include_local_variables=False,
        before_send=_with_request_id,
    )


def _with_request_id(event: dict, hint: dict) -> dict:
    """A tag, by which nginx's line of the request is found."""
    # Here: a deploy reads the name above, and is not to wait for Django.
    from slipway.web import request_id

    if request_id.current.get():
        event.setdefault("tags", {})["request_id"] = request_id.current.get()
    return event
