"""The ACME authority: Pebble, Let's Encrypt's own test server, and its DNS server.

https://github.com/letsencrypt/pebble
"""

import json
import ssl
import subprocess
import time
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from rehearsal.processes import Processes
from slipway.web.errors import SlipwayError

ROOT_SECONDS = 30


def start(
    processes: Processes,
    directory: Path,
    ports: Mapping[str, int],
    certificate: tuple[Path, Path],
    http_port: int,
) -> None:
    """Starts both; every name resolves to 127.0.0.1, and challenges are validated at ``http_port``.

    ``ports`` has acme, acme_control, dns and dns_control; ``certificate`` is Pebble's own for TLS.
    """
    names = [
        "pebble-challtestsrv",
        "-defaultIPv4=127.0.0.1",
        "-defaultIPv6=",
        f"-dns01=127.0.0.1:{ports['dns']}",
        f"-management=127.0.0.1:{ports['dns_control']}",
        # Its own challenge servers are off: the machine's nginx answers.
        "-http01=",
        "-https01=",
        "-tlsalpn01=",
    ]
    env = {"PATH": "/usr/bin:/bin"}
    # Since Debian 13 it serves DNS over HTTPS too, on all addresses.
    usage = subprocess.run([names[0], "-help"], env=env, capture_output=True, text=True, check=False).stderr
    names += ["-doh="] if "-doh " in usage else []
    processes.start("dns", names, env=env, cwd=directory, ready=[ports["dns"], ports["dns_control"]])
    pebble = {
        "listenAddress": f"127.0.0.1:{ports['acme']}",
        "managementListenAddress": f"127.0.0.1:{ports['acme_control']}",
        "certificate": str(certificate[0]),
        "privateKey": str(certificate[1]),
        "httpPort": http_port,
        "tlsPort": http_port,
        "ocspResponderURL": "",
        "externalAccountBindingRequired": False,
    }
    configuration = directory / "pebble.json"
    configuration.write_text(json.dumps({"pebble": pebble}))
    processes.start(
        "acme",
        ["pebble", "-config", configuration, "-dnsserver", f"127.0.0.1:{ports['dns']}"],
        # Without the delays and rejected nonces with which Pebble tests clients.
        env=env | {"PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "0"},
        cwd=directory,
        ready=[ports["acme"], ports["acme_control"]],
    )


def root(control_port: int, ca: Path) -> str:
    """The root that signs its certificates, as PEM; Pebble makes a new one at each start."""
    url = f"https://127.0.0.1:{control_port}/roots/0"
    # Without the environment's proxy: this is the loopback.
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}),
        urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=ca)),
    )
    deadline = time.monotonic() + ROOT_SECONDS
    while True:
        try:
            with opener.open(url, timeout=10) as answer:
                return answer.read().decode()
        except OSError as error:
            if time.monotonic() > deadline:
                raise SlipwayError(f"the ACME authority has no root certificate at {url}: {error}") from None
            time.sleep(0.2)
