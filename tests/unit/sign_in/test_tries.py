"""The rules of the limit, with a clock that a test moves."""

import random
from collections import Counter

import pytest

from slipway.web.sign_in.tries import MINUTE, Account, claim, withdraw

LIMIT = 10


class Guessed:
    """One account; ``allowed`` lists (address, time) of every password that was looked at."""

    def __init__(self, limit=LIMIT):
        self.account, self.limit, self.now, self.allowed = Account(), limit, 0.0, []

    def claim(self, address, known=False):
        self.account, wait = claim(self.account, address, known=known, now=self.now, limit=self.limit)
        if not wait:
            self.allowed.append((address, self.now))
        return wait


def most_in_a_minute(times):
    """How many of the sorted times lie within the fullest minute."""
    most, first = 0, 0
    for last, at in enumerate(times):
        while times[first] <= at - MINUTE:
            first += 1
        most = max(most, last - first + 1)
    return most


@pytest.mark.parametrize("addresses", [1, 7, 10_000])
@pytest.mark.parametrize("limit", [5, LIMIT])
def test_ten_thousand_guesses_take_as_long_as_the_limit_says_from_however_many_addresses(addresses, limit):
    site, asked = Guessed(limit), 0
    while len(site.allowed) < 10_000:
        # Who guesses goes on with the next address at once, and waits no longer than he must.
        waits = []
        for _ in range(min(addresses, 3 * limit)):
            waits.append(site.claim(f"address {asked % addresses}"))
            asked += 1
        if all(waits):
            site.now += min(waits)
    times = [at for _, at in site.allowed]
    assert most_in_a_minute(times) == limit
    assert times[-1] - times[0] >= (10_000 / limit - 1) * MINUTE
    # Not slower either, where nobody else has been promised a try.
    if addresses == 1:
        assert times[-1] + MINUTE == 10_000 / limit * MINUTE


def test_a_minute_after_the_last_wrong_one_everybody_may_try_again():
    site = Guessed()
    assert [site.claim(f"address {n}") for n in range(LIMIT)] == [0] * LIMIT
    assert site.claim("somebody") == MINUTE
    site.now = 59.9
    assert 0 < site.claim("somebody") < 0.2
    site.now = 60
    assert site.claim("somebody") == site.claim("somebody else") == 0


def test_who_mistypes_less_often_than_the_limit_never_waits():
    site = Guessed()
    for _ in range(100):
        assert site.claim("somebody") == 0
        site.now += MINUTE / LIMIT


def test_a_known_address_is_answered_at_once_and_has_as_many_tries_of_its_own():
    site = Guessed()
    for number in range(100):
        site.claim(f"address {number}")
    assert [site.claim("home", known=True) for _ in range(LIMIT)] == [0] * LIMIT
    assert 0 < site.claim("home", known=True) <= MINUTE
    assert site.claim("office", known=True) == 0


def test_tries_from_known_addresses_count_for_all_the_others():
    site = Guessed()
    for _ in range(LIMIT):
        site.claim("home", known=True)
    assert site.claim("somebody") > 0


@pytest.mark.parametrize("attackers", [1, 5, LIMIT - 1])
def test_a_stranger_has_his_turn_within_a_minute_though_the_guessing_goes_on(attackers):
    site = Guessed()
    for second in range(200):
        site.now = float(second)
        for number in range(attackers):
            while not site.claim(f"attacker {number}"):
                pass
    wait = site.claim("stranger")
    assert 0 < wait <= MINUTE
    until = site.now + wait
    # A person is no clock: he comes half a minute late.
    while site.now < until + 30:
        site.now += 0.5
        for number in range(attackers):
            site.claim(f"attacker {number}")
    assert site.claim("stranger") == 0
    assert most_in_a_minute([at for _, at in site.allowed]) == LIMIT


def attempts_of(stranger, attackers, minutes=60, network=""):
    """The number of tries of an unknown client that respects Retry-After, while others try every two seconds."""
    site, dice, came, back = Guessed(), random.Random(stranger), 0, 2.0 * MINUTE
    while site.now < (2 + minutes) * MINUTE:
        site.now += 2
        for number in dice.sample(range(attackers), attackers):
            site.claim(f"{network}attacker {number}")
        if site.now >= back:
            came, wait = came + 1, site.claim(stranger)
            if not wait:
                break
            assert wait <= MINUTE
            back = site.now + wait + dice.random() * 5
    assert most_in_a_minute([at for _, at in site.allowed]) == LIMIT
    return came if not wait else None


def test_where_more_addresses_guess_than_there_are_tries_a_stranger_has_the_same_chance_as_each_of_them():
    """He may wait longer than a minute then; who asks most often gets no more for it."""
    came = [attempts_of(f"stranger {number}", attackers=50) for number in range(6)]
    assert None not in came
    # Each minute ten of 51 may try; he comes once a minute, and once more to be let in.
    assert sum(came) / len(came) < 2 * (1 + 51 / LIMIT)


def test_addresses_of_one_network_have_one_turn_where_others_have_none():
    """Who rents a /24, or has a /48, is no more than one of them; strangers to each other are."""
    assert {attempts_of(f"stranger {number}", attackers=50, network="one/") for number in range(12)} <= {1, 2}


def test_no_subnet_has_two_turns_while_another_that_waits_has_none():
    site = Guessed()
    for second in range(200):
        site.now = float(second)
        for number in range(60):
            site.claim(f"{number % 20}/{number}")
        waiting = Counter(who.partition("/")[0] for who, due in site.account.turns if due > site.now)
        assert max(waiting.values(), default=1) == 1


def test_addresses_of_one_network_have_as_many_turns_as_nobody_else_wants():
    assert {attempts_of(f"one/stranger {number}", attackers=LIMIT - 1, network="one/") for number in range(12)} <= {
        1,
        2,
    }


def test_among_as_many_as_there_are_tries_nothing_is_drawn():
    assert {attempts_of(f"stranger {number}", attackers=LIMIT - 1) for number in range(12)} <= {1, 2}


def test_no_wait_is_longer_than_a_minute_and_there_are_never_more_tries_than_the_limit():
    dice = random.Random(7)
    for limit in (1, 2, LIMIT):
        site = Guessed(limit)
        for _ in range(5000):
            site.now += dice.choice((0, 0, 0.1, 1, 7, 30 if dice.random() < 0.05 else 0))
            assert site.claim(f"address {dice.randrange(30)}") <= MINUTE
        assert most_in_a_minute([at for _, at in site.allowed]) <= limit
        assert len(site.account.tries) + len(site.account.turns) <= 2 * limit


def test_a_right_password_is_no_wrong_one():
    site = Guessed()
    for _ in range(5 * LIMIT):
        assert site.claim("somebody") == 0
        site.account = withdraw(site.account, "somebody", site.now)
    assert site.account == Account()


def test_a_clock_that_was_set_back_locks_nobody_out():
    site = Guessed()
    site.now = 1_000_000.0
    for number in range(3 * LIMIT):
        site.claim(f"address {number}")
    site.now = 0.0
    assert site.claim("somebody") == 0


def test_promises_are_kept_to_those_who_got_them_and_forgotten_a_minute_later():
    site = Guessed()
    for number in range(LIMIT):
        site.claim(f"address {number}")
    for number in range(LIMIT):
        assert site.claim(f"early {number}") == MINUTE
    site.now = 60.0
    assert site.claim("late") > 0
    assert Counter(site.claim(f"early {number}") for number in range(5)) == {0: 5}
    site.now = 120.0
    assert site.claim("late") == 0
