"""The accounts that a sign-in names."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import FieldError, MultipleObjectsReturned, ObjectDoesNotExist, ValidationError

# Exceptions of a lookup; a username may be a number or a UUID, which not every text is.
NOBODY = (ObjectDoesNotExist, MultipleObjectsReturned, FieldError, ValidationError, TypeError, ValueError)
# The pattern by which django.contrib.auth cleans credentials for its own signal.
SECRET = re.compile(r"api|token|key|secret|password|signature", re.I)
MAX_LENGTH = 1000  # characters; no account's name is longer


def names(credentials: Mapping[str, Any]) -> list[str]:
    """The usernames and mail addresses among the credentials: a backend may use any of them. Empty without a password
    (a token, a header of another server's)."""
    if not any("password" in key.lower() for key in credentials):
        return []
    usual = dict.fromkeys(("username", get_user_model().USERNAME_FIELD, "email", "login"))
    entered = [credentials[key] for key in usual if credentials.get(key)]
    others = [value for key, value in credentials.items() if value and not SECRET.search(key)]
    return [str(each)[:MAX_LENGTH] for each in entered or others[:1] or [""]]


def resolve(name: str) -> tuple[str, tuple[Any, ...]]:
    """The account whose tries count, and the users that ``name`` may mean: by exact name and by mail address. Which of
    two a backend uses is not known here; none where several have the address."""
    exact = name.replace("\0", "")
    # Missing in a user model that does not inherit from AbstractBaseUser.
    plain = getattr(get_user_model(), "normalize_username", str)(exact.strip())
    named, owners = _named(exact), _owners(plain)
    users = {user.pk: user for user in (*named, *owners)} if len(owners) < 2 else {}
    return folded(owners[0].get_username() if len(owners) == 1 else plain), tuple(users.values())


def folded(name: str) -> str:
    """The same text for all names that a database may treat as equal, whatever its rules for case and accents.

    Different people's names may be equal here: it groups tries, and never identifies a user."""
    plain = "".join(each for each in unicodedata.normalize("NFKD", name) if not unicodedata.combining(each))
    return plain.upper().casefold()


def _named(name: str) -> list[Any]:
    # As ModelBackend does.
    find = getattr(get_user_model()._default_manager, "get_by_natural_key", None)
    try:
        return [find(name)] if find else []
    except NOBODY:
        return []


def _owners(address: str) -> list[Any]:
    """At most two of the users with this mail address."""
    model = get_user_model()
    field = getattr(model, "EMAIL_FIELD", "email")
    if "@" not in address or field == model.USERNAME_FIELD or all(each.name != field for each in model._meta.fields):
        return []
    try:
        return list(model._default_manager.filter(**{f"{field}__iexact": address})[:2])
    except FieldError:
        # An encrypted field has no such lookup.
        return []
