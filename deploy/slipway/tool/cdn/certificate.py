"""The certificate of the two CDN hosts: found or requested in ACM, us-east-1, and validated by DNS."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from slipway.tool.cdn import route53
from slipway.tool.cdn.account import NOT_YET, TAG, Account, host
from slipway.tool.cdn.waiting import wait_for
from slipway.tool.config import Site
from slipway.web.errors import SlipwayError

# Those that CloudFront takes; without a filter ACM lists RSA_1024 and RSA_2048 only.
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cnames-and-https-requirements.html
KEY_TYPES = ["RSA_2048", "RSA_3072", "RSA_4096", "EC_prime256v1"]
# Every state of a certificate; without a filter ACM lists all but the expired ones.
STATES = ("PENDING_VALIDATION", "ISSUED", "INACTIVE", "EXPIRED", "VALIDATION_TIMED_OUT", "REVOKED", "FAILED")
# https://docs.aws.amazon.com/acm/latest/APIReference/API_RequestCertificate.html
FIRST_NAME = 64
# ACM renews 60 days ahead.
RENEWED_BY = timedelta(days=30)
# ACM generates the validation records a few seconds after the request.
RECORDS_WITHIN = 60  # seconds
# With the records in place ACM takes minutes; setting them by hand takes longer.
ISSUED_WITHIN = 30 * 60  # seconds


def ensure_certificate(account: Account, site: Site, zones: Sequence[route53.Zone]) -> str:
    """The ARN of an issued certificate for both hosts.

    Waits for one that is not issued yet. Raises SlipwayError, with the DNS records that ACM waits for, when that takes
    too long; a later run goes on with the same certificate.
    """
    names = names_of(site)
    arn = find_certificate(account, site)
    if arn:
        account.existing.append(f"certificate of {' and '.join(names)}")
        current = _describe(account, arn)
        _check_renewal(account, current, names)
        # ACM renews it as long as these records stay. Those of a certificate of somebody else are theirs.
        if is_ours(account, site, arn):
            for record in records_of(current):
                _ensure_record(account, record, zones)
        return arn
    pending = [c for c in certificates(account, "PENDING_VALIDATION") if covers(_names(c), names)]
    # One that somebody else requested may wait for an e-mail that nobody answers.
    waiting = [c for c in pending if is_ours(account, site, c["CertificateArn"])]
    arn = waiting[0]["CertificateArn"] if waiting else _request(account, site, names)
    if account.dry:
        account.changes.append(f"wait   for the certificate of {' and '.join(names)} to be validated by DNS")
        return arn
    records = validation_records(account, arn)
    by_hand = [record for record in records if not _ensure_record(account, record, zones)]
    if by_hand:
        account.say("The certificate waits for these DNS records; set them where your domain is administered:")
        for record in by_hand:
            account.say(f"    {_shown(record)}")
    _wait(account, arn, names, records, zones)
    return arn


def find_certificate(account: Account, site: Site) -> str | None:
    """The ARN of the issued certificate for both hosts, or None."""
    names = names_of(site)
    now = datetime.now(UTC)
    issued = [c for c in certificates(account, "ISSUED") if covers(_names(c), names) and c["NotAfter"] > now]
    # The newest, so that a renewed import is used.
    return max(issued, key=lambda c: c["NotAfter"])["CertificateArn"] if issued else None


def _check_renewal(account: Account, current: dict[str, Any], names: list[str]) -> None:
    """Notes a certificate that nobody renewed in time."""
    until = current["NotAfter"]
    if until - datetime.now(UTC) > RENEWED_BY:
        return
    imported = current.get("Type") == "IMPORTED"
    how = "import its successor, or delete it to have one made" if imported else "its DNS records have to resolve"
    account.note(f"the certificate of {' and '.join(names)} ends on {until:%Y-%m-%d}, and is not renewed: {how}")


def names_of(site: Site) -> list[str]:
    return [host(site.static_url), host(site.media_url)]


def covers(certified: set[str], names: list[str]) -> bool:
    """Whether every one of ``names`` is certified, by itself or by a wildcard of its parent."""
    return all(name in certified or f"*.{name.partition('.')[2]}" in certified for name in names)


def certificates(account: Account, *states: str) -> list[dict[str, Any]]:
    """Full descriptions of the account's certificates in ``states``."""
    certificates: list[dict[str, Any]] = []
    params: dict[str, Any] = {"CertificateStatuses": list(states), "Includes": {"keyTypes": KEY_TYPES}}
    while True:
        page = account.call(account.acm, "list_certificates", "certificates", **params)
        described = [_describe(account, one["CertificateArn"]) for one in page["CertificateSummaryList"]]
        certificates += [one for one in described if _key_type(one) in KEY_TYPES]
        if not page.get("NextToken"):
            return certificates
        params["NextToken"] = page["NextToken"]


def ours(account: Account, site: Site) -> list[dict[str, Any]]:
    """Descriptions of the certificates that provisioning requested, by their tag; those that never came too."""
    known = certificates(account, *STATES)
    return [one for one in known if is_ours(account, site, one["CertificateArn"])]


def needs_record(certificate: dict[str, Any], record: dict[str, str]) -> bool:
    """Whether a certificate is validated by ``record``. All certificates of one name in an account share theirs."""
    return any(one["Name"] == record["Name"] for one in records_of(certificate))


def validation_records(account: Account, arn: str) -> list[dict[str, str]]:
    """The CNAME records for ACM's validation. Raises SlipwayError when ACM does not provide them in time."""
    records: list[dict[str, str]] = []

    def are_there() -> bool:
        current = _describe(account, arn)
        records[:] = records_of(current)
        return bool(records) and len(records) == len(current["DomainValidationOptions"])

    if not wait_for("the certificate's validation records", are_there, account.say, RECORDS_WITHIN):
        raise SlipwayError(f"ACM names no validation records for {arn} yet; run it again")
    # Two names may share one.
    return [record for number, record in enumerate(records) if record not in records[:number]]


def records_of(certificate: dict[str, Any]) -> list[dict[str, str]]:
    options = certificate.get("DomainValidationOptions", [])
    return [option["ResourceRecord"] for option in options if "ResourceRecord" in option]


def _ensure_record(account: Account, record: dict[str, str], zones: Sequence[route53.Zone]) -> bool:
    """Creates the record if its zone is in the account, whether it is; who made it first keeps its lifetime."""
    zone = route53.zone_of(record["Name"].rstrip("."), zones)
    if zone:
        route53.ensure(account, zone, record_set(record))
    return bool(zone)


def is_ours(account: Account, site: Site, arn: str) -> bool:
    answer = account.call(account.acm, "list_tags_for_certificate", f"certificate {arn}", CertificateArn=arn)
    return {"Key": TAG, "Value": site.name} in answer["Tags"]


def _describe(account: Account, arn: str) -> dict[str, Any]:
    answer = account.call(account.acm, "describe_certificate", f"certificate {arn}", CertificateArn=arn)
    return answer["Certificate"]


def _key_type(certificate: dict[str, Any]) -> str:
    """As the filter spells it: a description has RSA-2048 for RSA_2048."""
    return certificate.get("KeyAlgorithm", KEY_TYPES[0]).replace("-", "_")


def _names(certificate: dict[str, Any]) -> set[str]:
    return {certificate["DomainName"], *certificate.get("SubjectAlternativeNames", [])}


def _request(account: Account, site: Site, names: list[str]) -> str:
    answer = account.change(
        account.acm,
        "request_certificate",
        f"a certificate for {' and '.join(names)}",
        [f"create certificate for {' and '.join(names)}"],
        DomainName=names[0] if len(names[0]) <= FIRST_NAME else min(names, key=len),
        SubjectAlternativeNames=names,
        ValidationMethod="DNS",
        KeyAlgorithm="EC_prime256v1",
        Tags=[{"Key": TAG, "Value": site.name}],
    )
    return answer["CertificateArn"] if answer else NOT_YET


def _wait(
    account: Account, arn: str, names: list[str], records: list[dict[str, str]], zones: Sequence[route53.Zone]
) -> None:
    what = f"the certificate for {' and '.join(names)}"

    def is_issued() -> bool:
        current = _describe(account, arn)
        if current["Status"] not in ("ISSUED", "PENDING_VALIDATION"):
            why = current.get("FailureReason", current["Status"])
            raise SlipwayError(
                f"{what} was rejected: {why}; a CAA record may forbid amazon.com; allow it, and run again"
            )
        return current["Status"] == "ISSUED"

    if not wait_for(what, is_issued, account.say, ISSUED_WITHIN):
        zone = route53.zone_of(names[0], zones)
        servers = ", ".join(route53.name_servers(account, zone)) if zone else ""
        delegated = f", that the domain's name servers are {servers}" if servers else ""
        raise SlipwayError(
            f"{what} is not issued yet: check that these DNS records resolve{delegated}, and run it again: "
            + "; ".join(map(_shown, records))
        )


def record_set(record: dict[str, str]) -> dict[str, Any]:
    name, value = (f"{record[key].rstrip('.')}." for key in ("Name", "Value"))
    return {"Name": name, "Type": record["Type"], "TTL": route53.TTL, "ResourceRecords": [{"Value": value}]}


def _shown(record: dict[str, str]) -> str:
    return f"{record['Name'].rstrip('.')} {record['Type']} {record['Value'].rstrip('.')}"
