"""`make audit`: public judges and our own checks, on a deployed server. One judge a module; each gives verdicts."""

from typing import NamedTuple

PASSED, FAILED, NOT_CHECKED = "passed", "failed", "not checked"


class Verdict(NamedTuple):
    """``result`` is one line: the figure, or what could not be had; ``details`` are the findings, one line each."""

    judge: str
    state: str
    result: str
    details: tuple[str, ...] = ()


def judged(judge: str, findings: list[str], passed: str) -> Verdict:
    """``passed`` is the result where there is no finding."""
    if findings:
        return Verdict(judge, FAILED, f"{len(findings)} finding{'s' if len(findings) > 1 else ''}", tuple(findings))
    return Verdict(judge, PASSED, passed)
