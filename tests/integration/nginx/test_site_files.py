"""project/nginx/*.conf works in the real nginx, and removes none of our rules."""

import pytest

from slipway.tool.server import site_nginx

TEXT = """add_header Permissions-Policy "camera=()" always;
location = /old/ { return 301 /new/; }
if ($http_user_agent ~* "bad{2}bot") { return 403; }
rewrite ^/blog/(.*)$ /news/$1 permanent;
location /api/ {
    client_max_body_size 1k;
    limit_except GET POST { deny all; }
    limit_req zone=requests burst=40 nodelay;
    limit_req zone=sign_in burst=2 delay=1;
    limit_conn per_client 20;
    proxy_read_timeout 20s;
    proxy_pass http://gunicorn;
}
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


def test_a_location_of_its_own_passes_on_what_the_site_s_does_under_its_own_limits(site, files):
    running = site(nginx_site_files=files)
    forged = {"X-Forwarded-For": "192.0.2.9", "X-Forwarded-Host": "elsewhere.test"}
    own = running.ask("/api/", **forged)
    assert own.text == running.ask("/other/", **forged).text.replace("/other/", "/api/")
    assert "X-Real-IP=127.0.0.1" in own.text and "192.0.2.9" not in own.text and "elsewhere" not in own.text
    assert own.headers["X-Origin"] == "slipway"
    assert running.ask("/api/", "POST", **{"Content-Length": "2000"}).status == 413
    assert running.ask("/api/", "DELETE").status == 403
