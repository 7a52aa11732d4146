"""What each judge of `make audit` makes of what its program prints."""

import json
import stat
import sys
from types import SimpleNamespace

import pytest

from slipway.tool import audit
from slipway.tool.audit import django, gixy, lynis, packages, ports, testssl, units
from slipway.tool.commands import audit as command
from slipway.web.errors import SlipwayError

LYNIS = """hardening_index=76
suggestion[]=AUTH-9230|Configure password hashing rounds|-|-|
suggestion[]=SSH-7408|Consider hardening SSH configuration|Port|-|
warning[]=BOAT-1234|The boat leaks|-|-|
"""


def test_lynis_passes_with_its_index_and_suggestions_that_have_a_reason():
    verdict = lynis.verdict("".join(LYNIS.splitlines(keepends=True)[:3]))
    assert verdict == ("lynis", audit.PASSED, "index 76; 2 suggestions", ())


def test_lynis_fails_with_a_suggestion_without_a_reason_or_a_low_index():
    leaky = lynis.verdict(LYNIS)
    assert (leaky.state, leaky.details) == (audit.FAILED, ("BOAT-1234: The boat leaks",))
    low = lynis.verdict(LYNIS.replace("=76", "=74"))
    assert (low.state, low.details[0]) == (audit.FAILED, "the hardening index is 74, less than 75")
    assert lynis.verdict("").state == audit.NOT_CHECKED


def test_lynis_cannot_pass_in_a_container_and_says_why():
    report = LYNIS.replace("BOAT-1234", "USB-1000").replace("=76", "=74")
    verdict = lynis.verdict(report, own_kernel=False)
    assert (verdict.state, verdict.details) == (audit.NOT_CHECKED, ())
    assert "index 74, in a container" in verdict.result
    assert lynis.verdict(LYNIS, own_kernel=False).details == ("BOAT-1234: The boat leaks",)


def test_a_row_of_the_table_may_hold_several_tests_of_one_group():
    assert {"ACCT-9622", "ACCT-9628", "FILE-7524", "HOME-9304", "DEB-0831", "LYNIS"} <= lynis.reasons()


def found(*findings):
    return [dict(zip(("id", "severity", "finding"), each, strict=True)) for each in findings]


def test_testssl_passes_with_its_grade_or_where_it_gives_none_without_a_finding_of_weight():
    fine = ("TLS1_3", "OK", "offered")
    assert testssl.verdict(found(fine, ("overall_grade", "OK", "A+"))).result == "grade A+"
    assert testssl.verdict(found(fine)) == (
        "testssl.sh",
        audit.PASSED,
        "no finding of weight; this version gives no grade",
        (),
    )


def test_testssl_fails_with_another_grade_and_its_reason_or_a_finding_of_weight():
    verdict = testssl.verdict(
        found(("overall_grade", "MEDIUM", "B"), ("grade_cap_reason_1", "INFO", "capped to B. TLS 1.0"))
    )
    assert verdict.details == ("overall_grade: B", "grade B, not A+: capped to B. TLS 1.0")
    assert testssl.verdict(found(("TLS1", "MEDIUM", "offered (deprecated)"))).details == ("TLS1: offered (deprecated)",)


def test_the_days_of_a_certificate_are_not_testssls_to_judge():
    assert testssl.verdict(found(("cert_expirationStatus", "HIGH", "expires < 30 days"))).state == audit.PASSED


def test_a_testssl_that_printed_nothing_has_not_checked():
    assert testssl.verdict([]).state == audit.NOT_CHECKED


def test_without_tls_on_the_server_testssl_is_not_asked():
    verdict = testssl.judge(None, SimpleNamespace(tls="none"))
    assert verdict.state == audit.NOT_CHECKED
    assert "load balancer" in verdict.result


UNITS = """nginx.service 2.6
postgresql@17-main.service 1.8
slipway-archive@1.service 1.1
slipway-disk.service 1.7
slipway-restart.service 9.6
slipway-worker-mail.service 1.1
slipway.service 1.1
"""


def test_each_unit_of_ours_has_a_limit():
    verdict = units.verdict(UNITS)
    assert verdict.state == audit.PASSED
    assert "slipway-disk.service 1.7" in verdict.result


@pytest.mark.parametrize(
    ("before", "after", "finding"),
    [
        ("slipway.service 1.1", "slipway.service 2.1", "slipway.service: exposure 2.1, more than 2.0"),
        (
            "worker-mail.service 1.1",
            "worker-mail.service 2.4",
            "slipway-worker-mail.service: exposure 2.4, more than 2.0",
        ),
        ("nginx.service 2.6", "nginx.service 5.1", "nginx.service: exposure 5.1, more than 5.0"),
        ("disk.service 1.7", "disk.service", "slipway-disk.service: exposure unknown, more than 2.9"),
        ("slipway-disk", "slipway-new", None),
    ],
)
def test_a_unit_above_it_is_a_finding(before, after, finding):
    assert units.verdict(UNITS.replace(before, after)).details == ((finding,) if finding else ())


def test_a_server_without_any_unit_has_not_passed():
    assert units.verdict("").details == ("no unit was found",)


SS = """tcp LISTEN 0 511 0.0.0.0:443 0.0.0.0:* users:(("nginx",pid=1,fd=7),("nginx",pid=2,fd=7))
tcp LISTEN 0 128 [::]:22 [::]:* users:(("sshd",pid=3,fd=4))
tcp LISTEN 0 200 127.0.0.1:5432 0.0.0.0:* users:(("postgres",pid=4,fd=6))
udp UNCONN 0 0 192.0.2.7%eth0:68 0.0.0.0:* users:(("systemd-network",pid=5,fd=22))
"""


def test_ssh_and_nginx_alone_listen_publicly():
    assert ports.verdict(SS).result == "public: nginx 443, sshd 22"
    public = SS.replace("127.0.0.1:5432", "0.0.0.0:5432")
    assert ports.verdict(public).details == ("postgres listens on 0.0.0.0:5432 (tcp)",)
    socket = 'tcp LISTEN 0 4096 *:22 *:* users:(("systemd",pid=1,fd=99))\n'
    assert ports.verdict(socket).state == audit.PASSED, "Ubuntu starts sshd by a socket"


def test_djangos_warnings_are_findings():
    def warned(line):
        raise SlipwayError("System check identified 1 issue (2 silenced).")

    assert django.judge(SimpleNamespace(run=lambda line: "")).state == audit.PASSED
    verdict = django.judge(SimpleNamespace(run=warned))
    assert (verdict.state, verdict.result) == (audit.FAILED, "System check identified 1 issue (2 silenced).")


def program(folder, name, printed, *, errors="", status=0):
    file = folder / name
    file.write_text(
        f"#!{sys.executable}\nimport sys\nsys.stdin.read()\nprint({printed!r})\n"
        f"print({errors!r}, file=sys.stderr)\nsys.exit({status})\n"
    )
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    return folder


def test_gixys_issues_are_findings(tmp_path):
    connection = SimpleNamespace(run=lambda line: "events {}")
    assert gixy.judge(connection, program(tmp_path, "gixy", "[]")).result == "0 issues; 0 with a reason"
    issue = {"severity": "HIGH", "plugin": "ssrf", "line": 7, "reason": "Untrusted input."}
    verdict = gixy.judge(connection, program(tmp_path, "gixy", json.dumps([issue]), status=1))
    assert verdict.details == ("HIGH ssrf, line 7: Untrusted input.",)
    for plugin, reason, state in (
        ("http2_misdirected_request", "", audit.PASSED),
        ("add_header_redefinition", "`permissions-policy` are not effective here", audit.PASSED),
        ("add_header_redefinition", "`X-Origin`, `permissions-policy` are not effective here", audit.FAILED),
    ):
        explained = issue | {"plugin": plugin, "reason": reason}
        assert gixy.judge(connection, program(tmp_path, "gixy", json.dumps([explained]))).state == state
    with pytest.raises(SlipwayError, match="gixy: no such plugin"):
        gixy.judge(connection, program(tmp_path, "gixy", "", errors="no such plugin", status=2))


def audited(tmp_path, dependencies):
    return packages.judge(program(tmp_path, "pip-audit", json.dumps({"dependencies": dependencies})), [])


def test_known_vulnerabilities_are_findings(tmp_path):
    fine = {"name": "django", "version": "5.2.9", "vulns": []}
    bad = {"name": "boat", "version": "1.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["1.1"]}]}
    assert audited(tmp_path, [fine]).result == "1 packages, no known vulnerability"
    assert audited(tmp_path, [fine, bad]).details == ("boat 1.0: PYSEC-1, fixed in 1.1",)


def test_a_package_that_nobody_knows_was_not_checked(tmp_path):
    verdict = audited(tmp_path, [{"name": "django", "skip_reason": "not found on PyPI"}])
    assert (verdict.state, verdict.result) == (audit.NOT_CHECKED, "no answer about 1 of 1 packages, such as django")


@pytest.mark.parametrize(
    ("states", "status"),
    [
        ((audit.PASSED, audit.PASSED), 0),
        ((audit.PASSED, audit.NOT_CHECKED), 2),
        ((audit.NOT_CHECKED, audit.FAILED), 1),
    ],
)
def test_the_exit_status_says_the_worst(states, status, monkeypatch, capsys):
    judges = {
        f"judge {at}": lambda state=state: audit.Verdict("it", state, "a figure") for at, state in enumerate(states)
    }
    monkeypatch.setattr(command.config, "load", lambda: None)
    monkeypatch.setattr(command, "Connection", lambda site: SimpleNamespace(run=lambda line: ""))
    monkeypatch.setattr(command, "_judges", lambda site, connection, own_kernel: judges)
    assert command.run(SimpleNamespace(only="")) == status
    assert command.run(SimpleNamespace(only="judge 0")) == (2 if states[0] == audit.NOT_CHECKED else 0)
    with pytest.raises(SlipwayError, match="ONLY=boat: no such judge; known: judge 0, judge 1"):
        command.run(SimpleNamespace(only="boat"))


def test_a_judge_that_cannot_be_asked_has_not_checked(capsys):
    def away():
        raise SlipwayError("the mirror does not answer")

    assert command._verdict("lynis", away).state == audit.NOT_CHECKED
    assert "NOT CHECKED  the mirror does not answer" in capsys.readouterr().out
