"""What the site's owner allows: exact paths, * for any text, and nothing that is the whole site."""

import pytest

from slipway.tool import config
from slipway.web.errors import SlipwayError
from static_smoke.http.allowed import allow
from static_smoke.http.hosts import Hosts
from static_smoke.options import parse

SITE = "https://www.example.com/"
NO_PATH = ("is not a path of the site like /captcha/*/",)
EVERYTHING = ("allows all of the site",)


@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        ("/badge.svg", "/badge.svg", True),
        ("/badge.svg", "/badge.svg?v=3", True),
        ("/badge", "/badge.svg", False),
        ("/badge.svg", "/badgeXsvg", False),
        ("/captcha/*", "/captcha/a1/b2.png", True),
        ("/captcha/*", "/captcha", False),
        ("/captcha/*/", "/captcha/a1/?x=y", True),
        ("/*/captcha/*", "/de/captcha/a1", True),
        ("/chart-*.svg", "/chart-17.svg", True),
        ("/chart-*.svg", "/chart-17.png", False),
        ("/größe/*", "/gr%C3%B6%C3%9Fe/1.png", True),
        ("/a%20b/*", "/a b/1.png", True),
    ],
)
def test_a_pattern_matches_whole_paths(pattern, path, fits):
    hosts = Hosts(SITE, allows=(allow(pattern, "why"),))
    assert bool(hosts.allowed(f"https://www.example.com{path}")) is fits


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        ("badge.svg", NO_PATH),
        ("https://other.example/x.png", NO_PATH),
        ("//other.example/x.png", NO_PATH),
        ("/captcha/[0-9]+/", NO_PATH),
        (r"/captcha/\\d/", NO_PATH),
        ("^/captcha/", NO_PATH),
        ("/chart/(a|b)", NO_PATH),
        ("/chart/?kind", NO_PATH),
        ("/a b", NO_PATH),
        ("/captcha/**", ("write one *",)),
        ("/", EVERYTHING),
        ("/*", EVERYTHING),
        ("/*/", EVERYTHING),
        ("/*/*", EVERYTHING),
        ("/*.png", EVERYTHING),
        ("/*.*", EVERYTHING),
        ("/s*", EVERYTHING),
        ("/static/*", EVERYTHING),
        ("/static/*.svg", EVERYTHING),
        ("/media/*/*.jpg", EVERYTHING),
    ],
)
def test_what_is_no_pattern_or_everything_is_rejected_by_the_proof_and_by_site_yml(pattern, says, tmp_path, capsys):
    with pytest.raises(SystemExit):
        parse(["--site", SITE, f"--allow={pattern}=why"])
    line = capsys.readouterr().err.strip().splitlines()[-1]
    (tmp_path / "site.yml").write_text(f"domain: example.com\nregion: eu-central-1\nallow: {{'{pattern}': why}}\n")
    with pytest.raises(SlipwayError) as rejected:
        config.load(tmp_path / "site.yml")
    for message in (line, str(rejected.value)):
        assert "\n" not in message and all(text in message for text in says), message


@pytest.mark.parametrize("pattern", ["/*/sprite/", "/static/admin/img/*", "/media/press/*", "/*-badge.svg", "/sw.js"])
def test_a_name_among_them_makes_a_pattern_narrow_enough(pattern, tmp_path):
    assert parse(["--site", SITE, f"--allow={pattern}=why"]).allow == ((pattern, "why"),)
    (tmp_path / "site.yml").write_text(f"domain: example.com\nregion: eu-central-1\nallow: {{'{pattern}': why}}\n")
    assert config.load(tmp_path / "site.yml").allow == {pattern: "why"}


def test_what_the_owner_allows_comes_before_the_list():
    hosts = Hosts(SITE, allows=(allow("/sw.js", "made for each person"),))
    assert hosts.allowed("https://www.example.com/sw.js").max_bytes is None


def test_a_pattern_that_nothing_matched_is_known_and_a_name_of_the_canary_is_no_match():
    hosts = Hosts(SITE, allows=(allow("/a/*", "why"), allow("/b/*", "why")))
    hosts.allowed("https://www.example.com/a/1.png")
    hosts.allowed("https://www.example.com/b/1.png", met=False)
    assert hosts.unused == ["/b/*"]
