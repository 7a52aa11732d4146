"""Files that nginx's configuration includes: written together, tested, loaded; put back when nginx rejects them.

Each is replaced by a rename: whenever nginx starts, it can read them.
"""

import os
import time
from pathlib import Path

from agent import processes
from agent.paths import NGINX_CONF, NGINX_PID, HostError

# What nginx's old workers get to finish their requests after a reload, s.
DRAIN = 5


def put(texts: dict[Path, str], *, what: str) -> None:
    """Writes the files ("" removes one) in this order, and reloads nginx where that changes anything.

    Returns when what came before is answered, or after DRAIN. Raises HostError with the old files in place; ``what``
    they are for is in its message.
    """
    before = {path: path.read_text() if path.exists() else "" for path in texts}
    if before == texts:
        return
    for path in texts:
        path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    _write(texts)
    tested = processes.run(["nginx", "-t", "-q", "-c", str(NGINX_CONF)])
    if tested.returncode:
        _write(dict(reversed(before.items())))
        raise HostError(f"nginx rejects its configuration for {what}: {' '.join(tested.stderr.split())[-300:]}")
    workers = _workers()
    if processes.run(["systemctl", "reload", "nginx.service"]).returncode:
        _write(dict(reversed(before.items())))
        raise HostError("nginx was not reloaded; `make logs UNIT=nginx` shows why")
    deadline = time.monotonic() + DRAIN
    # The old workers have ended, and so has what they had begun; a long download does not hold up the rest.
    while workers & _workers() and time.monotonic() < deadline:
        time.sleep(0.05)


def _write(texts: dict[Path, str]) -> None:
    for path, text in texts.items():
        if not text:
            path.unlink(missing_ok=True)
            continue
        # The pattern of nginx's include does not match it.
        partial = path.with_name(f".{path.name}")
        partial.write_text(text)
        partial.chmod(0o644)
        with partial.open() as file:
            os.fsync(file.fileno())
        partial.rename(path)


def _workers() -> set[str]:
    """The processes that nginx's first one has started."""
    try:
        master = NGINX_PID.read_text().strip()
        return set(Path(f"/proc/{master}/task/{master}/children").read_text().split())
    except OSError:
        return set()
