"""What the playbook made of the host, looked at again: a deploy that skips provisioning must know that it may."""

import glob
import hashlib
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

from slipway_host.paths import ETC

RECORDED = ETC / "state.json"
WATCHED = ETC / "watched.json"


def observed() -> dict[str, str]:
    """Each watched thing with a digest of how it is now. watched.json: files (globs), packages, units."""
    watched = json.loads(WATCHED.read_text())
    return dict(_look(watched))


def _look(watched: dict) -> Iterator[tuple[str, str]]:
    for pattern in watched["files"]:
        paths = [Path(each) for each in sorted(glob.glob(pattern, recursive=True))]  # noqa: PTH207
        for path in paths or [Path(pattern)]:
            if path.is_symlink() or not path.is_dir():
                yield str(path), _file(path)
    for name in watched["packages"]:
        yield f"package {name}", _said("dpkg-query", "--show", "--showformat=${db:Status-Abbrev}", name)
    for name in watched["units"]:
        yield f"unit {name}", " ".join((_said("systemctl", "is-enabled", name), _said("systemctl", "is-active", name)))
    yield "firewall", _digest(_said("nft", "--stateless", "list", "table", "inet", "slipway").encode())
    for key in _sysctl_keys():
        yield f"sysctl {key}", _said("sysctl", "--values", key)


def _file(path: Path) -> str:
    if path.is_symlink():
        return f"link to {path.readlink()}"
    try:
        status = path.stat()
        return f"{status.st_uid}:{status.st_gid} {status.st_mode:o} {_digest(path.read_bytes())}"
    except FileNotFoundError:
        return "absent"


def _sysctl_keys() -> list[str]:
    lines = Path("/etc/sysctl.d/90-slipway.conf").read_text().splitlines()
    return [line.partition("=")[0].strip() for line in lines if "=" in line and not line.startswith("#")]


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


def _said(*line: str) -> str:
    return subprocess.run(line, capture_output=True, text=True, check=False).stdout.strip()


def record(fingerprint: str) -> bool:
    """Keeps how the host is now, as what ``fingerprint`` describes; whether that is news."""
    now = {"fingerprint": fingerprint, "state": observed()}
    if RECORDED.exists() and json.loads(RECORDED.read_text()) == now:
        return False
    partial = RECORDED.with_suffix(".partial")
    partial.write_text(json.dumps(now, indent=2) + "\n")
    partial.chmod(0o600)
    partial.rename(RECORDED)
    return True


def drift() -> dict:
    """``fingerprint``: what the host was last provisioned by; ``drifted``: the names of what is otherwise since."""
    try:
        recorded = json.loads(RECORDED.read_text())
        now = observed()
    except FileNotFoundError:
        return {"fingerprint": "", "drifted": []}
    names = sorted({*recorded["state"], *now})
    return {
        "fingerprint": recorded["fingerprint"],
        "drifted": [name for name in names if recorded["state"].get(name) != now.get(name)],
    }
