"""A deploy with CI's key, and requests that this key must not make."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml

from rehearsal.machine import ssh
from rehearsal.run import Run, tool
from rehearsal.run_log import Phase
from slipway import ROOT

# Request → ssh's options and the command. One that is not denied would print PASSED; nginx answers on port 80.
PASSED = "uid="
REQUESTS = {
    "a command": ("id",),
    "a command of root's": ("sudo", "id"),
    "a shell": (),
    "a shell of root's": ("sudo", "sh"),
    "a command behind a step": ("slipway releases; id",),
    "a line behind a step": ("slipway releases\nid",),
    "Django's shell": ("slipway manage shell --command 'import os; os.system(\"id\")'",),
    "another lock's end": ("slipway unlock",),
    "a terminal": ("-tt", "id"),
    "SFTP": ("-s", "sftp"),
    "a file, by the old protocol of scp": ("scp -f /etc/passwd",),
}
FORWARD = ("-W", "127.0.0.1:80")
HTTP = "HEAD / HTTP/1.0\r\n\r\n"
# The agent denies with this exit status, sshd itself with this message.
DENIED, NO_TERMINAL = 77, "PTY allocation request failed"


def deploy_by_ci(run: Run, phase: Phase) -> None:
    """A release from CI, a deploy that CI must not run, and other requests with its key."""
    config = ssh.write_config(run.site.ci_key, run.machine.ports[22])
    # A socket folder of its own: ssh would reuse the admin's open connection. In /tmp, because a socket's path must be
    # short.
    with TemporaryDirectory(prefix="slipway-ci-") as sockets:
        env = run.site.deployer(CONFIG=str(_site(run, config)), XDG_RUNTIME_DIR=sockets, CI="true")
        run.log.must("deploy-by-ci", tool("deploy", "--no-smoke"), env=env, cwd=ROOT, into=phase)
        provision = tool("deploy", "--provision")
        status, output = run.log.run("deploy-by-ci-provision", provision, env=env, cwd=ROOT)
        allowed = list(_allowed(config, Path(sockets, "requests")))
    line = (output.strip().splitlines() or ["no output"])[-1]
    run.log.check(
        "The key of CI deploys, and stops where the playbook is needed",
        status == 1 and "run `make deploy` from a machine whose key is in admin_keys" in line,
        f"exit status {status}; {line}",
    )
    result = "; ".join(allowed) or f"{len(REQUESTS) + 1} other requests were denied"
    run.log.check("The key of CI opens nothing else", not allowed, result)


def _site(run: Run, ssh_config: Path) -> Path:
    """site.yml for CI: the same, with CI's key. In a folder of its own: two files of one folder are two sites."""
    site = yaml.safe_load(run.site.site.path.read_text())
    file = run.site.ci_key / "site.yml"
    file.write_text(yaml.safe_dump(site | {"ssh_config": str(ssh_config)}, sort_keys=False))
    shutil.copy(run.site.site.path.with_name("site.secrets.yml"), file.parent)
    return file


def _allowed(config: Path, socket: Path) -> Iterator[str]:
    """The requests that were not denied, each with its result."""
    shared = ["-o", "ControlMaster=auto", "-o", "ControlPersist=30", "-o", f"ControlPath={socket}"]
    ask = ["ssh", "-F", str(config), *shared, "-l", "deploy"]
    for what, request in REQUESTS.items():
        options = [word for word in request if word.startswith("-")]
        done = _run([*ask, *options, ssh.HOST, *request[len(options) :]], "id\nexit\n")
        output = done.stdout + done.stderr
        if PASSED in output or not (done.returncode == DENIED or NO_TERMINAL in output):
            yield f"{what}: status {done.returncode}, {output.strip()[-80:]!r}"
    forwarded = _run([*ask, *FORWARD, ssh.HOST], HTTP)
    if forwarded.stdout or not forwarded.returncode:
        yield f"a port: {forwarded.stdout[:80]!r}"


def _run(command: list[str], stdin: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)
