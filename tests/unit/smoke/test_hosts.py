"""The role of a URL's host, and the discovery of the CDN's hosts."""

import pytest

from static_smoke.http.discovery import discover
from static_smoke.http.hosts import Hosts
from static_smoke.http.urls import resolve
from static_smoke.options import parse


def found(site: str, references: list[tuple[str, str]]) -> tuple[str | None, str | None]:
    hosts = Hosts(site)
    discover(hosts, references)
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


@pytest.mark.parametrize(
    ("site", "url", "same"),
    [
        ("https://example.com", "https://www.example.com/a", True),
        ("https://example.com:443", "https://example.com/a", True),
        ("http://example.com:8000", "http://example.com:8000/a", True),
        ("http://example.com:8000", "http://example.com/a", False),
        ("http://[::1]:8000", "http://[::1]:8000/a", True),
        ("https://[2001:db8::1]/", "https://[2001:DB8::1]:443/a", True),
        ("https://bücher.example", "https://xn--bcher-kva.example/a", True),
        ("https://EXAMPLE.com", "https://example.com/a", True),
        ("https://example.de", "https://example.com/a", False),
    ],
)
def test_the_sites_host_however_it_is_written(site, url, same):
    hosts = Hosts(parse(["--site", site]).site)
    assert hosts.is_origin(resolve(hosts.site, url)) is same


@pytest.mark.parametrize(
    ("site", "home"),
    [
        ("https://example.com", "/"),
        ("https://example.com/app", "/app/"),
        ("https://example.com/a/b/", "/a/b/"),
        ("https://example.com/a/index.html", "/a/"),
    ],
)
def test_a_site_may_be_below_a_path(site, home):
    hosts = Hosts(parse(["--site", site]).site)
    assert hosts.home == home
    assert hosts.looks_static(f"https://example.com{home}static/a") and hosts.looks_static(
        "https://example.com/static/a"
    )
    assert hosts.is_home(f"https://example.com{home}x/") and not hosts.is_home(f"https://example.org{home}x/")
    assert hosts.is_home("https://example.com/other/") is (home == "/")


@pytest.mark.parametrize("path", ["/tags/node.js/", "/media/press/", "/static/", "/wiki/Logo.svg", "/media/press"])
def test_a_page_is_no_file_whatever_it_is_called(path):
    hosts = Hosts("https://example.com/", pages={"/wiki/Logo.svg", "/media/press"})
    assert not hosts.looks_static(f"https://example.com{path}")
    assert hosts.looks_static("https://example.com/wiki/Other.svg")


CDN = "https://d111abc.cloudfront.net"


@pytest.mark.parametrize(
    ("paths", "names", "static", "media"),
    [
        # As the manifest names it, whatever the folder is called.
        (["/abc/v1/css/a.css", "/abc/v1/img/b.png"], {"css/a.css", "img/b.png"}, "/abc/v1/", None),
        (["/abc/v1/css/a.css", "/abc/up/b.jpg"], {"css/a.css"}, "/abc/v1/", None),
        (["/abc/v1/css/a.css", "/abc/media/b.jpg"], {"css/a.css"}, "/abc/v1/", "/abc/media/"),
        (["/css/%C3%A4.css"], {"css/ä.css"}, "/", None),
        # By what folders are usually called.
        (["/abc/static/css/a.css", "/abc/static/img/b.png"], set(), "/abc/static/", None),
        (["/abc/static/css/a.css", "/abc/media/b.jpg"], set(), "/abc/static/", "/abc/media/"),
        (["/static/css/a.css", "/uploads/b.jpg"], set(), "/static/", "/uploads/"),
        (["/css/a.css", "/img/b.jpg"], set(), "/", None),
        (["/css/a.css", "/media/b.jpg"], set(), "/", None),
    ],
)
def test_the_folder_on_a_cdn_is_found_by_the_manifest_or_by_its_name(paths, names, static, media):
    hosts = Hosts("https://example.org/")
    kinds = {".css": "style"}
    discover(hosts, [(CDN + path, kinds.get(path[-4:], "image")) for path in paths], names)
    assert (hosts.static, hosts.media) == (CDN + static, media and CDN + media)


def test_a_script_of_another_host_of_the_domain_does_not_hide_the_cdn():
    files = [(f"{CDN}/css/{name}.css", "style") for name in "abc"]
    assert found("https://www.example.com/", [("https://stats.example.com/m.js", "script"), *files])[0] == f"{CDN}/"


def test_a_cdn_of_any_name_is_known_by_the_manifests_hashed_names():
    named = "https://files.elsewhere.net/x/css/a.0123456789ab.css"
    hosts = Hosts("https://www.example.com/")
    widget = [("https://widget.example.com/1.css", "style"), ("https://widget.example.com/2.css", "style")]
    discover(hosts, [*widget, (named, "style")], {"css/a.0123456789ab.css"})
    assert (hosts.static, hosts.guessed) == ("https://files.elsewhere.net/x/", False)
    plain = Hosts("https://www.example.com/")
    discover(plain, [("https://fonts.elsewhere.net/css/base.css", "style")], {"css/base.css"})
    assert plain.static is None, "a name without a hash may be anybody's"


def test_a_file_beside_a_folder_that_was_guessed_counts_as_static_and_one_beside_a_given_folder_is_somebody_elses():
    hosts = Hosts("https://example.org/")
    discover(hosts, [(f"{CDN}/a/static/a.css", "style")])
    assert hosts.role(f"{CDN}/b/static/b.css") == "static"
    given = Hosts("https://example.org/", static=f"{CDN}/a/static")
    assert (given.role(f"{CDN}/b/static/b.css"), given.role(f"{CDN}/a/static/a.css")) == ("other", "static")
    assert (given.name(f"{CDN}/a/static/css/a.css"), hosts.name(f"{CDN}/b/c.css")) == ("css/a.css", "b/c.css")


def test_a_plain_url_of_the_cdn_is_the_cdns_too():
    hosts = Hosts("https://example.org/", static="https://static.example.org")
    assert hosts.role("http://static.example.org/a") == "static"
