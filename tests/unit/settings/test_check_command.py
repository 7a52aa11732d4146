"""The output of a deploy about settings that it rejects, and about waived ones."""

from types import SimpleNamespace

import pytest

from slipway.tool import builder, config
from slipway.tool.management.commands import check_settings
from slipway.tool.server import state
from slipway.web.errors import SlipwayError

THEIRS = """SECRET_KEY = "django-insecure-theirs"
INSTALLED_APPS = []
SECURE_HSTS_SECONDS = 0
{}
from slipway.settings import *
"""


def checked(building):
    building.start_checks(allow_unsafe=False)
    return [*building.checks("").warnings]


@pytest.fixture
def check(tmp_path, monkeypatch):
    """What Builder, as a deploy calls it, says of settings with ``line``; ``more`` stands in site.yml."""
    monkeypatch.setattr(state, "directory", lambda site: tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.delenv("DJANGO_SETTINGS_MODULE", raising=False)
    (tmp_path / "log").mkdir()

    def ask(line="", more=""):
        (tmp_path / "theirs.py").write_text(THEIRS.format(line))
        (tmp_path / "site.yml").write_text(f"domain: example.com\nregion: eu-central-1\nsettings: theirs\n{more}")
        secrets = SimpleNamespace(web={"SECRET_KEY": "ours"}, deployer={})
        return checked(builder.Builder(config.load(tmp_path / "site.yml"), secrets))

    return ask


def test_it_is_one_line_with_each_place_and_what_to_do(check, tmp_path):
    with pytest.raises(SlipwayError) as rejected:
        check("SESSION_COOKIE_SECURE = False")
    assert str(rejected.value) == (
        f"{tmp_path}/theirs.py:3: SECURE_HSTS_SECONDS is 0: browsers would go on trying plain http; correct it, "
        "or write `waive: {SECURE_HSTS_SECONDS: the reason}` in site.yml; "
        f"also SESSION_COOKIE_SECURE ({tmp_path}/theirs.py:4)"
    )


def test_a_debug_that_site_yml_turns_on_is_found_by_the_line_that_reads_it(check, tmp_path):
    line = "import os; DEBUG = os.environ.get('DEBUG') == 'on'"
    waive = "waive: {SECURE_HSTS_SECONDS: an intranet}\n"
    assert check(line, waive) == ["waived: SECURE_HSTS_SECONDS (an intranet)"]
    with pytest.raises(SlipwayError, match=rf"^{tmp_path}/theirs\.py:4: DEBUG is True: every error page would show"):
        check(line, waive + "environment: {DEBUG: 'on'}\n")


def test_a_demo_names_the_line_of_a_seed_that_no_app_has(tmp_path, monkeypatch):
    """It is left there when somebody's project takes the place of the photo wall."""
    site = tmp_path / "site.yml"
    site.write_text("domain: example.com\nregion: eu-central-1\nsettings: fixture.settings\nseed: seed_nothing\n")
    monkeypatch.setattr(check_settings.databases, "reject_sqlite", lambda *_: None)
    with pytest.raises(SlipwayError, match=r"^site\.yml: seed: the project has no command seed_nothing; take the line"):
        check_settings.Command().handle(demo=True, config=str(site))


@pytest.mark.parametrize(
    ("more", "line"),
    [
        ("schedule: {digest: daily}", "schedule: digest: the project has no management command digest"),
        (
            "schedule: {clearsession: daily}",
            "schedule: clearsession: the project has no management command clearsession",
        ),
        ("schedule: {pack: daily}", "schedule: pack: the project has no management command pack"),
        ("workers: {tasks: manage.py db_worke}", "workers: tasks: the project has no management command db_worke"),
        ("workers: {tasks: manage.py}", "workers: tasks: the project has no management command (none is named)"),
        ("workers: {mail: celerie -A x}", "workers: mail: the project has no program among its packages celerie"),
    ],
)
def test_a_command_that_does_not_exist_is_named_with_its_job(more, line, check):
    with pytest.raises(SlipwayError) as rejected:
        check(more=f"waive: {{SECURE_HSTS_SECONDS: an intranet}}\n{more}\n")
    assert str(rejected.value).startswith(f"site.yml: {line}")


def test_a_command_that_exists_is_accepted(check):
    more = "waive: {SECURE_HSTS_SECONDS: an intranet}\nschedule: {migrate: daily}\nworkers: {web: gunicorn x}\n"
    assert check(more=more) == ["waived: SECURE_HSTS_SECONDS (an intranet)"]
