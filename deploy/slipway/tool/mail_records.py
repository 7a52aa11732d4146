"""Whether mail of a sender is believed: its domain's SPF, DMARC and DKIM records, as receivers look them up."""

from collections.abc import Callable, Iterator

# s, for all servers that are asked for a record.
SECONDS = 5


def lookup(name: str) -> list[str]:
    """The TXT records of a name. Raises OSError, in one line, when no server answers."""
    import dns.exception
    import dns.resolver

    try:
        found = dns.resolver.resolve(name, "TXT", lifetime=SECONDS)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    except dns.exception.DNSException as error:
        raise OSError(f"{name} cannot be looked up: {type(error).__name__}") from None
    return [b"".join(each.strings).decode("utf-8", "replace") for each in found]


def missing(sender: str, selector: str, records: Callable[[str], list[str]] = lookup) -> Iterator[str]:
    """What makes receivers doubt, a line each; ``selector`` is that of the DKIM key, "" where nobody knows it."""
    domain = sender.rpartition("@")[2]
    for check in (_spf(domain, records), _dmarc(domain, records), _dkim(domain, selector, records)):
        try:
            yield from check
        except OSError as error:
            yield str(error)


def _spf(domain: str, records: Callable[[str], list[str]]) -> Iterator[str]:
    """https://www.rfc-editor.org/rfc/rfc7208"""
    found = [each for each in records(domain) if each.lower().split(" ")[0] == "v=spf1"]
    if not found:
        yield f"SPF: {domain} has no TXT record v=spf1; your mail provider says which one it needs"
    elif len(found) > 1:
        yield f"SPF: {domain} has {len(found)} records v=spf1, and receivers ignore all of them; make one of them"
    elif found[0].lower().endswith("+all"):
        yield f"SPF: the record of {domain} ends in +all, and lets everybody send; end it in ~all or -all"


def _dmarc(domain: str, records: Callable[[str], list[str]]) -> Iterator[str]:
    """https://www.rfc-editor.org/rfc/rfc7489; of the domain, or of one above it."""
    labels = domain.split(".")
    names = [f"_dmarc.{'.'.join(labels[number:])}" for number in range(len(labels) - 1)]
    if not any(each.lower().replace(" ", "").startswith("v=dmarc1;") for name in names for each in records(name)):
        yield f"DMARC: {names[0]} has no TXT record v=DMARC1; `v=DMARC1; p=none` is a beginning"


def _dkim(domain: str, selector: str, records: Callable[[str], list[str]]) -> Iterator[str]:
    """https://www.rfc-editor.org/rfc/rfc6376"""
    if not selector:
        return
    name = f"{selector}._domainkey.{domain}"
    tags = [dict(tag.strip().partition("=")[::2] for tag in each.split(";")) for each in records(name)]
    keys = [each["p"].strip() for each in tags if "p" in each]
    if not keys:
        yield f"DKIM: {name} has no TXT record with a key; your mail provider says which one it needs"
    elif not any(keys):
        yield f"DKIM: the key of {name} is withdrawn (its p= is empty); dkim_selector in site.yml names another"
