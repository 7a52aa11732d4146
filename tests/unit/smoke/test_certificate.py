"""What a certificate says: the date of an expired one, and the names of a server."""

import asyncio
import ssl
from datetime import UTC, datetime, timedelta

import pytest

from rehearsal import authority
from rehearsal.authority import Authority
from static_smoke.http.client import Client, new_run
from static_smoke.options import Options

HOST = "www.example.com"


async def ask(files, ca, act=lambda client, url: client.request(url)):
    """What the client does with a host that shows the certificate in ``files``."""
    shown = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    shown.load_cert_chain(*files)
    server = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0, ssl=shown)
    port = server.sockets[0].getsockname()[1]
    options = Options(f"https://{HOST}/", ca=ca, resolve={(HOST, port): ("127.0.0.1", port)})
    async with server, Client(options, new_run()) as client:
        return await act(client, f"https://{HOST}:{port}/")


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
    said = asyncio.run(ask(files, root.certificate)).error
    near = {f"{moment + timedelta(minutes=late):%Y-%m-%d %H:%M} UTC" for late in (0, 1)}
    assert said in {f"the certificate of {HOST} {says} {when}" for when in near}


def test_another_hosts_certificate_is_not_called_old(tmp_path):
    root = Authority(tmp_path)
    said = asyncio.run(ask(root.issue("site", ["other.example.com"]), root.certificate)).error
    assert "Hostname mismatch" in said and "ended on" not in said


def test_the_names_of_a_server_are_those_of_its_certificate(tmp_path):
    root = Authority(tmp_path)
    files = root.issue("site", [HOST, "example.com"])
    assert set(asyncio.run(ask(files, root.certificate, Client.certificate_names))) == {HOST, "example.com"}


def test_a_certificate_that_is_not_valid_has_no_names(tmp_path):
    root = Authority(tmp_path)
    files = root.issue("site", ["other.example.com"])
    assert asyncio.run(ask(files, root.certificate, Client.certificate_names)) == []


def test_who_answers_at_an_address_is_asked_whatever_its_certificate_is(tmp_path):
    async def there(client, url):
        (address,) = await client.addresses(url)
        async with client.at(address) as other:
            return await other.request(url)

    files = Authority(tmp_path).issue("site", ["other.example.com"])
    said = asyncio.run(ask(files, None, there)).error
    assert said == "Server disconnected"
