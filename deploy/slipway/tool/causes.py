"""Why there was no answer, in words for a person: what the name, the connection, TLS or the proxy said.

Read from the errors of ssl, socket and urllib3, whichever library has wrapped them. No text of theirs that could carry
a URL's password is repeated.
"""

import errno
import http.client
import re
import socket
import ssl
from collections.abc import Iterator

from urllib3 import exceptions
from urllib3.util.ssl_match_hostname import CertificateError

# https://docs.openssl.org/3.0/man3/X509_STORE_CTX_get_error/
NOT_YET_VALID, EXPIRED = 9, 10
UNTRUSTED = (2, 18, 19, 20, 21)
OTHER_NAME = (62, 64)
# OpenSSL's reasons for bytes that are no TLS at all, and for a peer that speaks another version or other ciphers.
NO_TLS = re.compile(
    r"WRONG_VERSION_NUMBER|HTTP_REQUEST|HTTPS_PROXY_REQUEST|PACKET_LENGTH_TOO_LONG|RECORD_LAYER_FAILURE"
)
OTHER_TLS = re.compile(r"PROTOCOL|HANDSHAKE_FAILURE|NO_SHARED_CIPHER|NO_CIPHERS|INTERNAL_ERROR|INSUFFICIENT_SECURITY")
TUNNEL = re.compile(r"Tunnel connection failed: (\d{3})\s*(.*)")
NO_ROUTE = (errno.ENETUNREACH, errno.EHOSTUNREACH)


def cause(error: BaseException, whom: str, ca: str = "SSL_CERT_FILE") -> str:
    """A sentence about ``whom``, the server that was asked, or about the proxy; "" for what is none of these.

    ``ca`` is the variable that names the authorities to trust.
    """
    chain = list(_chain(error))
    proxied = next((each for each in chain if isinstance(each, exceptions.ProxyError)), None)
    for each in chain:
        if tunnel := TUNNEL.search(str(each)) if isinstance(each, OSError) else None:
            return _rejected_by_proxy(whom, int(tunnel[1]), tunnel[2].strip())
    if proxied is not None:
        told = _tls(chain, "the proxy", ca) or _unreached(chain, "the proxy") or "the proxy cannot be reached"
        return f"{told}; check HTTPS_PROXY"
    return _tls(chain, whom, ca) or _unreached(chain, whom)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and all that it wraps, each once."""
    seen, waiting = set(), [error]
    while waiting:
        each = waiting.pop(0)
        if id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        inner = [each.__cause__, each.__context__, *each.args]
        inner += [getattr(each, name, None) for name in ("reason", "original_error")]
        # botocore keeps it among the words of its message.
        inner += list(getattr(each, "kwargs", {}).values())
        waiting += [one for one in inner if isinstance(one, BaseException)]


def _rejected_by_proxy(whom: str, status: int, phrase: str) -> str:
    name = f"{status} {phrase}".rstrip()[:80]
    if status == 407:
        return f"the proxy wants a user and a password ({name}); check HTTPS_PROXY"
    if status >= 500:
        return f"the proxy answers {name} for {whom}: it does not get through; check the network behind it"
    return f"the proxy rejects the connection to {whom} ({name}); have it allowed there, or name the host in NO_PROXY"


def _tls(chain: list[BaseException], whom: str, ca: str) -> str:
    for each in chain:
        # botocore has urllib3 compare the names.
        if isinstance(each, CertificateError):
            return _another_host(whom)
        if isinstance(each, ssl.SSLCertVerificationError):
            return _certificate(each, whom, ca)
    for each in chain:
        if isinstance(each, ssl.SSLError):
            reason = each.reason or ""
            if NO_TLS.search(reason):
                return f"{whom} does not speak TLS; check the port, and http or https"
            if isinstance(each, ssl.SSLEOFError | ssl.SSLZeroReturnError):
                return f"{whom} broke off the TLS handshake; is it the right host and port?"
            if OTHER_TLS.search(reason):
                return f"{whom} has no TLS version or cipher in common with this machine ({reason})"
            return f"TLS with {whom} failed ({reason or type(each).__name__})"
    return ""


def _certificate(error: ssl.SSLCertVerificationError, whom: str, ca: str) -> str:
    code, message = error.verify_code, error.verify_message
    if code == EXPIRED:
        return f"the certificate of {whom} has expired; have it renewed (or is this machine's clock wrong?)"
    if code == NOT_YET_VALID:
        return f"the certificate of {whom} is not valid yet; is this machine's clock wrong?"
    if code in OTHER_NAME or "match" in message:
        return _another_host(whom)
    if code in UNTRUSTED:
        return f"the certificate of {whom} is signed by nobody whom we trust; check {ca}"
    return f"the certificate of {whom} is not accepted: {message}"


def _another_host(whom: str) -> str:
    return f"the certificate of {whom} is another host's; check the name, and what DNS resolves it to"


def _unreached(chain: list[BaseException], whom: str) -> str:
    def has(*kinds: type[BaseException]) -> bool:
        return any(isinstance(each, kinds) for each in chain)

    # The most telling first: urllib3 takes a refused connection for one that timed out, too.
    if has(socket.gaierror, exceptions.NameResolutionError):
        return f"{whom} cannot be reached: DNS has no such name, or does not answer"
    if has(ConnectionRefusedError):
        return f"{whom} cannot be reached: nothing listens there"
    if any(isinstance(each, OSError) and each.errno in NO_ROUTE for each in chain):
        return f"{whom} cannot be reached: no way leads there from this machine's network"
    if has(exceptions.ReadTimeoutError):
        return f"{whom} took the connection and did not answer in time"
    if has(exceptions.ConnectTimeoutError, TimeoutError):
        return f"{whom} cannot be reached: no answer at all, it is down or a firewall drops what is sent"
    if has(ConnectionResetError, BrokenPipeError, http.client.RemoteDisconnected):
        return f"the connection broke: {whom} ended it"
    return ""
