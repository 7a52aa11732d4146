"""Waiting for sshd: QEMU accepts a connection long before sshd runs."""

import socket
import threading

import pytest

from rehearsal.machine import ssh
from slipway.web.errors import SlipwayError


@pytest.fixture
def server():
    """A port whose nth connection gets the nth of these answers, and is closed."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve(answers):
            for answer in answers:
                connection, _ = listener.accept()
                with connection:
                    connection.sendall(answer)

        def start(*answers):
            threading.Thread(target=serve, args=[answers], daemon=True).start()
            return listener.getsockname()[1]

        yield start


def test_only_the_banner_is_proof(server):
    asked = []

    def running():
        asked.append(True)
        return True

    ssh.wait(server(b"", b"", b"SSH-2.0-OpenSSH_10.0\r\n"), running, 30)
    assert len(asked) == 3


def test_a_machine_that_ends_is_not_waited_for(server):
    with pytest.raises(SlipwayError, match="ended while it was booting"):
        ssh.wait(server(), lambda: False, 30)


def test_patience_has_an_end():
    with pytest.raises(SlipwayError, match="does not answer after 0 s"):
        ssh.wait(1, lambda: True, 0)


def test_the_config_trusts_one_key_one_port_and_one_host(tmp_path):
    text = ssh.write_config(tmp_path, 2222).read_text()
    assert "Port 2222" in text
    assert f"IdentityFile {tmp_path / 'id_ed25519'}" in text
    assert f"UserKnownHostsFile {tmp_path / 'known_hosts'}" in text
