#!/usr/bin/python3 -I
"""Gets the site's certificate, renews it in time and hands it to nginx.

check    prints why a certificate is due, or nothing
renew    gets one if it is due; rejects a name that resolves elsewhere before it asks the authority
install  gives nginx the newest one; certbot calls this too
"""

import contextlib
import json
import os
import re
import secrets
import socket
import ssl
import subprocess
import sys
import time
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException
from pathlib import Path

SETTINGS = Path("/etc/slipway/certificate.json")
CERTBOT = Path("/etc/letsencrypt")
LINEAGE = "slipway"
PORT = 80
DAY = 86400


class CertificateError(Exception):
    """One line for a person: what failed, where, what to do."""


def main(command):
    settings = json.loads(SETTINGS.read_text())
    try:
        if command == "check":
            print(reason(settings, time.time()))
        elif command == "install":
            install(settings)
        else:
            renew(settings, time.time())
    except CertificateError as error:
        sys.exit(f"slipway-certificate: {error}")


def renew(settings, now):
    try:
        if why := reason(settings, now):
            print(why, flush=True)
            get(settings, now)
    finally:
        # Even after an error: nginx serves the newest certificate that is there.
        if _live().exists():
            install(settings)
    if missing := set(settings["names"]) - set(describe(_live())["names"]):
        raise CertificateError(
            f"the certificate was renewed without {', '.join(sorted(missing))}; the lines above say why"
        )


def get(settings, now):
    """Gets a certificate, after a check that each name resolves to this host."""
    names = settings["names"]
    mismatches = {name: error for name in names if (error := mismatch(name, settings["webroot"]))}
    # Without one of its names, a certificate that is about to end is better than none.
    lenient = _live().exists() and is_due(describe(_live()), now)
    if names[0] in mismatches or (mismatches and not lenient):
        raise CertificateError("; ".join(mismatches.values()))
    for error in mismatches.values():
        print(error, flush=True)
    run_certbot(settings, [name for name in names if name not in mismatches], lenient=lenient)


def reason(settings, now):
    """Why a certificate is due, in a line; "" when none is."""
    if not _live().exists():
        return "there is no certificate yet"
    certificate = describe(_live())
    if is_due(certificate, now):
        ends = datetime.fromtimestamp(certificate["end"], UTC)
        return f"the certificate ends on {ends:%Y-%m-%d %H:%M} UTC"
    if set(certificate["names"]) != set(settings["names"]):
        return f"the certificate is for {', '.join(certificate['names'])}, not for {', '.join(settings['names'])}"
    if f"server = {settings['directory']}\n" not in (CERTBOT / "renewal" / f"{LINEAGE}.conf").read_text():
        return f"the certificate is not of {settings['directory']}"
    return ""


def is_due(certificate, now):
    """Whether a third of the certificate's lifetime is left, or less: half for one of under ten days."""
    lifetime = certificate["end"] - certificate["start"]
    return certificate["end"] - now <= lifetime / (2 if lifetime < 10 * DAY else 3)


def describe(certificate):
    """Start and end (seconds since 1970) and names of a certificate file."""
    command = ["openssl", "x509", "-in", certificate, "-noout", "-startdate", "-enddate", "-ext", "subjectAltName"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise CertificateError(f"{certificate} is damaged: run `certbot delete --cert-name {LINEAGE}`, then this again")
    text = done.stdout
    start, end = (ssl.cert_time_to_seconds(date) for date in re.findall(r"^not\w+=(.+)$", text, re.M))
    return {"start": start, "end": end, "names": re.findall(r"DNS:([^,\s]+)", text)}


def mismatch(name, webroot):
    """Why the authority would not reach this host by ``name``, with what to do; "" when it would."""
    try:
        addresses = sorted({found[4][0] for found in socket.getaddrinfo(name, PORT, type=socket.SOCK_STREAM)})
    except OSError:
        return f"{name} has no address: set an A record to this host ({_own_addresses()}), then run this again"
    folder = Path(webroot) / ".well-known" / "acme-challenge"
    folder.mkdir(parents=True, exist_ok=True)
    token = folder / secrets.token_hex(16)
    token.write_text(token.name)
    token.chmod(0o644)
    try:
        # The authority may use any of them.
        wrong = [address for address in addresses if _fetch(address, name, token) != token.name]
    finally:
        token.unlink()
    if not wrong:
        return ""
    return (
        f"{name} resolves to {', '.join(wrong)}, where port 80 is not answered by this host: "
        f"let its A and AAAA records point to this host ({_own_addresses()}), and port 80 through, then run this again"
    )


def _fetch(address, name, token):
    connection = HTTPConnection(address, PORT, timeout=10)
    try:
        connection.request("GET", f"/.well-known/acme-challenge/{token.name}", headers={"Host": name})
        return connection.getresponse().read(100).decode(errors="replace")
    except (OSError, HTTPException):
        return ""
    finally:
        connection.close()


def _own_addresses():
    """The addresses that this host sends from; connecting a datagram socket sends nothing."""
    found = []
    for family, target in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((target, 80))
            found.append(probe.getsockname()[0])
    return ", ".join(found) or "no address found"


def run_certbot(settings, names, *, lenient):
    """Runs certbot; ``lenient`` accepts a certificate for fewer names."""
    email = (
        ["--email", settings["email"], "--no-eff-email"] if settings["email"] else ["--register-unsafely-without-email"]
    )
    command = ["certbot", "certonly", "--non-interactive", "--agree-tos", *email]
    command += ["--server", settings["directory"], "--cert-name", LINEAGE, "--domains", ",".join(names)]
    command += ["--force-renewal", "--renew-with-new-domains", *(["--allow-subset-of-names"] if lenient else [])]
    command += ["--key-type", "ecdsa", "--elliptic-curve", "secp256r1"]
    command += ["--webroot", "--webroot-path", settings["webroot"], "--deploy-hook", f"{settings['command']} install"]
    done = subprocess.run(command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    print(done.stdout, flush=True)
    if done.returncode:
        details = "; ".join(re.findall(r"Detail: (.+)", done.stdout)) or "its lines above say why"
        raise CertificateError(f"{settings['directory']} gave no certificate for {', '.join(names)}: {details}")


def install(settings):
    """Copies the newest certificate to where nginx reads it, and reloads nginx; does nothing if it is there."""
    pairs = [
        (_live("fullchain.pem"), Path(settings["certificate"]), 0o644),
        (_live("privkey.pem"), Path(settings["key"]), 0o600),
    ]
    before = {target: target.read_bytes() if target.exists() else b"" for _, target, _ in pairs}
    if all(before[target] == source.read_bytes() for source, target, _ in pairs):
        return
    _write({target: (source.read_bytes(), mode) for source, target, mode in pairs})
    if subprocess.run(["nginx", "-t", "-q"], check=False).returncode:
        _write({target: (before[target], mode) for _, target, mode in pairs})
        raise CertificateError("nginx rejects the new certificate, so it has the old one again; `nginx -t` says why")
    subprocess.run(["systemctl", "reload", "nginx"], check=True)


def _write(contents):
    """Replaces files atomically; all new ones are written before the first rename."""
    for target, (content, mode) in contents.items():
        new = target.with_name(f".{target.name}.new")
        new.unlink(missing_ok=True)
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(content)
            os.fsync(file.fileno())
    for target in contents:
        target.with_name(f".{target.name}.new").rename(target)


def _live(name="cert.pem"):
    return CERTBOT / "live" / LINEAGE / name


if __name__ == "__main__":
    if sys.argv[1:] not in (["check"], ["renew"], ["install"]):
        sys.exit(__doc__)
    main(sys.argv[1])
