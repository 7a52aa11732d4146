"""What a server's certificate says: its names, and its dates, which the connection's error does not name."""

import asyncio
import ssl
from datetime import UTC, datetime

# https://docs.openssl.org/3.0/man3/X509_STORE_CTX_get_error/
_NOT_YET, _EXPIRED = 9, 10
# Python has no name for it. https://docs.openssl.org/3.0/man3/X509_VERIFY_PARAM_set_flags/
_NO_CHECK_TIME = 0x200000
_PATIENCE = 10  # s


async def problem(error: Exception, host: str, address: tuple[str, int], trust: ssl.SSLContext) -> str:
    """The problem behind ``error``, with the certificate's date; "" for any other error.

    ``trust`` is changed: it then accepts certificates of any date.
    """
    rejected = getattr(error, "certificate_error", None)
    code = getattr(rejected, "verify_code", 0)
    if code not in (_NOT_YET, _EXPIRED):
        return ""
    trust.verify_flags |= _NO_CHECK_TIME
    certificate = await _certificate(host, address, trust)
    if not certificate:
        return ""
    key, what = ("notAfter", "ended on") if code == _EXPIRED else ("notBefore", "begins on")
    moment = datetime.fromtimestamp(ssl.cert_time_to_seconds(certificate[key]), UTC)
    return f"the certificate of {host} {what} {moment:%Y-%m-%d %H:%M} UTC"


async def names(host: str, address: tuple[str, int], trust: ssl.SSLContext) -> list[str]:
    """The host names in the certificate for ``host`` at this address; none if it is not valid, or out of reach."""
    certificate = await _certificate(host, address, trust)
    return [name for kind, name in certificate.get("subjectAltName", ()) if kind == "DNS"]


async def _certificate(host: str, address: tuple[str, int], trust: ssl.SSLContext) -> dict:
    """The certificate as ``ssl`` reads it; empty if it is not trusted, or out of reach."""
    try:
        async with asyncio.timeout(_PATIENCE):
            _, writer = await asyncio.open_connection(*address, ssl=trust, server_hostname=host)
    except (OSError, TimeoutError):
        return {}
    certificate = writer.get_extra_info("peercert")
    writer.close()
    return certificate
