"""Which account a password is tried for."""

import re
from collections.abc import Mapping
from typing import Any

from django.contrib.auth import get_user_model

# As django.contrib.auth cleans credentials for its own signal.
SECRET = re.compile(r"api|token|key|secret|password|signature", re.I)
LONGEST = 1000  # characters; more are no account's


def name(credentials: Mapping[str, Any]) -> str | None:
    """What the visitor calls himself; None where no password is tried (a token, a header of another server's)."""
    if not any("password" in key.lower() for key in credentials):
        return None
    usual = (get_user_model().USERNAME_FIELD, "username", "email", "login")
    others = [key for key in credentials if not SECRET.search(key)]
    said = next((credentials[key] for key in (*usual, *others) if credentials.get(key)), "")
    return str(said)[:LONGEST]


def account(name: str) -> str:
    """The same text for every way to write the same account: as the user model normalises it, in one case, and by the
    user's name where it is the mail address of one."""
    model = get_user_model()
    field = getattr(model, "EMAIL_FIELD", "email")
    # A model that is not made from Django's own may lack either.
    plain = getattr(model, "normalize_username", str)(name.strip().replace("\0", ""))
    if "@" in plain and field != model.USERNAME_FIELD and any(each.name == field for each in model._meta.fields):
        # As many questions for an address that nobody has.
        owners = model._default_manager.filter(**{f"{field}__iexact": plain}).values_list(
            model.USERNAME_FIELD, flat=True
        )
        found = list(owners[:2])
        plain = str(found[0]) if len(found) == 1 else plain
    return plain.casefold()
