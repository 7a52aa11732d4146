"""testssl.sh against the site's own nginx: the grade where it gives one, and no finding of weight."""

import json
import re
import shlex
from collections.abc import Mapping, Sequence

from slipway.tool.audit import NOT_CHECKED, Verdict, borrowed, judged
from slipway.tool.config import Site
from slipway.tool.server.connection import Connection
from slipway.tool.server.layout import LAYOUT

GRADE = "A+"
WEIGHTY = ("MEDIUM", "HIGH", "CRITICAL", "FATAL")
# Not of the server's configuration: the authority decides how long a certificate holds and how it is revoked, `make
# status` watches its days, and DNS is the owner's. BREACH needs a secret that stays the same in each page: Django masks
# its CSRF token anew each time. https://docs.djangoproject.com/en/5.2/ref/csrf/#how-it-works
ELSEWHERE = re.compile(r"cert_(expirationStatus|notAfter|extlifeSpan|revocation).*|DNS_CAArecord.*|BREACH")
# hexdump is in bsdextrautils, and not in a minimal system.
PACKAGES = ("testssl.sh", "bsdextrautils")
# It ends without a resolver, though with --nodns it asks none.
COMMAND = """export PATH="$folder/usr/bin:$PATH" TESTSSL_INSTALL_DIR="$folder/etc/testssl"
printf '#!/bin/sh\n' > usr/bin/dig && chmod +x usr/bin/dig
test -e "$TESTSSL_INSTALL_DIR" || TESTSSL_INSTALL_DIR="$folder/usr/share/testssl"
testssl --quiet --color 0 --warnings off --nodns none --ip 127.0.0.1 --add-ca {authorities} \
    --jsonfile "$folder/found.json" https://{site} > "$folder/output" 2>&1 || true
cat "$folder/found.json"
"""


def judge(connection: Connection, site: Site) -> Verdict:
    if site.tls == "none":
        return Verdict(
            "testssl.sh", NOT_CHECKED, "tls: none in site.yml; test the load balancer, which has the certificate"
        )
    command = COMMAND.format(authorities=LAYOUT.authorities, site=shlex.quote(site.host))
    return verdict(json.loads(borrowed.run(connection, PACKAGES, command)))


def verdict(found: Sequence[Mapping[str, str]]) -> Verdict:
    """Of testssl's flat JSON: https://testssl.sh/doc/testssl.1.html"""
    findings = [
        f"{each['id']}: {each['finding']}"
        for each in found
        if each["severity"] in WEIGHTY and not ELSEWHERE.fullmatch(each["id"])
    ]
    grade = next((each["finding"] for each in found if each["id"] == "overall_grade"), "")
    if grade and grade != GRADE:
        caps = [each["finding"] for each in found if each["id"].startswith("grade_cap_reason")]
        findings.append(f"grade {grade}, not {GRADE}: {'; '.join(caps) or 'see testssl.sh itself'}")
    if not found:
        return Verdict("testssl.sh", NOT_CHECKED, "it printed nothing")
    graded = f"grade {grade}" if grade else "no finding of weight; this version gives no grade"
    return judged("testssl.sh", findings, graded)
