"""The host's certificate program: when it renews, what it requests, what nginx gets."""

import functools
import importlib.util
import json
import os
import threading
from datetime import UTC, datetime, timedelta
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from slipway.tool.server.layout import LAYOUT
from tests.unit.ansible.conftest import ANSIBLE

NAMES = ["www.example.test", "example.test"]
DIRECTORY = "https://acme.example.test/directory"
LOOPBACK = "127.0.0.1"
START = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def program(tmp_path, monkeypatch):
    spec = importlib.util.spec_from_file_location("certificate", ANSIBLE / "roles" / "tls" / "files" / "certificate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "CERTBOT", tmp_path / "letsencrypt")
    assert str(module.SETTINGS) == LAYOUT.certificate_settings
    monkeypatch.setattr(module, "SETTINGS", tmp_path / "certificate.json")
    return module


@pytest.fixture
def settings(tmp_path, program):
    tls = tmp_path / "tls"
    tls.mkdir()
    said = {
        "names": NAMES,
        "directory": DIRECTORY,
        "email": "",
        "webroot": str(tmp_path / "acme"),
        "certificate": str(tls / "certificate.pem"),
        "key": str(tls / "key.pem"),
        "command": LAYOUT.certificate_renewal,
    }
    program.SETTINGS.write_text(json.dumps(said))
    return said


@pytest.fixture
def issue(tmp_path):
    """Puts a real certificate where certbot would, for some days from START."""

    def run(days, names=NAMES, start=START):
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, names[0])])
        builder = x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        builder = builder.not_valid_before(start).not_valid_after(start + timedelta(days=days))
        alternative = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
        pem = builder.add_extension(alternative, critical=False).sign(key, hashes.SHA256())
        live = tmp_path / "letsencrypt" / "live" / "slipway"
        live.mkdir(parents=True, exist_ok=True)
        for name in ("cert.pem", "fullchain.pem"):
            (live / name).write_bytes(pem.public_bytes(serialization.Encoding.PEM))
        (live / "privkey.pem").write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        (tmp_path / "letsencrypt" / "renewal").mkdir(exist_ok=True)
        (tmp_path / "letsencrypt" / "renewal" / "slipway.conf").write_text(f"[x]\nserver = {DIRECTORY}\n")

    return run


@pytest.fixture
def authority(program, issue, monkeypatch):
    """Stands in for certbot: notes each question, and answers with a certificate of 90 days."""
    asked = []

    def ask(settings, names, *, lenient):
        asked.append((names, lenient))
        issue(90, names, start=datetime.now(UTC))

    monkeypatch.setattr(program, "run_certbot", ask)
    return asked


@pytest.fixture
def elsewhere(program, monkeypatch):
    """Names in here do not resolve to this host."""
    names = set()
    monkeypatch.setattr(program, "mismatch", lambda name, webroot: f"{name} elsewhere" if name in names else "")
    return names


@pytest.fixture
def host(tmp_path, monkeypatch):
    """nginx and systemctl that note how they were called; nginx rejects everything once `broken` is there."""
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    for name in ("nginx", "systemctl"):
        script = bin_ / name
        script.write_text(f'#!/bin/sh\necho {name} "$@" >> {tmp_path}/calls\n! [ -e {tmp_path}/broken ]\n')
        script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{bin_}{os.pathsep}{os.environ['PATH']}")
    return tmp_path


def calls(host):
    return (host / "calls").read_text().splitlines() if (host / "calls").exists() else []


def at(days):
    return (START + timedelta(days=days)).timestamp()


@pytest.mark.parametrize(("days", "due"), [(90, 60), (45, 30), (10, 10 * 2 / 3), (6, 3)])
def test_a_third_of_the_lifetime_is_left_and_half_of_a_short_one(days, due, program, settings, issue):
    issue(days)
    assert program.reason(settings, at(due) - 60) == ""
    assert "ends on 2026-" in program.reason(settings, at(due))
    assert "ends on 2026-" in program.reason(settings, at(days + 400))


def test_other_names_and_another_authority_are_reasons(program, settings, issue):
    assert program.reason(settings, at(0)) == "there is no certificate yet"
    issue(90)
    assert program.reason(settings | {"names": NAMES[::-1]}, at(1)) == ""
    assert "not for www.example.test, shop.example.test" in program.reason(
        settings | {"names": [NAMES[0], "shop.example.test"]}, at(1)
    )
    assert "not of https://staging" in program.reason(settings | {"directory": "https://staging"}, at(1))


def test_a_damaged_certificate_is_an_error_with_what_to_do(program, settings, issue):
    issue(90)
    (program.CERTBOT / "live" / "slipway" / "cert.pem").write_text("")
    with pytest.raises(program.CertificateError, match=r"damaged: run `certbot delete --cert-name slipway`"):
        program.reason(settings, at(1))


def test_an_expired_certificate_is_replaced_and_nginx_reads_the_new_one(
    program, settings, issue, authority, elsewhere, host
):
    issue(90)
    program.install(settings)
    old = Path(settings["certificate"]).read_bytes()
    program.renew(settings, at(120))
    assert authority == [(NAMES, True)]
    assert Path(settings["certificate"]).read_bytes() != old
    assert calls(host) == ["nginx -t -q", "systemctl reload nginx"] * 2
    assert Path(settings["key"]).stat().st_mode & 0o777 == 0o600


def test_nobody_is_asked_while_nothing_is_due(program, settings, issue, authority, elsewhere, host):
    issue(90)
    program.renew(settings, at(1))
    program.renew(settings, at(2))
    assert authority == []
    assert calls(host) == ["nginx -t -q", "systemctl reload nginx"]


def test_a_first_certificate_is_not_asked_for_while_a_name_resolves_elsewhere(
    program, settings, authority, elsewhere, host
):
    elsewhere.add("example.test")
    with pytest.raises(program.CertificateError, match=r"example\.test elsewhere"):
        program.renew(settings, at(0))
    assert authority == []


def test_a_certificate_that_ends_is_renewed_without_a_lost_name_and_the_unit_fails(
    program, settings, issue, authority, elsewhere, host
):
    issue(90)
    elsewhere.add("example.test")
    with pytest.raises(program.CertificateError, match=r"without example\.test"):
        program.renew(settings, at(80))
    assert authority == [(["www.example.test"], True)]
    assert "systemctl reload nginx" in calls(host)
    # From then on each look fails, but the authority is left alone until the name is back.
    with pytest.raises(program.CertificateError, match=r"example\.test elsewhere"):
        program.renew(settings, datetime.now(UTC).timestamp())
    assert len(authority) == 1
    elsewhere.clear()
    program.renew(settings, datetime.now(UTC).timestamp())
    assert authority[1:] == [(NAMES, False)]


def test_nothing_is_asked_when_the_sites_own_name_resolves_elsewhere(
    program, settings, issue, authority, elsewhere, host
):
    issue(90)
    elsewhere.add("www.example.test")
    with pytest.raises(program.CertificateError, match=r"www\.example\.test elsewhere"):
        program.renew(settings, at(80))
    assert authority == []


def test_what_certbot_left_reaches_nginx_though_the_authority_rejects(
    program, settings, issue, elsewhere, host, monkeypatch
):
    issue(90)

    def reject(*_, **__):
        raise program.CertificateError("no")

    monkeypatch.setattr(program, "run_certbot", reject)
    with pytest.raises(program.CertificateError, match="no"):
        program.renew(settings, at(80))
    assert calls(host) == ["nginx -t -q", "systemctl reload nginx"]


def test_a_certificate_that_nginx_rejects_is_taken_back(program, settings, issue, host):
    issue(90)
    program.install(settings)
    old = Path(settings["certificate"]).read_bytes()
    issue(45)
    (host / "broken").touch()
    with pytest.raises(program.CertificateError, match="nginx rejects"):
        program.install(settings)
    assert Path(settings["certificate"]).read_bytes() == old
    assert sorted(path.name for path in Path(settings["certificate"]).parent.iterdir()) == [
        "certificate.pem",
        "key.pem",
    ]


@pytest.fixture
def web(program, tmp_path, monkeypatch):
    """Port 80 of this host, and of every name of the test; it serves the folder that it is given."""
    monkeypatch.setattr(program.socket, "getaddrinfo", lambda name, port, *_, **__: [(2, 1, 6, "", (LOOPBACK, port))])
    servers = []

    def serve(folder):
        handler = functools.partial(SimpleHTTPRequestHandler, directory=folder)
        server = ThreadingHTTPServer((LOOPBACK, 0), handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        monkeypatch.setattr(program, "PORT", server.server_port)

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


def test_a_name_that_resolves_here_is_recognised_by_a_token(program, web, tmp_path):
    web(tmp_path / "acme")
    assert program.mismatch("www.example.test", tmp_path / "acme") == ""
    assert list((tmp_path / "acme" / ".well-known" / "acme-challenge").iterdir()) == []


def test_a_name_that_resolves_to_another_host_is_an_error_with_what_to_do(program, web, tmp_path):
    (tmp_path / "other").mkdir()
    web(tmp_path / "other")
    said = program.mismatch("www.example.test", tmp_path / "acme")
    assert said.startswith("www.example.test resolves to 127.0.0.1, where port 80 is not answered by this host")
    assert "A and AAAA records" in said


def test_a_name_without_an_address_has_an_error_of_its_own(program, tmp_path, monkeypatch):
    def nobody(*_, **__):
        raise OSError

    monkeypatch.setattr(program.socket, "getaddrinfo", nobody)
    assert "www.example.test has no address" in program.mismatch("www.example.test", tmp_path)
