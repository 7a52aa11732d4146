"""Who may try a password now. Pure functions: times are seconds since the epoch, passed by the caller."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace

MINUTE = 60
Entry = tuple[str, float]  # a visitor's digests, "subnet/network", and a time


@dataclass(frozen=True, slots=True)
class Account:
    """One account's last minute. ``tries`` are passwords that were wrong, or are being checked; in order of time.

    ``turns`` are addresses that were rejected, and the time from which each may try, for a minute.
    """

    tries: tuple[Entry, ...] = ()
    turns: tuple[Entry, ...] = ()


def claim(account: Account, address: str, *, known: bool, now: float, limit: int) -> tuple[Account, float]:
    """The account after ``address`` wants to try at ``now``, and the seconds that it must wait: 0 if allowed.

    In a minute all addresses that are not ``known`` have at most ``limit`` tries together, and a known one as many of
    its own. A rejected address may come back within a minute. While at most ``limit`` addresses wait, each has its try
    then. Of more, some must keep waiting: each of the next tries is drawn by lot among the subnets that ask, none of
    which has two while another has none. One of ``n`` subnets has its try within ``n / limit`` minutes on average,
    however often and from how many addresses the others ask.
    """
    account = Account(_last(account.tries, now), _last(account.turns, now, ahead=MINUTE))
    own = [at for who, at in account.tries if who == address]
    if known:
        return _admit(account, address, now) if len(own) < limit else (account, own[-limit] + MINUTE - now)
    due = dict(account.turns).get(address)
    if due is not None:
        return _admit(account, address, now) if due <= now else (account, min(due - now, MINUTE))
    ahead = len(account.tries) + len(account.turns) - limit
    if ahead < 0:
        return _admit(account, address, now)
    if len(account.turns) >= limit:
        return _draw(account, address, now)
    # By then enough tries have expired for all earlier turns, too.
    due = account.tries[ahead][1] + MINUTE
    return replace(account, turns=(*account.turns, (address, due))), min(due - now, MINUTE)


def withdraw(account: Account, address: str, at: float) -> Account:
    """The account without the try that ``address`` made at ``at``: the password was right."""
    return replace(account, tries=tuple(each for each in account.tries if each != (address, at)))


def _admit(account: Account, address: str, now: float) -> tuple[Account, float]:
    turns = tuple(each for each in account.turns if each[0] != address)
    return Account((*account.tries, (address, now)), turns), 0


def _draw(account: Account, address: str, now: float) -> tuple[Account, float]:
    """Takes over the first future turn whose holder's subnet has a worse lot than that of ``address``, or another turn
    as well, if there is one."""
    own, theirs = _subnet(address), [_subnet(holder) for holder, _ in account.turns]
    if own in theirs:
        return account, MINUTE
    for turn, subnet in zip(account.turns, theirs, strict=True):
        due = turn[1]
        if due > now and (theirs.count(subnet) > 1 or _lot(own, due) < _lot(subnet, due)):
            turns = tuple((address, due) if each == turn else each for each in account.turns)
            return replace(account, turns=turns), min(due - now, MINUTE)
    return account, MINUTE


def _subnet(address: str) -> str:
    return address.partition("/")[0]


def _lot(subnet: str, due: float) -> bytes:
    # The same for each request; nobody can choose it, since the subnet is a keyed digest.
    return hashlib.sha256(f"{subnet} {due!r}".encode()).digest()


def _last(entries: Iterable[Entry], now: float, ahead: float = 1) -> tuple[Entry, ...]:
    # An entry far in the future was written before the clock was set back; it would lock out as long.
    kept = [(who, at) for who, at in entries if now - MINUTE < at <= now + ahead]
    return tuple(sorted(kept, key=lambda entry: entry[1]))
