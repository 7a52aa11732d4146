"""The content of the roles' files, for the tests."""

import yaml

from slipway.tool import budget
from slipway.tool.server import layout
from tests.unit.ansible.conftest import ANSIBLE

ROLES = sorted(path.name for path in (ANSIBLE / "roles").iterdir() if (path / "tasks").is_dir())
# What site.yml becomes (deploy's inventory), with a TLS site.
SITE = {
    "slipway_site": "example.test",
    "slipway_version": "1.0.0",
    "slipway_budget": budget.plan(469, 1).variables(),
    "slipway_first_user": "root",
    "slipway_jobs": [
        {
            "name": "digest",
            "command": ["python", "manage.py", "send_digest"],
            "start": '"python" "manage.py" "send_digest"',
            "when": "Mon 06:00 UTC",
            "limit": 60,
            "resume": False,
        }
    ],
    "slipway_workers": [{"name": "tasks", "command": ["celery"], "start": '"celery"', "memory": 56, "drain": 30}],
    "slipway_admin_keys": [],
    "slipway_ci_key": "",
    "slipway_nginx_files": [{"name": "a.conf", "text": "deny 192.0.2.1;\n"}],
    "slipway_packages": ["gettext"],
    "slipway_reboot": "04:30",
    "layout": layout.VALUES,
    "slipway_site_host": "www.example.test",
    "slipway_page": "/shop/",
    "slipway_aliases": ["shop.example.test"],
    "slipway_redirect_hosts": ["example.test"],
    "slipway_tls": "letsencrypt",
    "slipway_acme_directory": "https://acme.example.test/directory",
    "slipway_acme_email": "",
    "slipway_timeout": 90,
    "slipway_max_body_mb": 20,
    "slipway_proxies": ["192.0.2.0/24"],
    "slipway_sign_in_found": [r"/login/\Z"],
    "slipway_sign_in_named": ['/with "quotes"'],
    "slipway_database_local": True,
    "slipway_alarms": {
        "mail": {"kind": "mail", "to": ["you@example.test"], "sender": "alarms@example.test"},
        "webhook": {"kind": "ntfy"},
        "heartbeat": {"kind": "heartbeat"},
    },
    "slipway_environment": {"DJANGO_SETTINGS_MODULE": "project.settings", "SLIPWAY_WSGI": "project.wsgi"},
    "slipway_backups": "wal",
    "slipway_backup": {
        "kind": "wal",
        "bucket": "example-backups",
        "host": "s3.eu-central-1.amazonaws.com",
        "port": 443,
        "region": "eu-central-1",
        "style": "host",
        "keep": 4,
    },
    "slipway_secrets": {
        "web": {"SECRET_KEY": "secret", "EMAIL_URL": "smtp://mail.example.test"},
        "alarms": {"ALARM_WEBHOOK": "https://secret.example.test", "ALARM_HEARTBEAT": "https://secret.example.test/h"},
        "backup": {
            "AWS_ACCESS_KEY_ID": "of-backup",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "BACKUP_PASSPHRASE": "secret-of-twenty-letters",
        },
    },
}


def values(role, kind):
    """The variables in a role's defaults or vars."""
    path = ANSIBLE / "roles" / role / kind / "main.yml"
    return yaml.safe_load(path.read_text()) if path.exists() else {}


def texts(role):
    """Every text file of a role but its defaults, by path."""
    left_out = {"defaults", "__pycache__"}  # what another test imports is compiled beside it
    directory = ANSIBLE / "roles" / role
    files = [path for path in directory.rglob("*") if path.is_file() and not left_out & set(path.parts)]
    return {path.relative_to(ANSIBLE): path.read_text() for path in files}
