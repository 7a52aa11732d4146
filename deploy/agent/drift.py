"""Compares the host with what the playbook left: only a host without drift lets a deploy skip provisioning."""

import glob
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

from agent import processes
from agent.paths import LAYOUT, SAVED_STATE, WATCHED


def observed() -> dict[str, str]:
    """Each watched thing with a digest of its state. watched.json: files (globs), packages, units, enabled."""
    watched = json.loads(WATCHED.read_text())
    return dict(_observe(watched))


def _observe(watched: dict) -> Iterator[tuple[str, str]]:
    for pattern in watched["files"]:
        paths = [Path(each) for each in sorted(glob.glob(pattern, recursive=True))]  # noqa: PTH207
        for path in paths or [Path(pattern)]:
            if path != SAVED_STATE and (path.is_symlink() or not path.is_dir()):
                yield str(path), _file(path)
    installed = _lines(
        "dpkg-query", "--show", "--showformat=${binary:Package} ${db:Status-Abbrev}\n", *watched["packages"]
    )
    there = dict(line.split(maxsplit=1) for line in installed)
    for name in watched["packages"]:
        yield f"package {name}", there.get(name, "absent")
    enabled, active = (_lines("systemctl", state, *watched["units"]) for state in ("is-enabled", "is-active"))
    for name, *state in zip(watched["units"], enabled, active, strict=False):
        yield f"unit {name}", " ".join(state)
    for name, state in zip(watched["enabled"], _lines("systemctl", "is-enabled", *watched["enabled"]), strict=False):
        yield f"unit {name}", state
    rules = _lines("nft", "--stateless", "list", "table", "inet", LAYOUT["firewall_table"])
    yield "firewall", _digest("\n".join(rules).encode())
    for line in _lines("sysctl", *_sysctl_keys()):
        key, _, value = line.partition(" = ")
        yield f"sysctl {key}", value


def _file(path: Path) -> str:
    if path.is_symlink():
        return f"link to {path.readlink()}"
    try:
        status = path.stat()
        return f"{status.st_uid}:{status.st_gid} {status.st_mode:o} {_digest(path.read_bytes())}"
    except FileNotFoundError:
        return "absent"


def _sysctl_keys() -> list[str]:
    lines = Path(LAYOUT["sysctl_conf"]).read_text().splitlines()
    return [line.partition("=")[0].strip() for line in lines if "=" in line and not line.startswith("#")]


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


def _lines(*line: str) -> list[str]:
    """The lines that a command prints, whatever its exit status."""
    return processes.output(*line).splitlines()


def save(fingerprint: str) -> bool:
    """Saves the host's state with the playbook's ``fingerprint``; returns whether either has changed."""
    now = {"fingerprint": fingerprint, "state": observed()}
    if SAVED_STATE.exists() and json.loads(SAVED_STATE.read_text()) == now:
        return False
    partial = SAVED_STATE.with_suffix(".partial")
    partial.write_text(json.dumps(now, indent=2) + "\n")
    partial.chmod(0o600)
    partial.rename(SAVED_STATE)
    return True


def compare() -> dict:
    """``fingerprint``: what the host was last provisioned by; ``drifted``: the names of what has changed since."""
    try:
        saved = json.loads(SAVED_STATE.read_text())
        now = observed()
    except FileNotFoundError:
        return {"fingerprint": "", "drifted": []}
    names = sorted({*saved["state"], *now})
    return {
        "fingerprint": saved["fingerprint"],
        "drifted": [name for name in names if saved["state"].get(name) != now.get(name)],
    }
