"""The project's settings and WSGI modules: found in project/ where site.yml does not name them."""

import pytest

from slipway.tool import config
from slipway.web.errors import SlipwayError

GOOD = "domain: example.com\nregion: eu-central-1\n"


@pytest.fixture
def site(tmp_path):
    """The site of a checkout whose project/ has these files; a file is empty unless a text is given."""

    def make(*files, more="", **texts):
        for name in (*files, *texts):
            path = tmp_path / "project" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(texts.get(name, ""))
        (tmp_path / "site.yml").write_text(GOOD + more)
        return config.load(tmp_path / "site.yml")

    return make


@pytest.mark.parametrize(
    ("files", "settings", "wsgi", "development"),
    [
        (["mysite/settings.py", "mysite/wsgi.py"], "mysite.settings", "mysite.wsgi", "mysite.settings"),
        (["settings.py", "wsgi.py"], "settings", "wsgi", "settings"),
        # Of a settings package.
        (
            ["config/settings/__init__.py", "config/wsgi.py", "config/settings/base.py"],
            *("config.settings", "config.wsgi", "config.settings"),
        ),
        (
            ["config/settings/production.py", "config/settings/local.py", "config/wsgi.py"],
            *("config.settings.production", "config.wsgi", "config.settings.local"),
        ),
        # Wagtail's production.py takes what a local.py overrides; its dev.py is the module for development.
        (
            ["mysite/settings/prod.py", "mysite/settings/local.py", "mysite/settings/dev.py", "mysite/wsgi.py"],
            *("mysite.settings.prod", "mysite.wsgi", "mysite.settings.dev"),
        ),
        (["settings/production.py", "wsgi.py"], "settings.production", "wsgi", "settings.production"),
        (["project/settings.py", "project/wsgi.py"], "project.settings", "project.wsgi", "project.settings"),
        # Settings of tests have no wsgi.py; the WSGI module may stand above.
        (["mysite/settings.py", "mysite/wsgi.py", "e2e/settings.py"], *("mysite.settings", "mysite.wsgi"), None),
        (["mysite/settings.py", "wsgi.py"], "mysite.settings", "wsgi", None),
        # What is hidden or cached is no package.
        (["mysite/settings.py", "mysite/wsgi.py", ".old/settings.py", ".old/wsgi.py"], "mysite.settings", None, None),
    ],
)
def test_they_are_found(files, settings, wsgi, development, site):
    found = site(*files)
    assert found.settings == settings
    assert found.wsgi == wsgi or wsgi is None
    assert found.development_settings == development or development is None


def test_a_project_of_an_earlier_version_keeps_its_prefix(site):
    found = site("wsgi.py", **{"settings.py": "ROOT_URLCONF = 'project.urls'\n"})
    assert (found.settings, found.wsgi) == ("project.settings", "project.wsgi")
    assert found.environment()["DJANGO_SETTINGS_MODULE"] == "project.settings"


def test_what_site_yml_names_is_taken(site):
    files = ["one/settings.py", "one/wsgi.py", "two/settings/staging.py", "two/wsgi.py"]
    named = site(*files, more="settings: two.settings.staging\n")
    # The WSGI module is that of the same project.
    assert (named.settings, named.wsgi) == ("two.settings.staging", "two.wsgi")
    assert site(more="settings: two.settings.staging\nwsgi: one.wsgi\n").wsgi == "one.wsgi"
    # A module of an installed package, and one of an earlier version's.
    assert site(more="settings: email.mime\n").settings == "email.mime"
    assert site("settings.py", more="settings: project.settings\n").settings == "project.settings"


@pytest.mark.parametrize(
    ("files", "more", "key", "names"),
    [
        (["a/settings.py", "a/wsgi.py", "b/settings/production.py", "b/wsgi.py"], "", "settings", "a.settings and b.s"),
        (["a/settings.py", "b/settings.py"], "", "settings", "a.settings and b.settings fit; write one of them, like"),
        (["urls.py"], "", "settings", "has no settings module; write `settings: your.module`"),
        (["a/settings.py"], "", "wsgi", "no wsgi.py beside a.settings in"),
        (["a/settings.py"], "settings: a.setings\n", "settings", "a.setings: .*/project/a/setings.py does not exist"),
        (["a/settings.py"], "settings: b.settings\n", "settings", "/project/b/settings.py does not exist"),
        (["urls.py"], "settings: project.settings\n", "settings", "/project/settings.py does not exist"),
        (["a/settings.py"], "settings: a.settings\nwsgi: a.wsgi\n", "wsgi", "/project/a/wsgi.py does not exist"),
        (["a/settings.py"], "settings: a/settings.py\n", "settings", "'a/settings.py' is not a module like mysite.set"),
    ],
)
def test_none_or_two_is_one_line_that_says_what_to_write(files, more, key, names, site, tmp_path):
    with pytest.raises(SlipwayError, match=names) as error:
        _ = getattr(site(*files, more=more), key)
    assert str(error.value).startswith(f"{tmp_path / 'site.yml'}: {key}: ")
    assert "\n" not in str(error.value)
