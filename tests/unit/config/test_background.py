"""`schedule` and `workers` of site.yml, and systemd's calendar expressions."""

import shutil
import subprocess

import pytest

from slipway.tool import config
from slipway.tool.config import calendar
from slipway.tool.config.background import Job, Worker
from slipway.web.errors import SlipwayError

GOOD = "domain: example.com\nregion: eu-central-1\n"
RIGHT = (
    "daily",
    "weekly Pacific/Auckland",
    "Mon",
    "Mon 06:00",
    "Mon..Fri,Sun 18:30:00",
    "monday 6:00 utc",
    "06:00 Europe/Berlin",
    "*-*-01 04:00",
    "*-*~01 04:00",
    "12-25",
    "2199-01-01",
    "*:0/5",
    "0/2:00",
    "9,12:00",
    "0:0..30/10",
    "*:0,15,30,45",
)
WRONG = (
    "",
    "UTC",
    "never",
    "every day",
    "Mo 06:00",
    "Mon..Tue..Wed 1:00",
    "Mon 06",
    "25:00",
    "06:60",
    "*-13-01",
    "*/5:00",
    "*:0/0",
    "*:0/90",
    "10..5:00",
    "1:2:3:4",
    "06:00 Europe/Nowhere",
)


@pytest.fixture
def load(tmp_path):
    def read(text):
        file = tmp_path / "site.yml"
        file.write_text(GOOD + text)
        return config.load(file)

    return read


def test_a_job_is_a_time_or_a_command_with_more(load):
    text = (
        'schedule:\n  clearsessions: daily\n  digest: {command: "send --to \'a b\'", when: "Mon 06:00", resume: no}\n'
    )
    assert load(text).schedule == (
        Job("clearsessions", ("python", "manage.py", "clearsessions"), "daily UTC"),
        Job("digest", ("python", "manage.py", "send", "--to", "a b"), "Mon 06:00 UTC", resume=False),
    )
    assert load("").schedule == () == load("").workers


def test_a_worker_is_a_command_of_the_project_or_a_program_of_its_packages(load):
    text = (
        'workers:\n  tasks: {command: manage.py db_worker, memory: 60, drain: 90}\n  mail: celery -A "my site" worker\n'
    )
    assert load(text).workers == (
        Worker("tasks", ("python", "manage.py", "db_worker"), 60, 90),
        Worker("mail", ("celery", "-A", "my site", "worker")),
    )


@pytest.mark.parametrize("expression", RIGHT)
def test_a_calendar_expression_is_accepted(expression):
    assert calendar.fault(expression) == ""


@pytest.mark.parametrize("expression", WRONG)
def test_what_is_none_is_rejected_with_its_word(expression):
    assert calendar.fault(expression)


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="this machine has no systemd to compare with")
def test_systemd_itself_judges_them_alike():
    for expression in (*map(calendar.with_zone, RIGHT), *WRONG):
        done = subprocess.run(["systemd-analyze", "calendar", "--", expression], capture_output=True, check=False)
        assert (done.returncode == 0) == (calendar.fault(expression) == ""), expression


def test_a_time_is_utc_unless_it_names_a_zone():
    assert calendar.with_zone("Mon  06:00") == "Mon 06:00 UTC"
    assert calendar.with_zone("06:00 Europe/Berlin") == "06:00 Europe/Berlin"
    assert calendar.with_zone("*:0/5") == "*:0/5 UTC"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("schedule: [clearsessions]\n", ["schedule", "name: value"]),
        ("schedule: {clearsessions: Mo 06:00}\n", ["schedule: clearsessions: when", "'Mo' is no day like Mon"]),
        ("schedule: {clearsessions: }\n", ["clearsessions: when", "in quotes", "None"]),
        ("schedule: {a: {when: 12:30}}\n", ["a: when", "in quotes like 'Mon 06:00'", "750"]),
        ("schedule: {Clear Sessions: daily}\n", ["'Clear Sessions' is no name"]),
        ("schedule: {a.b: daily}\n", ["'a.b' is no name"]),
        ("schedule: {a: {when: daily, wen: x}}\n", ["a: wen", "did you mean when?"]),
        ("schedule: {a: {when: daily, command: ''}}\n", ["a: command", "one line"]),
        ("schedule: {a: {when: daily, command: manage.py}}\n", ["a: command", "names no command"]),
        ('schedule: {a: {when: daily, command: "b \'c"}}\n', ["a: command", "no closing quotation"]),
        ('schedule: {a: {when: daily, command: "b\\nUser=root"}}\n', ["a: command", "one line"]),
        ("schedule: {a: {when: daily, limit: 0}}\n", ["a: limit", "minutes, 1 to 1440"]),
        ("schedule: {a: {when: daily, resume: later}}\n", ["a: resume", "yes or no"]),
        ("workers: 2\n", ["workers", "write `gunicorn_workers: 2`"]),
        ("workers: {tasks: {memory: 60}}\n", ["tasks: command", "manage.py db_worker"]),
        ("workers: {tasks: ./run}\n", ["tasks: command", "'./run' is no program"]),
        ("workers: {tasks: {command: celery, memory: 8}}\n", ["tasks: memory", "MB, 32 to"]),
        ("workers: {tasks: {command: celery, memory: 60M}}\n", ["tasks: memory", "'60M'"]),
        ("workers: {tasks: {command: celery, drain: 301}}\n", ["tasks: drain", "seconds, 1 to 300"]),
        ("workers: {tasks: {command: celery, when: daily}}\n", ["tasks: when", "known: command, memory, drain"]),
    ],
)
def test_a_wrong_entry_is_rejected_in_one_line_with_its_name(text, names, load):
    with pytest.raises(SlipwayError) as rejected:
        load(text)
    message = str(rejected.value)
    assert "\n" not in message
    for name in names:
        assert name in message
