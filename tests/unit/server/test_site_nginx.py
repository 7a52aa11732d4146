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
set $a "${host}x";
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
        ("location / { try_files $uri /index.html; }", "1: try_files: would serve files"),
        ("location /x/ { }", "1: location: without a return in it nginx would serve files"),
        ("location /x/ {\n  location /x/y/ { return 404; }\n}", "2: location: is not allowed here"),
        ("location /x/ { proxy_pass http://other; }", "1: proxy_pass: would pass on"),
        ("if ($a) { root /; }", "1: root: would serve files"),
        ("include /etc/passwd;", "1: include: is not allowed here"),
        ("limit_req zone=mine;", "1: limit_req: is not allowed here"),
        ("access_log off;", "1: access_log: is not allowed here"),
        ("client_max_body_size 10m;", "1: client_max_body_size: is nginx_client_max_body_size in ansible/"),
        ('return 200 "body {}";', "1: return 200: would answer in place of the site"),
        ("return;", "1: return : would answer"),
        ("location = /a { return 204; }", "1: return 204"),
        ("add_header x-origin mine;", "1: add_header X-Origin: the proof recognises"),
        # What would end the server block and begin another.
        ("} server { root /; ", "1: one } too many"),
        ("deny all }", "1: one } too many, or a missing ;"),
        ("set $a 'x';\n}", "2: one } too many"),
        ("deny all", "unexpected end"),
        ("if ($a) {\n return 403;\n", "1: unexpected end"),
        ('set $a "x;\n', "1: a quote that does not end"),
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
