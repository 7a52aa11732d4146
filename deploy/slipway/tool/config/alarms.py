"""Who is told when something is wrong on the server. URLs are not here: they are secrets, in `make secrets`."""

import difflib
from dataclasses import dataclass

from slipway.tool.config.forms import EMAIL, SELECTOR
from slipway.tool.config.values import Values

# What a webhook understands.
FORMS = ("ntfy", "slack", "json")
KEYS = ("mail", "sender", "webhook", "dkim_selector")


@dataclass(frozen=True, slots=True)
class Alarms:
    """``mail``: addresses. ``sender``: whose mail it is. ``webhook``: its form, "" where its host says it.
    ``dkim_selector``: of the key that signs the mail, "" where nobody knows."""

    mail: tuple[str, ...] = ()
    sender: str = ""
    webhook: str = ""
    dkim_selector: str = ""


def alarms(values: Values, domain: str) -> Alarms:
    given = values.get("alarms", {})
    for key in given:
        if key not in KEYS:
            near = difflib.get_close_matches(str(key), KEYS, 1)
            hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(KEYS)}"
            raise values.error("alarms", f"{key}: unknown; {hint} (the URLs are secrets: `make secrets`)")
    listed = given.get("mail", [])
    mail = [listed] if isinstance(listed, str) else listed
    if not isinstance(mail, list) or (not mail and "mail" in given):
        raise values.error("alarms", f"mail: expected an address or a list of them, got {listed!r}")
    sender = given.get("sender", f"alarms@{domain}")
    for key, address in [*(("mail", each) for each in mail), ("sender", sender)]:
        # It stands in a header, and in an SMTP command.
        if not isinstance(address, str) or not EMAIL.fullmatch(address) or not address.isascii():
            raise values.error("alarms", f"{key}: {address!r} is not an address like you@example.com")
    form = given.get("webhook", "")
    if form and form not in FORMS:
        what = "; its URL is a secret, ALARM_WEBHOOK in `make secrets`" if "/" in str(form) else ""
        raise values.error("alarms", f"webhook: {form!r} is not one of {', '.join(FORMS)}{what}")
    selector = given.get("dkim_selector", "")
    if selector and not SELECTOR.fullmatch(str(selector)):
        raise values.error("alarms", f"dkim_selector: {selector!r} is not the name before ._domainkey in the DNS")
    return Alarms(tuple(dict.fromkeys(mail)), sender, form, str(selector))
