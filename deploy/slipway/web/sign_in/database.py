"""The tries of each account in the database, changed by one worker at a time without a lock."""

import contextvars
import json
import threading
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from django.conf import settings
from django.db import connections, router
from django.utils.crypto import salted_hmac

from slipway.web.sign_in import client, tries
from slipway.web.sign_in.models import Account, KnownAddress

# A row expires after two minutes: the last try is over, and the last turn.
KEPT = 2 * tries.MINUTE
# Known addresses of an account (a phone has a new one each day), and their lifetime in seconds.
KNOWN, KNOWN_FOR = 10, 90 * 24 * 3600
# Optimistic writes of a row. Fewer workers change an account at once; a write that still fails waits a second.
ATTEMPTS = 50

T = TypeVar("T")
Clock = Callable[[], float]
Edit = Callable[[tries.Account, float], tuple[tries.Account, float]]


def digest(*words: str) -> str:
    """A keyed hash of a name or an address: without the site's SECRET_KEY nobody can tell which it was."""
    return salted_hmac("slipway.web.sign_in", "\0".join(words), algorithm="sha256").hexdigest()[:32]


def visitor(account: str, address: str) -> str:
    """The digests of a visitor's subnet and network, "subnet/network", for this account; "" for an unknown address."""
    both = client.subnet(address), client.network(address)
    return "/".join(digest(account, each)[:16] for each in both) if all(both) else ""


def claim(account: str, visitor: str, clock: Clock, *, known: bool) -> tuple[float, float]:
    """Counts a try of ``visitor``: the seconds to wait if none is left, else 0, and its time. Both are digests."""

    def edit(state: tries.Account, now: float) -> tuple[tries.Account, float]:
        return tries.claim(state, visitor, known=known, now=now, limit=settings.SLIPWAY_SIGN_IN_TRIES)

    return _change(account, clock, edit)


def withdraw(account: str, visitor: str, at: float, clock: Clock) -> None:
    """Removes the try of ``at``."""
    _change(account, clock, lambda state, _: (tries.withdraw(state, visitor, at), 0))


def knows(users: Iterable[Any], network: str, now: float) -> bool:
    """Whether each of the users, by primary key, has signed in from ``network``; False for no users."""
    wanted = dict(_known_as(user, network) for user in users)
    # Query even for no users: the time it takes must not reveal who has an account.
    rows = KnownAddress.objects.using(_database()).filter(account__in=wanted or ("",), seen__gt=now - KNOWN_FOR)
    found = set(rows.values_list("account", "address"))
    return bool(wanted and network) and found >= wanted.items()


def remember(user: Any, network: str, now: float) -> None:
    """Stores that the user with this primary key has signed in from ``network``."""
    account, address = _known_as(user, network)
    rows = KnownAddress.objects.using(_database())
    if rows.filter(account=account, address=address).update(seen=int(now)):
        return
    rows.bulk_create([KnownAddress(account=account, address=address, seen=int(now))], ignore_conflicts=True)
    rows.filter(seen__lte=now - KNOWN_FOR).delete()
    older = list(rows.filter(account=account).order_by("-seen", "-id").values_list("id", flat=True)[KNOWN:])
    if older:
        rows.filter(id__in=older).delete()


def outside_transaction(work: Callable[[], T], *, before: frozenset[str]) -> T:
    """Runs ``work`` outside the request's own transaction, whose rollback must not undo the count.

    ``before``: the databases that had a transaction open before the request began, as in a test. With SQLite, which has
    one writer, it runs inside.
    """
    connection = connections[_database()]
    if connection.alias in before or not connection.in_atomic_block or connection.vendor == "sqlite":
        return work()
    done: list[T] = []
    failed: list[Exception] = []

    def elsewhere() -> None:
        try:
            done.append(work())
        except Exception as error:
            failed.append(error)
        finally:
            connections.close_all()

    # A thread has connections of its own; it waits for the database as long as its request may.
    thread = threading.Thread(target=contextvars.copy_context().run, args=(elsewhere,))
    thread.start()
    thread.join()
    if failed:
        raise RuntimeError("the tries of an account could not be counted") from failed[0]
    return done[0]


def in_transaction() -> frozenset[str]:
    """The databases that have a transaction open. Runs with each request, so it calls no router."""
    return frozenset(each.alias for each in connections.all(initialized_only=True) if each.in_atomic_block)


def _database() -> str:
    return router.db_for_write(Account)


def _change(account: str, clock: Clock, edit: Edit) -> tuple[float, float]:
    """Writes the account's state as ``edit`` changes it; tries again if another worker has changed it meanwhile.

    Returns the last result of ``edit``, and its time."""
    rows = Account.objects.using(_database())
    for _ in range(ATTEMPTS):
        text, version = rows.filter(key=account).values_list("state", "version").first() or ("[[], []]", 0)
        state = tries.Account(*(tuple(map(tuple, entries)) for entries in json.loads(text)))
        # Read after the row: what others wrote while this one waited must not seem to be in the future.
        now = clock()
        changed, wait = edit(state, now)
        if changed == state:
            return wait, now
        if not version:
            _make(account, now)
        written = json.dumps((changed.tries, changed.turns), separators=(",", ":"))
        if rows.filter(key=account, version=version).update(state=written, version=version + 1, changed=int(now)):
            return wait, now
    return 1, now


def _make(account: str, now: float) -> None:
    """Adds an empty row, if there is none, and deletes expired ones: invented names take no more room than two
    minutes' guesses."""
    rows = Account.objects.using(_database())
    rows.filter(changed__lt=now - KEPT).delete()
    empty = Account(key=account, state="[[], []]", version=0, changed=int(now))
    rows.bulk_create([empty], ignore_conflicts=True)


def _known_as(user: Any, network: str) -> tuple[str, str]:
    # By primary key, which nobody chooses: a name may be made to look like another's.
    account = digest("user", str(user))
    return account, digest(account, network)
