"""What a site may add to its nginx server block: nothing by which it would serve a file."""

import pytest

from slipway.tool.server import site_nginx
from slipway.web.errors import SlipwayError

GOOD = """# A comment; with { marks }
add_header Permissions-Policy "camera=(); microphone=()" always;
location = /old/ { return 301 /new/; }
if ($http_user_agent ~* "bad{2}bot") {
    return 403;
}
rewrite ^/blog/(.*)$ /news/$1 permanent;
set $site_a "${host}x";
limit_rate_after 5m;
client_header_timeout 5s;
if ($uri ~ "^/de/(?<site_page>\\w+)$") { return 404; }
location ^~ /api/ {
    allow 10.0.0.0/8;
    allow 2001:db8::1;
    deny all;
    limit_except GET HEAD { deny all; }
    limit_req zone=requests burst=40 nodelay;
    limit_req zone=sign_in burst=20 delay=10;
    limit_conn per_client 20;
    client_max_body_size 200k;
    proxy_read_timeout 20s;
    proxy_pass http://gunicorn;
}
"""


@pytest.fixture
def read(tmp_path):
    def read(text, name="site.conf"):
        (tmp_path / "nginx").mkdir(exist_ok=True)
        (tmp_path / "nginx" / name).write_text(text)
        return site_nginx.read(tmp_path)

    return read


def test_without_the_folder_there_is_nothing_to_add(tmp_path):
    assert site_nginx.read(tmp_path) == []


def test_the_files_come_in_the_order_of_their_names_as_they_stand(read):
    read(GOOD, "b.conf")
    read("ignored", "notes.txt")
    assert read("deny 192.0.2.1;\n", "a.conf") == [
        {"name": "a.conf", "text": "deny 192.0.2.1;\n"},
        {"name": "b.conf", "text": GOOD},
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("\nroot /srv/www;", "2: root: would serve files"),
        ("location /static/ { alias /srv/static/; }", "1: alias: would serve files"),
        ("location /x { try_files $uri /index.html; }", "1: try_files: would serve files"),
        ("location /x/ { }", "1: location: without a return, or `proxy_pass http://gunicorn;`, it would serve files"),
        ("location /x/ {\n  location /x/y/ { return 404; }\n}", "2: location: is not allowed here"),
        ("location /x/ { proxy_pass http://other; }", "1: proxy_pass http://other: give http://gunicorn alone"),
        ("location /x/ { proxy_pass http://gunicorn/y; }", "1: proxy_pass http://gunicorn/y: give http://gunicorn"),
        ("if ($a) { root /; }", "1: root: would serve files"),
        ("include /etc/passwd;", "1: include: is not allowed here"),
        ("limit_req zone=mine;", "1: limit_req zone=mine: give zone=requests or zone=sign_in"),
        ("limit_req zone=requests burst=9;", "1: limit_req: takes the place of every limit_req of Slipway's"),
        ("\nlocation /x/ {\n limit_req zone=sign_in;\n return 404;\n}", "2: limit_req: takes the place"),
        ("limit_conn mine 9;", "1: limit_conn mine 9: give per_client and a number"),
        ("limit_rate 0;", "1: limit_rate 0: give a size"),
        ("limit_except GET { deny all; }", "1: limit_except: is not allowed here"),
        ("location /x/ { limit_except GET { return 404; } }", "1: return: is not allowed here, only: allow, deny"),
        ("send_timeout soon;", "1: send_timeout soon: give a time such as 30s"),
        ("proxy_read_timeout 90s;", "1: proxy_read_timeout: belongs into a location"),
        ("deny example.com;", "1: deny example.com: give an address"),
        ("allow unix:;", "1: allow unix:: give an address"),
        ("satisfy some;", "1: satisfy some: give all or any"),
        ("error_page 404 /404.html;", "1: error_page: could send a file"),
        ("location / { return 404; }", "1: location /: give a path but / alone"),
        ("location ^~ / { return 404; }", "1: location ^~ /: give a path but / alone"),
        ("location @mine { return 404; }", "1: location @mine: give a path"),
        ("location = /slipway-414 { return 404; }", "1: location = /slipway-414: give a path"),
        ("location /a { return 404; }\nlocation ^~ /a { return 403; }", "2: location ^~ /a: stands here twice"),
        ("if (-f $request_filename) { return 403; }", "give a comparison in parentheses, not a test for a file"),
        ("rewrite ^/a;", "1: rewrite ^/a: give an expression and a path"),
        # Slipway's own variables: these would take a limit away, or the evidence of the proof.
        ('set $sign_in_client "";', '1: set $sign_in_client "": give a variable that begins with $site_'),
        ("if ($uri ~ (?<is_logged>x?)) { return 404; }", "a group's name (?<…>) begins with site_"),
        # A header with a line break begins another header, or the page.
        ('add_header X "a\\nSet-Cookie: b";', "1: add_header: no line break"),
        ("access_log off;", "1: access_log: is not allowed here"),
        ("client_max_body_size 10m;", "1: client_max_body_size: belongs into a location; the site's is `max_body_mb`"),
        ('return 200 "body {}";', "1: return 200: would answer in place of the site"),
        ("return;", "1: return : would answer"),
        ("return 503;", "1: return 503: would answer"),
        ("location = /a { return 204; }", "1: return 204"),
        ("add_header x-origin mine;", "1: add_header X-Origin: the proof recognises"),
        # What would end the server block and begin another.
        ("} server { root /; ", "1: one } too many"),
        ("deny all }", "1: one } too many, or a missing ;"),
        ("set $site_a 'x';\n}", "2: one } too many"),
        ("deny all", "unexpected end"),
        ("if ($a) {\n return 403;\n", "1: unexpected end"),
        ('set $site_a "x;\n', "1: cannot be read safely"),
        (";", "1: no directive"),
        ("if ($a);", "1: if: is not allowed here"),
        ("deny all {}", "1: deny: is not allowed here"),
        ("'root' /;", "1: 'root': is not allowed here"),
    ],
)
def test_what_a_site_may_not_add_is_rejected_in_one_line_with_file_and_line(text, says, read):
    with pytest.raises(SlipwayError) as rejected:
        read(text)
    assert str(rejected.value).startswith("project/nginx/site.conf:")
    assert says in str(rejected.value) and "\n" not in str(rejected.value)


def test_a_file_that_is_no_text_is_named_in_one_line(read, tmp_path):
    read("deny all;")
    (tmp_path / "nginx" / "b.conf").write_bytes(b"# \xff")
    with pytest.raises(SlipwayError, match=r"^project/nginx/b\.conf: cannot be read: ") as rejected:
        site_nginx.read(tmp_path)
    assert "\n" not in str(rejected.value)


def test_a_path_that_two_files_have_is_named_where_it_stands_again(read):
    read("location /a { return 404; }", "a.conf")
    with pytest.raises(SlipwayError, match=r"^project/nginx/b\.conf:2: location /a: stands here twice$"):
        read("\nlocation /a { return 404; }", "b.conf")
