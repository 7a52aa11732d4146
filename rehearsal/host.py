"""The machine as the host of a site: it gets its names and authorities while bare, and runs commands later."""

import shlex
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from rehearsal import memory
from rehearsal.machine.machine import Machine
from rehearsal.server_site import ACME, BARE, LOOPBACK, MACHINE_CAS, S3, SITE, ServerSite

ADMIN = "deploy"


class Host:
    """The machine that serves ``site``, or one ``machine`` whether it serves or not."""

    def __init__(self, site: ServerSite, machine: Machine | None = None) -> None:
        self._machine = machine
        self.site = site

    @property
    def machine(self) -> Machine:
        return self._machine or self.site.machine

    def prepare(self, *names: str) -> None:
        """Gives the bare machine /etc/hosts in place of DNS, and the rehearsal's authorities as trusted; ``names`` are
        those that it serves, by default the site's."""
        names = f"{LOOPBACK} {S3} {ACME}\n{self.machine.address} {' '.join(names or (SITE, BARE))}\n"
        give(self.machine, names, [self.site.authority.certificate.read_text(), self.site.acme_root])

    def run(self, command: str, stdin: str = "") -> str:
        """What a shell command prints, run as root by the admin user's sudo."""
        return self.machine.run(f"sudo sh -c {shlex.quote(command)}", ADMIN, stdin=stdin)

    def manage(self, arguments: str, stdin: str = "") -> str:
        """What `manage.py` prints, run as the site's user and in its sandbox."""
        return self.run(f"slipway manage {arguments}", stdin)

    def memory(self) -> memory.Memory:
        measured = memory.measure(self.run, lambda program: self.run("python3 -", program))
        kills = self.machine.oom_kills()
        return measured if kills is None else replace(measured, oom_kills=kills)


def give(machine: Machine, names: str, authorities: Sequence[str]) -> None:
    """Adds ``names`` to a bare machine's /etc/hosts, and ``authorities`` (PEM) to those that it trusts.

    boto3 has authorities of its own; AWS_CA_BUNDLE in systemd's environment points it to the system's.
    """
    files = {f"/usr/local/share/ca-certificates/rehearsal-{n}.crt": text for n, text in enumerate(authorities)}
    files["/etc/systemd/system.conf.d/rehearsal.conf"] = f"[Manager]\nDefaultEnvironment=AWS_CA_BUNDLE={MACHINE_CAS}\n"
    # One connection for everything: each costs an emulated CPU seconds.
    write = [
        f"mkdir -p {shlex.quote(str(Path(path).parent))}\nprintf %s {shlex.quote(text)} > {shlex.quote(path)}\n"
        for path, text in files.items()
    ]
    # As update-ca-certificates does; that reads all 140 authorities, which takes a minute here.
    trust = (
        "for file in /usr/local/share/ca-certificates/rehearsal*.crt; do\n"
        f"cat $file >> {MACHINE_CAS}; link=/etc/ssl/certs/$(openssl x509 -noout -hash -in $file); n=0\n"
        # Two authorities may have one name.
        "while [ -e $link.$n ]; do n=$((n + 1)); done; ln -s $file $link.$n; done\n"
    )
    # systemd reads its file at the next boot; until then the variable is set by hand.
    apply = f"{trust}systemctl set-environment AWS_CA_BUNDLE={MACHINE_CAS}\n"
    machine.run("sh -es", stdin="".join([f"printf %s {shlex.quote(names)} >> /etc/hosts\n", *write, apply]))
