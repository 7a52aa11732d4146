"""Explains why there was no response, in one sentence: the name, the connection, TLS or the proxy.

It reads the errors of ssl, socket and urllib3, whichever library has wrapped them. It repeats no text of theirs that
could contain a URL's password.
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
# OpenSSL's reasons for bytes that are no TLS at all, and for a peer with another version or other ciphers.
NO_TLS = re.compile(
    r"WRONG_VERSION_NUMBER|HTTP_REQUEST|HTTPS_PROXY_REQUEST|PACKET_LENGTH_TOO_LONG|RECORD_LAYER_FAILURE"
)
OTHER_TLS = re.compile(r"PROTOCOL|HANDSHAKE_FAILURE|NO_SHARED_CIPHER|NO_CIPHERS|INTERNAL_ERROR|INSUFFICIENT_SECURITY")
TUNNEL = re.compile(r"Tunnel connection failed: (\d{3})\s*(.*)")
NO_ROUTE = (errno.ENETUNREACH, errno.EHOSTUNREACH)


def cause(error: BaseException, peer: str, ca: str = "SSL_CERT_FILE") -> str:
    """A sentence about ``peer``, the server, or about the proxy; "" for any other error.

    ``ca`` is the environment variable with the trusted authorities.
    """
    chain = list(_chain(error))
    proxied = next((each for each in chain if isinstance(each, exceptions.ProxyError)), None)
    for each in chain:
        if tunnel := TUNNEL.search(str(each)) if isinstance(each, OSError) else None:
            return _rejected_by_proxy(peer, int(tunnel[1]), tunnel[2].strip())
    if proxied is not None:
        reason = _tls(chain, "the proxy", ca) or _unreached(chain, "the proxy") or "the proxy cannot be reached"
        return f"{reason}; check HTTPS_PROXY"
    return _tls(chain, peer, ca) or _unreached(chain, peer)


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
        # botocore keeps it among the arguments of its message.
        inner += list(getattr(each, "kwargs", {}).values())
        waiting += [one for one in inner if isinstance(one, BaseException)]


def _rejected_by_proxy(peer: str, status: int, phrase: str) -> str:
    name = f"{status} {phrase}".rstrip()[:80]
    if status == 407:
        return f"the proxy requires a user and a password ({name}); check HTTPS_PROXY"
    if status >= 500:
        return f"the proxy answers {name} for {peer}: it does not get through; check the network behind it"
    return f"the proxy rejects the connection to {peer} ({name}); have it allowed there, or name the host in NO_PROXY"


def _tls(chain: list[BaseException], peer: str, ca: str) -> str:
    for each in chain:
        # botocore has urllib3 compare the names.
        if isinstance(each, CertificateError):
            return _another_host(peer)
        if isinstance(each, ssl.SSLCertVerificationError):
            return _certificate(each, peer, ca)
    for each in chain:
        if isinstance(each, ssl.SSLError):
            reason = each.reason or ""
            if NO_TLS.search(reason):
                return f"{peer} does not speak TLS; check the port, and http or https"
            if isinstance(each, ssl.SSLEOFError | ssl.SSLZeroReturnError):
                return f"{peer} broke off the TLS handshake; is it the right host and port?"
            if OTHER_TLS.search(reason):
                return f"{peer} has no TLS version or cipher in common with this machine ({reason})"
            return f"TLS with {peer} failed ({reason or type(each).__name__})"
    return ""


def _certificate(error: ssl.SSLCertVerificationError, peer: str, ca: str) -> str:
    code, message = error.verify_code, error.verify_message
    if code == EXPIRED:
        return f"the certificate of {peer} has expired; have it renewed (or is this machine's clock wrong?)"
    if code == NOT_YET_VALID:
        return f"the certificate of {peer} is not valid yet; is this machine's clock wrong?"
    if code in OTHER_NAME or "match" in message:
        return _another_host(peer)
    if code in UNTRUSTED:
        return f"the certificate of {peer} is not signed by a trusted authority; check {ca}"
    return f"the certificate of {peer} is not accepted: {message}"


def _another_host(peer: str) -> str:
    return f"the certificate of {peer} is another host's; check the name, and what DNS resolves it to"


def _unreached(chain: list[BaseException], peer: str) -> str:
    def has(*kinds: type[BaseException]) -> bool:
        return any(isinstance(each, kinds) for each in chain)

    # The most specific first: to urllib3 a refused connection is also one that timed out.
    if has(socket.gaierror, exceptions.NameResolutionError):
        return f"{peer} cannot be reached: DNS has no such name, or does not answer"
    if has(ConnectionRefusedError):
        return f"{peer} cannot be reached: nothing listens there"
    if any(isinstance(each, OSError) and each.errno in NO_ROUTE for each in chain):
        return f"{peer} cannot be reached: this machine's network has no route to it"
    if has(exceptions.ReadTimeoutError):
        return f"{peer} accepted the connection and did not answer in time"
    if has(exceptions.ConnectTimeoutError, TimeoutError):
        return f"{peer} cannot be reached: no answer at all, it is down or a firewall drops what is sent"
    if has(ConnectionResetError, BrokenPipeError, http.client.RemoteDisconnected):
        return f"the connection broke: {peer} ended it"
    return ""
