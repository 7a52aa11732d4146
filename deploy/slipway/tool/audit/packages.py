"""pip-audit on the lock files: of the release that serves, and of the machine that deploys."""

import json
import subprocess
from collections.abc import Iterable
from pathlib import Path

from slipway.tool.audit import NOT_CHECKED, Verdict, judged
from slipway.web.errors import SlipwayError


def judge(programs: Path, locks: Iterable[Path]) -> Verdict:
    """``programs``: the folder with pip-audit."""
    requirements = [part for lock in locks for part in ("--requirement", str(lock))]
    line = [programs / "pip-audit", "--format", "json", "--progress-spinner", "off", "--disable-pip", "--no-deps"]
    done = subprocess.run([*line, *requirements], capture_output=True, text=True, check=False)
    try:
        return verdict(json.loads(done.stdout)["dependencies"])
    except (ValueError, KeyError):
        lines = (done.stderr or done.stdout).strip().splitlines()
        raise SlipwayError(f"pip-audit: {lines[-1] if lines else 'printed nothing'}") from None


def verdict(packages: list[dict]) -> Verdict:
    """A package that the service of advisories does not know was not checked; then nothing is said of the whole."""
    findings = [
        f"{each['name']} {each['version']}: {one['id']}, fixed in {', '.join(one['fix_versions']) or 'no version yet'}"
        for each in packages
        for one in each.get("vulns", ())
    ]
    unknown = [each["name"] for each in packages if "skip_reason" in each]
    if unknown and not findings:
        return Verdict(
            "pip-audit",
            NOT_CHECKED,
            f"no answer about {len(unknown)} of {len(packages)} packages, such as {unknown[0]}",
        )
    return judged("pip-audit", findings, f"{len(packages)} packages, no known vulnerability")
