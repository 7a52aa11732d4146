"""A client that trusts only the rehearsal's authority accepts its certificates."""

import socket
import ssl
import threading
from datetime import UTC, datetime

import pytest
from cryptography import x509

from rehearsal.authority import Authority


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path / "tls")


@pytest.fixture
def serving():
    """Serves one TLS connection with a certificate and its key; returns the port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve(certificate, key):
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(certificate, key)

            def answer():
                connection, _ = listener.accept()
                try:
                    context.wrap_socket(connection, server_side=True).close()
                except OSError:
                    connection.close()  # the client has rejected us

            threading.Thread(target=answer, daemon=True).start()
            return listener.getsockname()[1]

        yield serve


def _connect(port, name, ca):
    context = ssl.create_default_context(cafile=ca)
    # Python's default since 3.13, which is what the machine may have.
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    with socket.create_connection(("127.0.0.1", port)) as plain, context.wrap_socket(plain, server_hostname=name):
        pass


@pytest.mark.parametrize("name", ["static.slipway.test", "127.0.0.1"])
def test_what_it_signs_is_believed_for_the_names_that_it_says(name, authority, serving):
    port = serving(*authority.issue("cdn", ["static.slipway.test", "127.0.0.1"]))
    _connect(port, name, authority.certificate)


def test_another_name_is_not_believed(authority, serving):
    port = serving(*authority.issue("cdn", ["static.slipway.test"]))
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        _connect(port, "www.slipway.test", authority.certificate)


def test_another_authority_is_not_believed(authority, serving, tmp_path):
    port = serving(*authority.issue("cdn", ["static.slipway.test"]))
    with pytest.raises(ssl.SSLCertVerificationError):
        _connect(port, "static.slipway.test", Authority(tmp_path / "other").certificate)


def test_it_is_kept_while_it_lasts_and_made_anew_before_it_ends(authority, monkeypatch):
    first = authority.certificate.read_bytes()
    assert Authority(authority.directory).certificate.read_bytes() == first
    until = x509.load_pem_x509_certificate(first).not_valid_after_utc

    class Later(datetime):
        @classmethod
        def now(cls, tz=None):
            return until

    monkeypatch.setattr("rehearsal.authority.datetime", Later)
    assert Authority(authority.directory).certificate.read_bytes() != first
    assert until > datetime.now(UTC)


def test_nobody_else_reads_a_key(authority):
    keys = [*authority.directory.glob("*-key.pem"), authority.issue("cdn", ["static.slipway.test"])[1]]
    assert {key.stat().st_mode & 0o777 for key in keys} == {0o600}
