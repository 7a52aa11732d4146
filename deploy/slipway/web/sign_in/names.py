"""Whom a password is tried for."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import FieldError, MultipleObjectsReturned, ObjectDoesNotExist, ValidationError

# A number or a UUID cannot be any text.
NOBODY = (ObjectDoesNotExist, MultipleObjectsReturned, FieldError, ValidationError, TypeError, ValueError)
# As django.contrib.auth cleans credentials for its own signal.
SECRET = re.compile(r"api|token|key|secret|password|signature", re.I)
LONGEST = 1000  # characters; more are no account's


def names(credentials: Mapping[str, Any]) -> list[str]:
    """What the visitor calls himself, in each way that he gives: any backend may take any of them. Empty where no
    password is tried (a token, a header of another server's)."""
    if not any("password" in key.lower() for key in credentials):
        return []
    usual = dict.fromkeys(("username", get_user_model().USERNAME_FIELD, "email", "login"))
    said = [credentials[key] for key in usual if credentials.get(key)]
    others = [value for key, value in credentials.items() if value and not SECRET.search(key)]
    return [str(each)[:LONGEST] for each in said or others[:1] or [""]]


def meant(name: str) -> tuple[str, tuple[Any, ...]]:
    """The account whose tries count, and the users that ``name`` may mean: whose exact name it is, and whose mail
    address. Which of two a backend looks at is not known here; where several have the address there is nobody."""
    exact = name.replace("\0", "")
    # A user model that is not made from Django's own may lack this.
    plain = getattr(get_user_model(), "normalize_username", str)(exact.strip())
    named, owners = _named(exact), _owners(plain)
    users = {user.pk: user for user in (*named, *owners)} if len(owners) < 2 else {}
    return folded(owners[0].get_username() if len(owners) == 1 else plain), tuple(users.values())


def folded(name: str) -> str:
    """The same text for all names that a database may take for each other, whatever its rules for case and accents.

    Different people's may be one here: it says whose tries are counted together, and never who somebody is."""
    plain = "".join(each for each in unicodedata.normalize("NFKD", name) if not unicodedata.combining(each))
    return plain.upper().casefold()


def _named(name: str) -> list[Any]:
    # As ModelBackend asks.
    find = getattr(get_user_model()._default_manager, "get_by_natural_key", None)
    try:
        return [find(name)] if find else []
    except NOBODY:
        return []


def _owners(address: str) -> list[Any]:
    """Two of the users that have this mail address, at most."""
    model = get_user_model()
    field = getattr(model, "EMAIL_FIELD", "email")
    if "@" not in address or field == model.USERNAME_FIELD or all(each.name != field for each in model._meta.fields):
        return []
    try:
        return list(model._default_manager.filter(**{f"{field}__iexact": address})[:2])
    except FieldError:
        # An encrypted one cannot be asked so.
        return []
