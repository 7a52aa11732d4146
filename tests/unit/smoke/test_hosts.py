"""The role of a URL's host, and the discovery of the CDN's hosts."""

import pytest

from static_smoke.http.hosts import Hosts


def found(site: str, references: list[tuple[str, str]]) -> tuple[str | None, str | None]:
    hosts = Hosts(site)
    hosts.discover(references)
    return hosts.static, hosts.media


def test_hosts_under_the_sites_domain_are_ours():
    references = [
        ("https://static.example.com/a.css", "style"),
        ("https://media.example.com/a.jpg", "image"),
        ("https://fonts.elsewhere.org/a.css", "style"),
    ]
    wanted = ("https://static.example.com/", "https://media.example.com/")
    assert found("https://www.example.com/", references) == wanted


def test_a_second_level_domain_is_nobodys():
    references = [("https://cdn.other.co.uk/a.css", "style")]
    assert found("https://example.co.uk/", references) == (None, None)


def test_a_cdns_own_name_is_taken_where_there_is_no_other():
    references = [("https://d111abc.cloudfront.net/a.css", "style")]
    assert found("https://example.org/", references) == ("https://d111abc.cloudfront.net/", None)


def test_a_static_url_on_the_site_is_no_static_host():
    assert Hosts("https://example.com/", static="https://example.com/static/").static is None


@pytest.mark.parametrize(
    ("url", "role"),
    [
        ("https://cdn.example.com/static/a.css", "static"),
        ("https://cdn.example.com/media/a.jpg", "media"),
        ("https://www.example.com/a", "origin"),
        ("https://example.com/a", "origin"),
        ("https://cdn.example.org/a", "other"),
    ],
)
def test_one_host_may_serve_both_below_two_paths(url, role):
    static, media = "https://cdn.example.com/static/", "https://cdn.example.com/media/"
    assert Hosts("https://www.example.com/", static, media).role(url) == role
