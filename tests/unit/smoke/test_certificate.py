"""The error for an expired certificate names its date."""

import asyncio
import ssl
from datetime import UTC, datetime, timedelta

import pytest

from rehearsal import authority
from rehearsal.authority import Authority
from static_smoke.http.client import Client, new_run
from static_smoke.options import Options

HOST = "www.example.com"


async def ask(files, ca):
    """What the client says of a host that shows the certificate in ``files``."""
    shown = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    shown.load_cert_chain(*files)
    server = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0, ssl=shown)
    port = server.sockets[0].getsockname()[1]
    options = Options(f"https://{HOST}/", ca=ca, resolve={(HOST, port): ("127.0.0.1", port)})
    async with server, Client(options, new_run()) as client:
        return (await client.request(f"https://{HOST}:{port}/")).error


@pytest.mark.parametrize(
    ("before", "lifetime", "says", "names"),
    [
        (timedelta(days=90), timedelta(hours=-3), "ended on", timedelta(hours=-3)),
        (timedelta(hours=-3), timedelta(days=90), "begins on", timedelta(hours=3)),
    ],
)
def test_a_certificate_out_of_its_time_is_named_with_its_date(tmp_path, monkeypatch, before, lifetime, says, names):
    root = Authority(tmp_path)
    monkeypatch.setattr(authority, "BACKDATED", before)
    moment = datetime.now(UTC) + names
    files = root.issue("site", [HOST], lifetime)
    said = asyncio.run(ask(files, root.certificate))
    near = {f"{moment + timedelta(minutes=late):%Y-%m-%d %H:%M} UTC" for late in (0, 1)}
    assert said in {f"the certificate of {HOST} {says} {when}" for when in near}


def test_another_hosts_certificate_is_not_called_old(tmp_path):
    root = Authority(tmp_path)
    said = asyncio.run(ask(root.issue("site", ["other.example.com"]), root.certificate))
    assert "Hostname mismatch" in said and "ended on" not in said
