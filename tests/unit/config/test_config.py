"""site.yml: its values, its defaults, and how a wrong file is rejected."""

import pytest

from slipway.tool import config
from slipway.web.errors import SlipwayError

GOOD = "domain: example.com\nregion: eu-central-1\n"
# Of no private half that anybody kept.
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"
PRIVATE = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\n-----END OPENSSH PRIVATE KEY-----\n"


@pytest.fixture
def written(tmp_path):
    def write(text):
        file = tmp_path / "site.yml"
        file.write_text(text)
        return file

    return write


def test_a_domain_and_a_region_are_enough(written):
    site = config.load(written("domain: example.com\nregion: eu-central-1\n"))
    assert site.site_url == "https://www.example.com"
    assert site.static_url == "https://static.example.com"
    assert site.media_url == "https://media.example.com"
    assert (site.tls, site.bucket, site.name) == ("letsencrypt", "example-com", "example-com")
    assert (site.media_bucket, site.price_class, site.cdn_logs) == ("example-com-media", "PriceClass_All", "")


def test_the_database_is_backed_up_into_a_bucket_of_its_own_unless_site_yml_says_none(written):
    site = config.load(written(GOOD))
    assert (site.backup_bucket, site.keep_backups) == ("example-com-backups", 4)
    assert config.load(written(GOOD + "bucket: shop-static\n")).backup_bucket == "shop-static-backups"
    assert config.load(written(GOOD + "backup_bucket: vault\nkeep_backups: 8\n")).keep_backups == 8
    assert config.load(written(GOOD + "backup_bucket: none\n")).backup_bucket == ""


def test_who_is_told_when_something_is_wrong(written):
    assert config.load(written(GOOD)).alarms.mail == ()
    one = config.load(written(GOOD + "alarms: {mail: you@example.org}\n")).alarms
    assert (one.mail, one.sender, one.webhook) == (("you@example.org",), "alarms@example.com", "")
    text = "alarms: {mail: [a@b.example, c@d.example], sender: wall@b.example, webhook: slack, dkim_selector: 2026}\n"
    more = config.load(written(GOOD + text)).alarms
    assert more == config.Alarms(("a@b.example", "c@d.example"), "wall@b.example", "slack", "2026")


def test_the_environment_holds_what_the_processes_read(written):
    site = config.load(written(GOOD + "site: http://www.example.com:8000\nsettings: mysite.settings\n"))
    assert site.environment() == {
        "DJANGO_SETTINGS_MODULE": "mysite.settings",
        "SITE_URL": "http://www.example.com:8000",
        "SLIPWAY_ENV": "production",
        "STATIC_URL": "https://static.example.com/",
        "MEDIA_URL": "https://media.example.com/",
        "AWS_STORAGE_BUCKET_NAME": "example-com-media",
        "SLIPWAY_STATIC_BUCKET": "example-com",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "SLIPWAY_SIGN_IN_TRIES": "10",
        "SLIPWAY_TIMEOUT": "60",
    }


def test_what_a_server_needs_has_defaults(written, tmp_path):
    (tmp_path / "ssh_config").touch()
    site = config.load(written(GOOD + "server: 203.0.113.7\nssh_config: ssh_config\nacme: staging\n"))
    assert (site.server, site.server_user, site.ssh_config) == ("203.0.113.7", "root", str(tmp_path / "ssh_config"))
    assert site.acme == "https://acme-staging-v02.api.letsencrypt.org/directory"
    assert (site.redirects, site.email, site.extra, site.keep) == (("example.com",), "", {}, 5)
    assert config.load(written(GOOD + "site: https://example.com\n")).redirects == ()
    assert config.load(written(GOOD + "environment: {A: b}\n")).extra == {"A": "b"}


def test_a_proxy_is_an_address_or_a_network(written):
    site = config.load(written(GOOD + "proxies: [203.0.113.7, 10.0.0.0/8, '2001:db8::/32']\n"))
    assert site.proxies == ("203.0.113.7/32", "10.0.0.0/8", "2001:db8::/32")
    assert config.load(written(GOOD)).proxies == ()


def test_who_may_log_in_is_named_by_keys_and_by_files_of_them(written, tmp_path):
    assert config.load(written(GOOD)).admin_keys == ()
    (tmp_path / "team.pub").write_text(f"# the team\n\n{KEY} anna\n{KEY} ben\n")
    site = config.load(written(GOOD + f"admin_keys: [team.pub, '{KEY} anna', {KEY}]\n"))
    assert site.admin_keys == (f"{KEY} anna", f"{KEY} ben", KEY)


def test_ci_has_one_key_of_its_own(written, tmp_path):
    assert config.load(written(GOOD)).ci_key == ""
    assert config.load(written(GOOD + f"ci_key: {KEY} ci\n")).ci_key == f"{KEY} ci"
    (tmp_path / "ci.pub").write_text(f"{KEY} ci\n")
    assert config.load(written(GOOD + "ci_key: ci.pub\n")).ci_key == f"{KEY} ci"


def test_a_private_key_among_them_is_rejected_and_never_shown(written, tmp_path):
    (tmp_path / "id_ed25519").write_text(PRIVATE)
    (tmp_path / "id.ppk").write_text("PuTTY-User-Key-File-3: ssh-ed25519\nb3BlbnNz\n")
    (tmp_path / "empty.pub").write_text("# nobody\n")
    indented = PRIVATE.replace("\n", "\n    ")
    for value, names in (
        (f"\n  - |\n    {indented}\n", "this is a private key"),
        (" [id_ed25519]\n", r"id_ed25519 is a private key; give the other half, id_ed25519\.pub"),
        (" [id.ppk]\n", "is a private key"),
        (" [empty.pub]\n", "holds no key"),
    ):
        with pytest.raises(SlipwayError, match=names) as rejected:
            config.load(written(GOOD + f"admin_keys:{value}"))
        assert "b3Blb" not in str(rejected.value) and "\n" not in str(rejected.value)


def test_where_passwords_are_taken_and_how_many_wrong_ones(written):
    site = config.load(written(GOOD + "sign_in_paths: [/graphql/, /*/token]\nsign_in_tries: 5\n"))
    assert site.sign_in_paths == ("/graphql/", "/*/token")
    assert site.environment()["SLIPWAY_SIGN_IN_TRIES"] == "5"


def test_an_alias_answers_as_the_site_does_with_an_origin_of_its_own(written):
    site = config.load(written(GOOD))
    assert (site.aliases, site.hosts, site.readers) == ((), ("www.example.com", "example.com"), (site.site_url,))
    site = config.load(written(GOOD + "site: https://www.example.com:8443\naliases: [shop.example.org, example.com]\n"))
    # A name that answers does not redirect.
    assert site.hosts == ("www.example.com", "shop.example.org", "example.com")
    assert site.origins == ("https://www.example.com:8443", "https://shop.example.org:8443", "https://example.com:8443")
    assert site.readers == ("*",)
    assert site.environment()["SLIPWAY_ALIASES"] == "https://shop.example.org:8443,https://example.com:8443"


def test_memory_is_megabytes_by_service(written):
    assert config.load(written(GOOD)).memory == {}
    assert config.load(written(GOOD + "memory: {gunicorn: 195, nginx: 8}\n")).memory == {"gunicorn": 195, "nginx": 8}


def test_hooks_are_commands_by_their_step_with_one_limit(written):
    site = config.load(written(GOOD))
    assert (site.hooks, site.hook_seconds) == ({}, 600)
    site = config.load(written(GOOD + "hooks: {failed: ' ./tell ', before_build: make code, timeout: 60}\n"))
    assert (site.hooks, site.hook_seconds) == ({"before_build": "make code", "failed": "./tell"}, 60)


def test_pages_for_the_proof_to_start_from(written):
    assert config.load(written(GOOD)).paths == ()
    assert config.load(written(GOOD + "paths: [/shop/, '/find/?q=a']\n")).paths == ("/shop/", "/find/?q=a")


def test_another_provider_needs_its_endpoint_and_says_so_to_the_processes(written):
    text = "domain: example.com\nprovider: cloudflare\n"
    site = config.load(written(text + "endpoint: https://abc.r2.cloudflarestorage.com/\ncdn_id: 0ab1\n"))
    assert (site.provider, site.cdn_id, site.region) == ("cloudflare", "0ab1", "auto")
    environment = site.environment()
    assert environment["SLIPWAY_PROVIDER"] == "cloudflare"
    assert environment["AWS_ENDPOINT_URL_S3"] == "https://abc.r2.cloudflarestorage.com"
    assert environment["AWS_REQUEST_CHECKSUM_CALCULATION"] == "when_required"
    with pytest.raises(SlipwayError, match=r"endpoint: missing.*https://<account ID>\.r2"):
        config.load(written(text))


S3 = "domain: example.com\nprovider: s3\nregion: garage\nendpoint: https://s3.example.net\n"


def test_any_s3_server_is_asked_by_path_unless_site_yml_says_otherwise(written):
    for text, style in (("", "path"), ("addressing: virtual\n", "virtual")):
        site = config.load(written(S3 + text))
        assert (site.addressing, site.environment()["SLIPWAY_S3_ADDRESSING"]) == (style, style)
    assert "SLIPWAY_S3_ADDRESSING" not in config.load(written(GOOD)).environment()


def test_without_a_cdn_the_urls_have_the_prefixes_of_the_buckets(written):
    site = config.load(written(S3 + "cdn: none\nstatic: https://files.s3.example.net\n"))
    assert site.static_url == "https://files.s3.example.net/static"
    assert site.environment()["MEDIA_URL"] == "https://media.example.com/media/public/"
    assert config.load(written(S3)).environment()["STATIC_URL"] == "https://static.example.com/"


def test_a_cdn_that_pulls_needs_a_domain_and_nothing_else(written):
    site = config.load(written("domain: example.com\nprovider: pull\n"))
    assert (site.pushes, site.endpoint, site.environment()["SLIPWAY_PROVIDER"]) == (False, "", "pull")
    assert config.load(written(GOOD)).pushes


def test_r2_has_one_region_so_that_another_s_is_no_broken_signature_later(written):
    text = "domain: example.com\nprovider: cloudflare\nendpoint: https://abc.r2.cloudflarestorage.com\n"
    assert config.load(written(text + "region: auto\n")).region == "auto"
    with pytest.raises(SlipwayError, match="'eu-central-1' is not R2's only region; write `auto`"):
        config.load(written(text + "region: eu-central-1\n"))


def test_only_amazon_restricts_how_a_region_is_called(written):
    text = "domain: example.com\nregion: sjc3\n"
    with pytest.raises(SlipwayError, match="AWS region"):
        config.load(written(text))
    text += "provider: rackspace\nendpoint: https://swift.api.sjc3.rackspacecloud.com\n"
    assert config.load(written(text)).region == "sjc3"


def test_config_names_another_file(written, monkeypatch):
    monkeypatch.setenv("CONFIG", str(written("domain: other.example\nregion: us-east-1\n")))
    assert config.load().domain == "other.example"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("region: eu-central-1\n", ["domain", "missing"]),
        ("domain: example.com\n", ["region", "missing"]),
        ("domain: not a domain\nregion: eu-central-1\n", ["domain", "not a domain"]),
        ("domain: https://example.com\nregion: eu-central-1\n", ["domain", "https://example.com"]),
        (GOOD + "statik: https://static.example.com\n", ["statik", "did you mean static?"]),
        (GOOD + "static: static.example.com\n", ["static", "https://static.example.com"]),
        (GOOD + "static: https://static.example.com/assets\n", ["static", "origin"]),
        (GOOD + "static: https://static.example.com:port\n", ["static", "URL"]),
        (GOOD + "static: https://www.example.com\n", ["static", "www.example.com", "site host"]),
        (GOOD + "media: https://static.example.com\n", ["media", "static host"]),
        (GOOD + "bucket: Upper_Case\n", ["bucket", "Upper_Case"]),
        (GOOD + "bucket: 5\n", ["bucket", "expected text"]),
        (GOOD + "backup_bucket: Upper_Case\n", ["backup_bucket", "Upper_Case", "or none"]),
        (GOOD + "backup_bucket: no\n", ["backup_bucket", "expected text, got False"]),
        (GOOD + "backup_bucket: ''\n", ["backup_bucket", "missing", "or none"]),
        (GOOD + "backup_bucket: example-com\n", ["backup_bucket", "the static files", "one of their own"]),
        (GOOD + "backup_bucket: example-com-media\n", ["backup_bucket", "the uploads", "one of their own"]),
        (GOOD + "cdn_logs: logs\nbackup_bucket: logs\n", ["backup_bucket", "the CDN's logs", "one of their own"]),
        (GOOD + f"bucket: {'b' * 60}\nmedia_bucket: m-m\n", ["backup_bucket", "bbb-backups' is not a bucket name"]),
        (GOOD + "keep_backups: 0\n", ["keep_backups", "1 or more"]),
        (GOOD + "keep_backups: all\n", ["keep_backups", "a number"]),
        (GOOD + "alarms: you@example.com\n", ["alarms", "`name: value` lines"]),
        (GOOD + "alarms: {mial: you@example.com}\n", ["alarms", "mial", "did you mean mail?"]),
        (GOOD + "alarms: {url: 'https://x.example'}\n", ["alarms", "url", "`make secrets`"]),
        (GOOD + "alarms: {mail: []}\n", ["alarms", "mail", "expected an address"]),
        (GOOD + "alarms: {mail: nobody}\n", ["alarms", "mail", "'nobody' is not an address"]),
        (GOOD + "alarms: {mail: [5]}\n", ["alarms", "mail", "5 is not an address"]),
        (GOOD + 'alarms: {mail: "a@b.example\\nBcc: c@d.example"}\n', ["alarms", "mail", "is not an address"]),
        (GOOD + "alarms: {mail: a@b.example, sender: wall}\n", ["alarms", "sender", "'wall'"]),
        (GOOD + "alarms: {webhook: discord}\n", ["alarms", "webhook", "ntfy, slack, json"]),
        (GOOD + "alarms: {webhook: 'https://ntfy.sh/x'}\n", ["alarms", "webhook", "ALARM_WEBHOOK in `make secrets`"]),
        (GOOD + "alarms: {dkim_selector: a b}\n", ["alarms", "dkim_selector", "._domainkey"]),
        (GOOD + "tls: maybe\n", ["tls", "letsencrypt, none"]),
        (GOOD + "provider: clodflare\n", ["provider", "clodflare", "cloudfront, cloudflare"]),
        (GOOD + "endpoint: s3.example.net\n", ["endpoint", "s3.example.net", "https://"]),
        (GOOD + "cdn_id: ../x\n", ["cdn_id", "../x"]),
        (GOOD + "addressing: path\n", ["addressing", "only `provider: s3`", "cloudfront"]),
        (GOOD + "cdn: none\n", ["cdn", "only `provider: s3`", "cloudfront"]),
        (S3 + "addressing: host\n", ["addressing", "'host' is not one of path, virtual"]),
        (S3 + "cdn: bunny\n", ["cdn", "'bunny' is not one of own, none"]),
        (S3.replace("endpoint", "#endpoint"), ["endpoint: missing", "https://s3.example.net"]),
        (S3.replace("region", "#region"), ["region", "missing"]),
        (GOOD + "settings: project/settings.py\n", ["settings", "module"]),
        (GOOD + "server: user@host\n", ["server", "user@host"]),
        (GOOD + "server_user: Root\n", ["server_user", "Root"]),
        (GOOD + "ssh_config: nowhere\n", ["ssh_config", "nowhere", "no such file"]),
        (GOOD + "admin_keys: []\n", ["admin_keys", "nobody could log in"]),
        (GOOD + "admin_keys: ssh-ed25519 AAAA\n", ["admin_keys", "a list"]),
        (GOOD + "admin_keys: [ssh-ed25519 AAAA]\n", ["admin_keys", "ssh-ed25519 AAAA", "not a whole public key"]),
        (GOOD + f"admin_keys: [{KEY.replace('ed25519', 'rsa', 1)}]\n", ["admin_keys", "ssh-rsa", "not a whole"]),
        (GOOD + f"admin_keys: [{KEY[:60]}]\n", ["admin_keys", "not a whole public key"]),
        (GOOD + "admin_keys: [id.pub]\n", ["admin_keys", "'id.pub'", "nor a file"]),
        (GOOD + "admin_keys: [7]\n", ["admin_keys", "'7'"]),
        (GOOD + "ci_key: [a]\n", ["ci_key", "expected text"]),
        (GOOD + "ci_key: no.pub\n", ["ci_key", "'no.pub'", "nor a file"]),
        (GOOD + f"ci_key: {KEY[:60]}\n", ["ci_key", "not a whole public key"]),
        (GOOD + f"ci_key: {KEY} ci\nadmin_keys: [{KEY} me]\n", ["ci_key", "among admin_keys", "a separate key"]),
        (GOOD + "admin_keys: ['']\n", ["admin_keys", "expected a public key"]),
        (GOOD + "redirects: example.org\n", ["redirects", "a list"]),
        (GOOD + "redirects: [www.example.com]\n", ["redirects", "the site itself"]),
        (GOOD + "redirects: [no name]\n", ["redirects", "no name"]),
        (GOOD + "proxies: 10.0.0.0/8\n", ["proxies", "a list"]),
        (GOOD + "proxies: [balancer.example.com]\n", ["proxies", "balancer.example.com", "10.0.0.0/8"]),
        (GOOD + "proxies: [10.0.0.1/8]\n", ["proxies", "10.0.0.1/8", "network"]),
        (GOOD + "proxies: [10]\n", ["proxies", "10", "network"]),
        (GOOD + "proxies: ['10.0.0.0/8;']\n", ["proxies", "10.0.0.0/8;"]),
        (GOOD + "proxies: ['fe80::1%eth0']\n", ["proxies", "eth0"]),
        (GOOD + "proxies: [10.0.0.0/8, '::/0']\n", ["proxies", "::/0", "every client"]),
        (GOOD + "memory: 400\n", ["memory", "`name: value` lines"]),
        (GOOD + "memory: {redis: 50}\n", ["memory: redis: unknown; known: system, postgresql, archive, gunicorn"]),
        (GOOD + "memory: {gunicorn: 200M}\n", ["memory: gunicorn: expected a number of MB, got '200M'"]),
        (GOOD + "memory: {gunicorn: yes}\n", ["memory: gunicorn: expected a number of MB, got True"]),
        (GOOD + "memory: {gunicorn: 100}\n", ["memory: gunicorn: 100 MB, and 105 are in use; give that or more"]),
        (GOOD + "timeout: 5\n", ["timeout: 5 is not between 10 and 300 seconds"]),
        (GOOD + "timeout: 301\n", ["timeout: 301 is not between 10 and 300 seconds"]),
        (GOOD + "timeout: 60s\n", ["timeout", "expected a number, got '60s'"]),
        (GOOD + "environment: {SLIPWAY_TIMEOUT: '9'}\n", ["SLIPWAY_TIMEOUT", "write `timeout` in site.yml"]),
        (GOOD + "max_body_mb: 0\n", ["max_body_mb: 0 is not between 1 and 100"]),
        (GOOD + "max_body_mb: 101\n", ["max_body_mb: 101 is not", "from the browser to the bucket"]),
        (GOOD + "max_body_mb: 5m\n", ["max_body_mb", "expected a number, got '5m'"]),
        (GOOD + "aliases: shop.example.com\n", ["aliases", "a list"]),
        (GOOD + "aliases: [https://shop.example.com]\n", ["aliases", "is not a name like shop.example.com"]),
        (GOOD + "aliases: [7]\n", ["aliases: 7 is not a name"]),
        (GOOD + "aliases: [www.example.com]\n", ["aliases: www.example.com is the site itself"]),
        (GOOD + "aliases: [media.example.com]\n", ["aliases: media.example.com is the media host", "the CDN"]),
        (GOOD + "redirects: [static.example.com]\n", ["redirects: static.example.com is the static host"]),
        (
            GOOD + "aliases: [a.example.com]\nredirects: [a.example.com]\n",
            ["redirects: a.example.com is one of aliases"],
        ),
        (GOOD + "environment: {SLIPWAY_ALIASES: x}\n", ["SLIPWAY_ALIASES", "write `aliases` in site.yml"]),
        (GOOD + "hooks: make test\n", ["hooks", "`name: value` lines"]),
        (GOOD + "hooks: {after_deplo: ls}\n", ["hooks: after_deplo: unknown; did you mean after_deploy?"]),
        (GOOD + "hooks: {x: ls}\n", ["hooks: x: unknown; known: before_build, before_switch, after_deploy, failed"]),
        (GOOD + "hooks: {failed: [ls]}\n", ["hooks: failed: expected a command, got ['ls']"]),
        (GOOD + "hooks: {failed: ' '}\n", ["hooks: failed: expected a command"]),
        (GOOD + "hooks: {failed: 'echo \"'}\n", ["hooks", "is no command: no closing quotation"]),
        (GOOD + 'hooks: {failed: "a\\nb"}\n', ["hooks", "expected one line"]),
        (GOOD + "hooks: {timeout: 0}\n", ["hooks: timeout: 0 is no number of seconds from 1 to 3600"]),
        (GOOD + "hooks: {timeout: yes}\n", ["hooks: timeout: True is no number"]),
        (GOOD + "sign_in_paths: /login/\n", ["sign_in_paths", "a list"]),
        (GOOD + "sign_in_paths: [login/]\n", ["sign_in_paths", "login/", "/accounts/login/"]),
        (GOOD + "sign_in_paths: ['/login/?next=/']\n", ["sign_in_paths", "?next=/"]),
        (GOOD + 'sign_in_paths: ["/a\\nb"]\n', ["sign_in_paths", "/a"]),
        (GOOD + "packages: gettext\n", ["packages", "a list"]),
        (GOOD + "packages: [Gettext]\n", ["packages", "'Gettext'", "libvips42"]),
        (GOOD + "packages: ['-y']\n", ["packages", "'-y'"]),
        (GOOD + "packages: [gettext=0.21]\n", ["packages", "gettext=0.21"]),
        (GOOD + "packages: ['a; reboot']\n", ["packages", "a; reboot"]),
        (GOOD + "packages: [7]\n", ["packages", "7"]),
        (GOOD + "build: [npm, ci]\n", ["build", "text"]),
        (GOOD + "build: |\n  npm ci\n  npm run build\n", ["build", "one line"]),
        (GOOD + "build: npm run 'build\n", ["build", "npm run 'build", "no closing quotation"]),
        (GOOD + "ship: project/assets\n", ["ship", "a list"]),
        (GOOD + "ship: [assets/mail]\n", ["ship", "assets/mail", "project/assets/mail/logo.png"]),
        (GOOD + "ship: [project/../site.yml]\n", ["ship", "project/../site.yml"]),
        (GOOD + "ship: [/etc]\n", ["ship", "/etc"]),
        (GOOD + "ship: ['project/*']\n", ["ship", "all of the project"]),
        (GOOD + "ship: [project]\n", ["ship", "project"]),
        (GOOD + "ship: [7]\n", ["ship", "7"]),
        (GOOD + "workers: 2\n", ["workers", "write `gunicorn_workers: 2`"]),
        (GOOD + "threads: 8\n", ["threads", "write `gunicorn_threads: 8`"]),
        (GOOD + "gunicorn_workers: 0\n", ["gunicorn_workers", "1 or more"]),
        (GOOD + "gunicorn_workers: two\n", ["gunicorn_workers", "a number"]),
        (GOOD + "gunicorn_threads: 0\n", ["gunicorn_threads", "between 1 and 64"]),
        (GOOD + "gunicorn_threads: 65\n", ["gunicorn_threads", "between 1 and 64"]),
        (GOOD + "reboot: 14:30\n", ["reboot", "text in quotation marks", "870"]),
        (GOOD + "reboot: '24:30'\n", ["reboot", "'24:30'", "Sun 04:30"]),
        (GOOD + "reboot: daily\n", ["reboot", "'daily'", "or never"]),
        (GOOD + "reboot: Sunday 04:30\n", ["reboot", "'Sunday 04:30'"]),
        (GOOD + "gunicorn_threads: many\n", ["gunicorn_threads", "a number"]),
        (
            GOOD + "environment: {SLIPWAY_THREADS: '4'}\n",
            ["environment", "SLIPWAY_THREADS", "write `gunicorn_threads`"],
        ),
        (
            GOOD + "environment: {WEB_CONCURRENCY: '4'}\n",
            ["environment", "WEB_CONCURRENCY", "write `gunicorn_workers`"],
        ),
        (GOOD + "environment: {STATIC_URL: /static/}\n", ["environment", "STATIC_URL", "write `static`"]),
        (GOOD + "environment: {SLIPWAY_ENV: development}\n", ["environment", "SLIPWAY_ENV", "take it out"]),
        (GOOD + "environment: {SLIPWAY_LATER: x}\n", ["environment", "SLIPWAY_LATER", "take it out"]),
        (GOOD + "environment: {DATABASE_URL: 'postgres://h/x'}\n", ["environment", "DATABASE_URL", "make secrets"]),
        (GOOD + "sign_in_tries: 0\n", ["sign_in_tries", "1 to 100"]),
        (GOOD + "sign_in_tries: 101\n", ["sign_in_tries", "101"]),
        (GOOD + "sign_in_tries: many\n", ["sign_in_tries", "a number"]),
        (GOOD + "acme: zerossl\n", ["acme", "letsencrypt, staging"]),
        (GOOD + "email: me\n", ["email", "you@example.com"]),
        (GOOD + "environment: [A]\n", ["environment", "name: value"]),
        (GOOD + "environment: {A: 1}\n", ["environment", "A", "quotes"]),
        (GOOD + "environment: {a b: x}\n", ["environment", "a b"]),
        (GOOD + "keep: 1\n", ["keep", "2 or more"]),
        (GOOD + "keep: true\n", ["keep", "a number"]),
        (GOOD + "waive: [DEBUG]\n", ["waive", "name: value"]),
        (GOOD + "waive: {HSTS: why}\n", ["waive", "'HSTS' is none of DEBUG, "]),
        (GOOD + "waive: {DEBUG: ''}\n", ["waive", "DEBUG: missing; give the reason"]),
        (GOOD + "waive: {DEBUG: 1}\n", ["waive", "DEBUG: missing; give the reason"]),
        (GOOD + "paths: /shop/\n", ["paths", "a list"]),
        (GOOD + "paths: [shop/]\n", ["paths", "'shop/'", "like /shop/"]),
        (GOOD + "paths: ['https://shop.example.com/']\n", ["paths", "shop.example.com", "like /shop/"]),
        (GOOD + "paths: [//shop.example.com/]\n", ["paths", "//shop.example.com/"]),
        (GOOD + "paths: [/shop/*]\n", ["paths", "/shop/*"]),
        (GOOD + "paths: ['/a b/']\n", ["paths", "/a b/"]),
        (GOOD + "paths: [7]\n", ["paths", "7"]),
        (GOOD + "allow: [/a]\n", ["allow", "name: value"]),
        (GOOD + "allow: {captcha/: why}\n", ["allow", "'captcha/'", "like /captcha/*/"]),
        (GOOD + "allow: {/: all}\n", ["allow", "'/' allows all of the site"]),
        (GOOD + "allow: {/a/: ''}\n", ["allow", "/a/", "reason"]),
        ("domain: example.com\nregion: Frankfurt\n", ["region", "eu-central-1"]),
        ("- a list\n", ["key: value"]),
        ("", ["key: value"]),
        ("domain: [\n", [":2", "YAML"]),
    ],
)
def test_a_wrong_file_is_rejected_in_one_line_with_file_and_key(text, names, written):
    file = written(text)
    with pytest.raises(SlipwayError) as rejected:
        config.load(file)
    message = str(rejected.value)
    assert message.startswith(str(file)) and "\n" not in message
    for name in names:
        assert name in message


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(SlipwayError, match="no such file"):
        config.load(tmp_path / "none.yml")
