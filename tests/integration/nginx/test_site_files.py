"""project/nginx/*.conf works in the real nginx, and removes none of our rules."""

import pytest

from slipway.tool.server import site_nginx

TEXT = """add_header Permissions-Policy "camera=()" always;
location = /old/ { return 301 /new/; }
if ($http_user_agent ~* "bad{2}bot") { return 403; }
rewrite ^/blog/(.*)$ /news/$1 permanent;
# A comment that no line ends"""


@pytest.fixture
def files(tmp_path):
    (tmp_path / "nginx").mkdir()
    (tmp_path / "nginx" / "site.conf").write_text(TEXT)
    return site_nginx.read(tmp_path)


def test_its_headers_redirects_and_rules_hold_beside_ours(site, files):
    running = site(nginx_site_files=files)
    page = running.ask()
    assert (page.status, page.headers["Permissions-Policy"], page.headers["X-Origin"]) == (200, "camera=()", "slipway")
    assert (running.ask("/old/").status, running.ask("/old/").headers["Location"]) == (301, "/new/")
    assert running.ask("/blog/a").headers["Location"].endswith("/news/a")
    assert running.ask(**{"User-Agent": "a baddbot"}).status == 403
    # A page is still the site's, and a path that is no page's is no file of nginx's.
    assert "X-Real-IP=127.0.0.1" in running.ask("/index.html").text
    assert running.ask("/", "POST", **{"Content-Length": "2000000"}).status == 413
