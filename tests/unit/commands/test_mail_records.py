"""What mail needs in the DNS, of which `make alarm` says what is missing."""

import dns.resolver
import dns.rrset
import pytest

from slipway.tool import mail_records

SPF, DMARC = {"example.com": ["v=spf1 include:mail.example ~all"]}, {"_dmarc.example.com": ["v=DMARC1; p=none"]}
KEY = {"k._domainkey.example.com": ["v=DKIM1; k=rsa; p=MIIB"]}


def missing(records, sender="alarms@example.com", selector="k"):
    return list(mail_records.missing(sender, selector, lambda name: records.get(name, [])))


def test_mail_that_has_all_three_is_believed():
    assert missing(SPF | DMARC | KEY) == []
    assert missing(SPF | DMARC, selector="") == [], "without a selector nobody can look the key up"


@pytest.mark.parametrize(
    ("records", "says"),
    [
        (DMARC | KEY, "SPF: example.com has no TXT record v=spf1"),
        (DMARC | KEY | {"example.com": ["v=spf1 ~all", "v=spf1 -all"]}, "SPF: example.com has 2 records"),
        (DMARC | KEY | {"example.com": ["v=spf1 +all"]}, "SPF: the record of example.com ends in [+]all"),
        (SPF | KEY, "DMARC: _dmarc.example.com has no TXT record"),
        (SPF | KEY | {"_dmarc.example.com": ["v=DMARC2"]}, "DMARC: _dmarc"),
        (SPF | DMARC, "DKIM: k._domainkey.example.com has no TXT record with a key"),
        (SPF | DMARC | {"k._domainkey.example.com": ["v=DKIM1; p="]}, "DKIM: the key of k.* is withdrawn"),
    ],
)
def test_each_that_is_missing_is_a_line_with_what_to_do(records, says):
    (line,) = missing(records)
    assert line.startswith(says.split("[")[0].split(".*")[0]) and ";" in line


def test_a_record_above_the_domain_counts_for_dmarc_alone():
    found = missing(SPF | DMARC | KEY, sender="alarms@mail.example.com", selector="")
    assert [line.split(":")[0] for line in found] == ["SPF"]


def test_a_dns_that_does_not_answer_is_a_line():
    def lost(name):
        raise OSError(f"{name} cannot be looked up: LifetimeTimeout")

    assert len(list(mail_records.missing("a@example.com", "k", lost))) == 3


def test_a_record_is_looked_up_whole(monkeypatch):
    """Of the real client, with an answer in place of the network's."""

    def answered(name, kind, lifetime):
        if name == "none.example.com":
            raise dns.resolver.NXDOMAIN
        if name == "lost.example.com":
            raise dns.resolver.LifetimeTimeout(timeout=5, errors=[])
        return dns.rrset.from_text(name, 60, "IN", kind, '"v=DKIM1; p=AB" "CD"')

    monkeypatch.setattr(dns.resolver, "resolve", answered)
    assert mail_records.lookup("k._domainkey.example.com") == ["v=DKIM1; p=ABCD"]
    assert mail_records.lookup("none.example.com") == []
    with pytest.raises(OSError, match=r"^lost.example.com cannot be looked up: LifetimeTimeout$"):
        mail_records.lookup("lost.example.com")
