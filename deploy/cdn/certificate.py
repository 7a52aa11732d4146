"""The certificate of the two CDN hosts: found or asked for in ACM, us-east-1."""

import time
from typing import Any

from deploy.cdn.account import TAG, Account, Site, ask, host
from deploy.errors import SlipwayError

# Without the filter ACM lists RSA keys alone.
KEY_TYPES = ["RSA_2048", "RSA_3072", "RSA_4096", "EC_prime256v1", "EC_secp384r1"]
# ACM makes up the validation records a few seconds after the request.
RECORDS_WITHIN = 30  # seconds


def ensure_certificate(account: Account, site: Site) -> tuple[str, list[str]]:
    """The ARN of an issued certificate for both hosts, and what changed.

    Raises SlipwayError with the DNS records to make while ACM waits for them.
    """
    names = [host(site.static_url), host(site.media_url)]
    issued = [c for c in _certificates(account, "ISSUED") if covers(_names(c), names)]
    if issued:
        # The newest, so that a renewed import takes over.
        return max(issued, key=lambda c: c["NotAfter"])["CertificateArn"], []
    waiting = [c for c in _certificates(account, "PENDING_VALIDATION") if covers(_names(c), names)]
    arn = waiting[0]["CertificateArn"] if waiting else _request(account, site, names)
    records = "; ".join(
        f"{r['Name'].rstrip('.')} {r['Type']} {r['Value'].rstrip('.')}" for r in _validation_records(account, arn)
    )
    raise SlipwayError(
        f"the certificate for {' and '.join(names)} is not issued yet: make these DNS records, "
        f"wait some minutes and run this again: {records}"
    )


def find_certificate(account: Account, site: Site) -> str | None:
    """The ARN of the issued certificate for both hosts, or None."""
    names = [host(site.static_url), host(site.media_url)]
    issued = [c for c in _certificates(account, "ISSUED") if covers(_names(c), names)]
    return max(issued, key=lambda c: c["NotAfter"])["CertificateArn"] if issued else None


def covers(certified: set[str], names: list[str]) -> bool:
    """Whether every one of ``names`` is certified, by itself or by a wildcard of its parent."""
    return all(name in certified or f"*.{name.partition('.')[2]}" in certified for name in names)


def _certificates(account: Account, status: str) -> list[dict[str, Any]]:
    """Full descriptions of the account's certificates in ``status``."""
    found: list[dict[str, Any]] = []
    params: dict[str, Any] = {"CertificateStatuses": [status], "Includes": {"keyTypes": KEY_TYPES}}
    while True:
        page = ask(account.acm, "list_certificates", "certificates", **params)
        found += [_describe(account, c["CertificateArn"]) for c in page["CertificateSummaryList"]]
        if not page.get("NextToken"):
            return found
        params["NextToken"] = page["NextToken"]


def _describe(account: Account, arn: str) -> dict[str, Any]:
    answer = ask(account.acm, "describe_certificate", f"certificate {arn}", CertificateArn=arn)
    return answer["Certificate"]


def _names(certificate: dict[str, Any]) -> set[str]:
    return {certificate["DomainName"], *certificate.get("SubjectAlternativeNames", [])}


def _request(account: Account, site: Site, names: list[str]) -> str:
    answer = ask(
        account.acm,
        "request_certificate",
        f"a certificate for {' and '.join(names)}",
        DomainName=names[0],
        SubjectAlternativeNames=names,
        ValidationMethod="DNS",
        KeyAlgorithm="EC_prime256v1",
        Tags=[{"Key": TAG, "Value": site.name}],
    )
    return answer["CertificateArn"]


def _validation_records(account: Account, arn: str) -> list[dict[str, str]]:
    deadline = time.monotonic() + RECORDS_WITHIN
    while True:
        options = _describe(account, arn).get("DomainValidationOptions", [])
        records = [o["ResourceRecord"] for o in options if "ResourceRecord" in o]
        if records and len(records) == len(options):
            return records
        if time.monotonic() > deadline:
            raise SlipwayError(f"ACM names no validation records for {arn} yet; run this again")
        time.sleep(1)
