"""Who may try a password now. It only computes: times are seconds since the epoch, given by who asks."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace

MINUTE = 60
Entry = tuple[str, float]  # an address, as the ledger writes it: "neighbourhood/own", and a time


@dataclass(frozen=True, slots=True)
class Account:
    """One account's last minute. ``tries`` are passwords that were wrong, or are being looked at; in order of time.

    ``turns`` are addresses that were refused, and the time from which each may try, for a minute.
    """

    tries: tuple[Entry, ...] = ()
    turns: tuple[Entry, ...] = ()


def ask(account: Account, address: str, *, known: bool, now: float, limit: int) -> tuple[Account, float]:
    """The account after ``address`` has asked to try at ``now``, and the seconds that it must wait: 0 if it may.

    In no minute have addresses that are not ``known`` more than ``limit`` tries together, nor has a known one more of
    its own. Who is refused comes back within a minute. While no more addresses than ``limit`` wait, each has its try
    then. Of more than that some must wait on, or there would be more tries: who has each of the next ones is drawn
    among the neighbourhoods that ask, none of which has two while another has none; and one of ``n`` has its own within
    ``n / limit`` minutes on average, however often and from how many addresses the others ask.
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
    # By then so many tries are over that all who were promised one before have room, too.
    due = account.tries[ahead][1] + MINUTE
    return replace(account, turns=(*account.turns, (address, due))), min(due - now, MINUTE)


def withdraw(account: Account, address: str, at: float) -> Account:
    """The account without the try that ``address`` made at ``at``: the password was right."""
    return replace(account, tries=tuple(each for each in account.tries if each != (address, at)))


def _admit(account: Account, address: str, now: float) -> tuple[Account, float]:
    turns = tuple(each for each in account.turns if each[0] != address)
    return Account((*account.tries, (address, now)), turns), 0


def _draw(account: Account, address: str, now: float) -> tuple[Account, float]:
    """Takes the first turn to come for which the neighbourhood of ``address`` has a better lot than its holder's, or
    which is not the only one there, if there is one."""
    own, theirs = _neighbourhood(address), [_neighbourhood(holder) for holder, _ in account.turns]
    if own in theirs:
        return account, MINUTE
    for turn, near in zip(account.turns, theirs, strict=True):
        due = turn[1]
        if due > now and (theirs.count(near) > 1 or _lot(own, due) < _lot(near, due)):
            turns = tuple((address, due) if each == turn else each for each in account.turns)
            return replace(account, turns=turns), min(due - now, MINUTE)
    return account, MINUTE


def _neighbourhood(address: str) -> str:
    return address.partition("/")[0]


def _lot(neighbourhood: str, due: float) -> bytes:
    # The same however often somebody asks; and nobody can choose it, since it is a keyed digest.
    return hashlib.sha256(f"{neighbourhood} {due!r}".encode()).digest()


def _last(entries: Iterable[Entry], now: float, ahead: float = 1) -> tuple[Entry, ...]:
    # What is far ahead was written before the clock was set back, and would lock out for as long.
    kept = [(who, at) for who, at in entries if now - MINUTE < at <= now + ahead]
    return tuple(sorted(kept, key=lambda entry: entry[1]))
