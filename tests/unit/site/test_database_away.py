"""Which errors mean that the database is away, and how long the threads of a process wait for it together."""

import threading

import pytest
from django.db import utils
from psycopg import errors

from slipway.web.database.away import is_away
from slipway.web.database.outage import PATIENCE, Outage, Wait

SERVER = 'connection to server on socket "/run/postgresql/.s.PGSQL.5432" failed: '
HOST = 'connection to server at "10.0.0.5", port 5432 failed: '
AWAY = [
    SERVER + "No such file or directory\n\tIs the server running locally and accepting connections on that socket?",
    SERVER + "Connection refused\n\tIs the server running locally and accepting connections on that socket?",
    SERVER + "FATAL:  the database system is starting up",
    SERVER + "FATAL:  the database system is shutting down",
    SERVER + "FATAL:  the database system is not yet accepting connections\nDETAIL:  Consistent recovery state …",
    HOST + "timeout expired",
    HOST + "server closed the connection unexpectedly\n\tThis probably means the server terminated abnormally",
    "consuming input failed: server closed the connection unexpectedly",
    "the connection is closed",
    "SSL SYSCALL error: EOF detected",
]
NOT_AWAY = [
    SERVER + 'FATAL:  password authentication failed for user "site"',
    SERVER + 'FATAL:  database "slipway" does not exist',
    SERVER + 'FATAL:  role "site" does not exist',
    SERVER + "FATAL:  sorry, too many clients already",
    SERVER + "Permission denied",
    HOST + "Connection refused\n" + HOST + 'FATAL:  password authentication failed for user "site"',
    'could not translate host name "db.example.com" to address: Name or service not known',
    'could not open certificate file "/etc/client.crt": No such file or directory',
    'invalid connection option "nmae"',
]


@pytest.mark.parametrize("text", AWAY)
@pytest.mark.parametrize("kind", [errors.OperationalError, utils.OperationalError, utils.InterfaceError])
def test_a_server_that_is_stopped_or_out_of_reach_is_away(kind, text):
    assert is_away(kind(text))


@pytest.mark.parametrize("text", NOT_AWAY)
def test_a_server_that_answers_is_not(text):
    assert not is_away(errors.OperationalError(text))


@pytest.mark.parametrize("kind", [errors.AdminShutdown, errors.CrashShutdown, errors.CannotConnectNow])
def test_what_ends_a_connection_is_known_by_its_state_in_any_language(kind):
    assert is_away(kind("Verbindung wird abgebrochen"))


@pytest.mark.parametrize("kind", [errors.DivisionByZero, errors.DeadlockDetected, errors.QueryCanceled, ValueError])
def test_an_error_of_the_statement_is_none_whatever_its_words_are(kind):
    assert not is_away(kind("connection refused"))
    assert not is_away(None)


def test_an_error_that_another_led_to_is_found():
    def fail(suppress):
        try:
            raise errors.AdminShutdown("terminating connection")
        except errors.Error as error:
            if suppress:
                raise LookupError from None
            raise LookupError from error

    with pytest.raises(LookupError) as caught:
        fail(suppress=False)
    assert is_away(caught.value)
    with pytest.raises(LookupError) as caught:
        fail(suppress=True)
    assert not is_away(caught.value)


class Time:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now

    def pass_(self, seconds):
        self.now += seconds


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def outage(time):
    return Outage(time, time.pass_)


def away(seconds):
    raise errors.OperationalError("connection refused")


def test_the_default_is_five_seconds():
    assert PATIENCE == 5


def test_a_request_gets_its_connection_when_the_server_is_back(outage, time):
    attempts = []

    def attempt(seconds):
        attempts.append(seconds)
        return "connection" if time.now >= 103 else away(seconds)

    assert outage.connect(attempt, Wait()) == "connection"
    assert 103 <= time.now < 103.5
    assert attempts == sorted(attempts, reverse=True), "no attempt may take longer than is left"


def test_it_waits_no_longer_and_whoever_comes_later_not_at_all(outage, time):
    wait = Wait()
    for _ in range(2):
        # A second database, or a second connection, of the same request.
        with pytest.raises(errors.OperationalError):
            outage.connect(away, wait)
        assert 104.8 <= time.now <= 105
    with pytest.raises(errors.OperationalError):
        outage.connect(away, Wait())
    assert time.now <= 105


def test_after_it_was_back_or_nobody_asked_a_request_waits_again(outage, time):
    for between in (lambda: outage.connect(lambda seconds: "connection", Wait()), lambda: time.pass_(60)):
        with pytest.raises(errors.OperationalError):
            outage.connect(away, Wait())
        between()
        began = time.now
        with pytest.raises(errors.OperationalError):
            outage.connect(away, Wait())
        assert 4.8 <= time.now - began <= 5


def test_an_outage_is_two_lines_in_the_log_with_its_whole_length(outage, time, caplog):
    for _ in range(3):
        with pytest.raises(errors.OperationalError):
            outage.connect(away, Wait())
        time.pass_(60)
    outage.connect(lambda seconds: "connection", Wait())
    outage.connect(lambda seconds: "connection", Wait())
    told = [record.getMessage() for record in caplog.records]
    assert told == [
        "the database is away: requests wait up to 5 s, then get a 503: connection refused",
        f"the database is back after {time.now - 100:.1f} s",
    ]


def test_one_thread_tries_and_the_others_do_not_wait_beyond(outage, time):
    with pytest.raises(errors.OperationalError):
        outage.connect(away, Wait())
    trying, ended = threading.Event(), threading.Event()

    def hang(seconds):
        trying.set()
        ended.wait(30)
        return "connection"

    thread = threading.Thread(target=outage.connect, args=(hang, Wait()))
    thread.start()
    assert trying.wait(30)
    attempted = []
    with pytest.raises(errors.OperationalError, match="connection refused"):
        outage.connect(attempted.append, Wait())
    ended.set()
    thread.join()
    assert not attempted
    assert outage.connect(lambda seconds: "connection", Wait()) == "connection"


def test_an_error_that_is_not_away_is_raised_at_once(outage, time):
    def reject(seconds):
        raise errors.OperationalError('FATAL:  database "slipway" does not exist')

    with pytest.raises(errors.OperationalError, match="does not exist"):
        outage.connect(reject, Wait())
    assert time.now == 100
