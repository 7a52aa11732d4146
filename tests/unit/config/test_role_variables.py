"""`vars` of site.yml: a role's variable by its name, and none that would break what Slipway relies on."""

import pytest
import yaml

from slipway import ROOT
from slipway.tool import config
from slipway.tool.config import role_variables
from slipway.web.errors import SlipwayError


@pytest.fixture
def load(tmp_path):
    def load(**named):
        file = tmp_path / "site.yml"
        file.write_text(yaml.safe_dump({"domain": "example.com", "region": "eu-central-1", "vars": named}))
        return config.load(file).vars

    return load


def test_a_value_of_the_default_s_type_is_taken(load):
    named = {
        "base_journal_disk": "200M",
        "base_log_mb": 8,
        "base_open_ports": [80, 443, 8443],
        "base_swap_mb": 0,
        "backup_ca_file": "/etc/ssl/certs/own.pem",
        "nginx_sign_in_rate": "30r/m",
        "nginx_sign_in_burst": 40,
        "tls_checked": "*-*-* 3:00:00",
    }
    assert load(**named) == named
    assert load() == {}


@pytest.mark.parametrize(
    ("named", "says"),
    [
        ({"base_journal_disc": "1M"}, "base_journal_disc: no role has this variable; did you mean base_journal_disk?"),
        ({"base_package": []}, "no role has this variable; did you mean base_packages?"),
        ({"x": 1}, "x: no role has this variable; the names are in ansible/roles/*/defaults/main.yml"),
        ({"slipway_site": "other.com"}, "slipway_site: no role has this variable"),
        ({"ansible_user": "root"}, "ansible_user: no role has this variable"),
        ({"layout": {}}, "layout: no role has this variable"),
        ({"base__keys_file": "/x"}, "base__keys_file: no role has this variable"),
        ({"gunicorn_memory_max": "1G"}, "not a site's to set: it follows from other keys of site.yml"),
        ({"postgresql_shared_buffers": "1GB"}, "not a site's to set: it follows from other keys"),
        ({"agent_watched_packages": []}, "not a site's to set"),
        ({"agent_watched_files": []}, "not a site's to set: a deploy compares these to find drift"),
        ({"base_packages": []}, "not a site's to set: Slipway needs these; write `packages` to add some"),
        ({"base_swap_file": "/s"}, "not a site's to set: it is a path"),
        ({"base_sysctl": []}, "not a site's to set: some of its lines"),
        ({"nginx_addresses": ["10.0.0.1"]}, "not a site's to set"),
        ({"base_log_mb": "8"}, "base_log_mb: expected a number like 4, got '8'"),
        ({"base_log_mb": True}, "base_log_mb: expected a number like 4, got True"),
        ({"base_log_mb": None}, "base_log_mb: expected a number like 4, got None"),
        ({"base_log_mb": -1}, "base_log_mb: -1 is less than 0"),
        ({"base_journal_disk": 200}, "base_journal_disk: expected text like '100M', got 200"),
        ({"base_journal_disk": "200 MB"}, "base_journal_disk: '200 MB' is not of the form of '100M'"),
        ({"nginx_sign_in_rate": "fast"}, "nginx_sign_in_rate: 'fast' is not of the form of '20r/m'"),
        ({"base_open_ports": 8443}, "base_open_ports: expected a list like [80, 443], got 8443"),
        ({"base_open_ports": [8443]}, "base_open_ports: it takes the place of the default, and is without its 80, 443"),
        ({"base_open_ports": [80, 443, "all"]}, "base_open_ports: 'all' is no entry like 80"),
        ({"base_blocked_modules": ["a; rm -r /"]}, "base_blocked_modules: 'a; rm -r /' is no entry like 'dccp'"),
        ({"tls_checked": "daily\nExecStart=/bin/sh"}, "has a character that is no part of a value"),
        ({"tls_checked": "{{ lookup('pipe', 'id') }}"}, "has a character that is no part of a value"),
    ],
)
def test_another_is_rejected_in_one_line(named, says, load):
    with pytest.raises(SlipwayError) as rejected:
        load(**named)
    message = str(rejected.value)
    assert "site.yml: vars: " in message and says in message and "\n" not in message


def test_what_is_rejected_by_name_is_a_role_s():
    defaults = role_variables._defaults()
    assert role_variables.REJECTED.keys() <= defaults.keys()
    assert all("{{" in str(defaults[name]) for name in role_variables.COMPUTED)
    assert ROOT.joinpath("ansible/roles").is_dir()
