"""Files of project/nginx by which a site would serve a file, or lose a limit, and what nginx itself says of each.

Where nginx accepts one, only our own check stands before it: it reads a file as nginx does, or it rejects it.
"""

import os
import subprocess

import pytest

from rehearsal import nginx
from slipway.tool.server import site_nginx
from slipway.web.errors import SlipwayError
from tests.integration.nginx.conftest import BINARIES
from tests.integration.nginx.upstream import HOST

# nginx would run with these.
ACCEPTED = {
    "a root": "root /etc;",
    "an alias": "location /e/ { alias /etc/; }",
    "an empty location": "location /e/ { }",
    "a location with a limit alone": "location /e/ { limit_rate 1k; }",
    "a location that only denies": "location /e/ { deny 192.0.2.1; }",
    "try_files": "location /e/ { root /etc; try_files $uri =404; }",
    "an index": "index passwd;",
    "an error page from a file": "error_page 404 /e; location /e { root /etc; internal; }",
    "another server": "location /e/ { proxy_pass http://127.0.0.1:9; }",
    "another path": "location /e/ { proxy_pass http://gunicorn/etc/; }",
    "another server, by a variable": 'location /e/ { set $site_a 127.0.0.1; proxy_pass "http://$site_a"; }',
    "a page of its own": 'location /e { return 200 "hello"; }',
    "a page without a status": 'location /e { return "https://elsewhere.test"; } return 204;',
    "an empty page": "location /e { empty_gif; }",
    "a folder's list": "location /e/ { autoindex on; root /etc; }",
    "uploads by WebDAV": "location /e/ { dav_methods PUT; root /tmp; }",
    "nginx's own status": "location /e { stub_status; }",
    "an include": "include /dev/null;",
    "a quote in a word": 'add_header X a"b; root /etc; add_header Y c"d;',
    "an apostrophe in a word": "add_header X it's; root /etc; add_header Y it's;",
    "a comment after another space": "add_header X y\f#; root /etc;\ndeny all;",
    "a comment after a no-break space": "add_header X y\u00a0#; root /etc;\ndeny all;",
    "a quoted name": '"root" /etc;',
    "a name in apostrophes": "'root' /etc;",
    "a carriage return": "# harmless\r\nroot /etc;",
    "a comment that ends": "# harmless \\\nroot /etc;",
    "a brace in a word": "add_header X a}; root /etc;",
    "a second server": "} server { listen 127.0.0.1:8; root /etc;",
    "a nested location": "location /e/ { return 404; location /e/f { root /etc; } }",
    "a file test": "if (-f /etc/passwd) { return 403; }",
    "a quoted file test": 'if ( "-f" /etc/passwd ) { return 403; }',
    "an if that proxies": "location /e/ { if ($arg_a) { proxy_pass http://127.0.0.1:9; } return 404; }",
    "no password limit": 'set $sign_in_client "";',
    "no limit of an address": "set $client $request_id;",
    "no log": "set $is_logged 0;",
    "no log, by a group": "rewrite ^(?<is_logged>)/e /e;",
    "no log, by a group of another spelling": "rewrite ^(?'is_logged')/e /e;",
    "no log, plainly": "access_log off;",
    "one limit in place of two": "limit_req zone=requests burst=4000 nodelay;",
    "a header that begins a page": 'add_header X "a\\n\\nhello";',
    "a header over two lines": 'add_header X "a\n\nhello";',
    "a redirect that begins a page": 'return 302 "/a\\r\\n\\r\\nhello";',
    "a forged header": "location /e/ { proxy_set_header X-Forwarded-For 127.0.0.1; proxy_pass http://gunicorn; }",
    "the origin's mark": "add_header X-ORIGIN elsewhere;",
    "another resolver": "resolver 127.0.0.1;",
    "a larger form": "client_max_body_size 1g;",
    "every address": "set_real_ip_from 0.0.0.0/0;",
    "a file as a variable's default": "location ~ ^/(?<site_a>.*)$ { root /; }",
    "a mirror": "mirror /e; location /e { root /etc; }",
    "a charset that reads no file": "source_charset utf-8;",
    "the page of a limit": "location @too_many { return 404; }",
    "a NUL": "add_header X a\0; root /etc;",
    "a subrequest": "auth_request /e; location /e { root /etc; }",
}
# nginx has no such module, or cannot read it: a deploy would fail on the server.
REJECTED = {
    "lua": 'content_by_lua_block { ngx.say("hello") }',
    "perl": "location /e { perl 'sub {}'; }",
    "the site itself": "location / { return 404; }",
    "a path of Slipway's": "location = /slipway-414 { return 404; }",
    "a variable's brace": "add_header X ${; root /etc;",
    "an open quote": 'add_header X "a; root /etc;',
    "a string and a word": 'add_header X "a"b; root /etc;',
    "an open block": "location /e { return 404;",
    "a zone that is none": "limit_conn mine 1;",
}
SNIPPETS = ACCEPTED | REJECTED


@pytest.fixture(scope="module")
def accepts(tmp_path_factory):
    """Whether nginx can run with this text in the site's server block."""
    folder, binary = tmp_path_factory.mktemp("nginx"), BINARIES[0]
    rendered = nginx.render(
        nginx_pid=folder / "nginx.pid",
        nginx_log_dir=folder,
        nginx_temp_dir=folder,
        nginx_user="root" if os.geteuid() == 0 else "",
        nginx_listen=["127.0.0.1:1"],
        nginx_site_host=HOST,
        nginx_site_authority=HOST,
        nginx_redirect_hosts=[],
        nginx_upstream=folder / "gunicorn.sock",
        nginx_tls="none",
        nginx_forwarded_proto="https",
        nginx_acme_dir="",
        nginx_version=nginx.version(binary),
        nginx_client_max_body_size="1m",
        nginx_proxies=[],
        nginx_sign_in=[],
        nginx_sign_in_rate="1r/m",
        nginx_sign_in_delay=2,
        nginx_sign_in_burst=2,
        nginx_site_files=[{"name": "site.conf", "text": "# here"}],
    )

    def accepts(text):
        (folder / "nginx.conf").write_text(rendered.replace("# here", text), newline="")
        command = [binary, "-p", folder, "-c", folder / "nginx.conf", "-T", "-q"]
        return not subprocess.run(command, capture_output=True, check=False).returncode

    return accepts


@pytest.mark.parametrize("what", SNIPPETS)
def test_each_is_rejected_here_whatever_nginx_would_say(what, accepts, tmp_path):
    (tmp_path / "nginx").mkdir()
    (tmp_path / "nginx" / "site.conf").write_text(SNIPPETS[what], newline="")
    with pytest.raises(SlipwayError, match=r"^project/nginx/site\.conf:\d+: ") as rejected:
        site_nginx.read(tmp_path)
    assert "\n" not in str(rejected.value)
    assert accepts(SNIPPETS[what]) == (what in ACCEPTED)
