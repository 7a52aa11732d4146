"""The acts of a rehearsal, in the order in which they are played: each does one thing and notes what it found."""

import asyncio
import json
import os
import re
import shlex
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from rehearsal import acme, cloud
from rehearsal.host import ADMIN, Host
from rehearsal.load import Load, Visits, seconds_each
from rehearsal.machine.machine import Machine
from rehearsal.memory import Memory
from rehearsal.processes import Processes
from rehearsal.run_log import Phase, RunLog
from rehearsal.server_site import ACME, DOMAIN, MEDIA, S3, SITE, STATIC, USER, ServerSite
from rehearsal.steps import drift, failed_proof, full_disk, hardening, malicious_package, password_guessing
from rehearsal.steps.faults import FAULTS, Fault
from rehearsal.steps.full_disk import FullDisk
from rehearsal.steps.log_flood import SECONDS, flood
from rehearsal.steps.stress import UPLOADS, StressTest
from rehearsal.steps.unlisted_key import UnlistedKey
from slipway.tool.server import lock, playbook
from slipway.tool.server.connection import Connection
from slipway.web.errors import SlipwayError
from tests.smoke.options import Options

ROOT = Path(__file__).resolve().parent.parent
# Where deploy keeps what belongs to the rehearsal's site.
SITE_STATE = ROOT / ".slipway" / DOMAIN.replace(".", "-")
RATE = 10  # requests a second; fewer where an emulated machine would give them more than this share of itself
# The release and the playbook need the rest: what has none left measures its own queue.
SHARE = 0.35
# All through TLS, nginx and Django; mostly the lightest page that asks the database, because an emulated CPU renders
# the front page some ten times slower than a real one and would measure its own queue.
PATHS = (*("/healthz/ready",) * 9, "/")
# MB that must be left on a 512 MB machine with site, database and TLS.
AVAILABLE = 230
SETTLING = 60  # s between the proof and the measurement
# Bytes that a flood may leave in nginx's logs for each request of 14 KB: a line of 4 KB of one in a hundred is 40.
LOGGED = 100
LOG_BYTES = "cat /var/log/nginx/* | wc -c"
NO_KERNEL = "the kernel is this computer's own; MACHINE=qemu shows it"
# What a release changes by itself: not the site's own, and made anew by `migrate`.
NOT_CARRIED = ("contenttypes", "auth.permission", "sessions", "admin.logentry")


@dataclass(slots=True)
class Seen:
    """What the report shows beside phases and findings."""

    url: str = ""
    smoke: Path | None = None
    memory: Memory | None = None
    loads: dict[str, Visits] = field(default_factory=dict)


class Run:
    def __init__(self, world: ServerSite, machine: Machine, processes: Processes, diary: RunLog) -> None:
        self.world = world
        self.machine = machine
        self.processes = processes
        self.diary = diary
        self.host = Host(machine, world)
        self.stranger = UnlistedKey(world.directory / "stranger")
        self.seen = Seen()

    # The world.

    def start_world(self) -> None:
        """Starts every stand-in; site.yml and the file of trusted authorities are there afterwards."""
        world, ports, issue = self.world, self.world.ports, self.world.authority.issue
        shown = issue("acme", [ACME, "127.0.0.1"])
        acme.start(self.processes, world.directory, ports, shown, self.machine.ports[80])
        self._acme_root = acme.root(ports["acme_control"], world.authority.certificate)
        world.trust(self._acme_root)
        world.write(self.machine.ssh_config)
        self.seen.url = world.site.site_url
        cloud.start(
            self.processes,
            world.directory,
            ports,
            {identity: world.standin(identity) for identity in ("admin", "cdn")},
            s3_tls=issue("s3", [S3, "127.0.0.1"]),
            cdn_tls=issue("cdn", [STATIC, MEDIA]),
        )
        routes = [f"{name}={port}" for name, port in world.routes(self.machine.ports).items()]
        proxy = [sys.executable, "-m", "rehearsal.proxy", "--port", str(ports["proxy"]), *routes]
        self.processes.start("proxy", proxy, env=world.standin("web"), cwd=ROOT, ready=[ports["proxy"]])

    def place(self) -> None:
        self.host.place(self._acme_root)

    def provision_cloud(self) -> None:
        """As a person does; the authority of the rehearsal's AWS looks at no DNS record."""
        command = [sys.executable, "-m", "slipway.tool", "cdn"]
        self.diary.must("provision-cdn", command, env=self.world.person("admin"), cwd=ROOT)

    # The site.

    def deploy(self, phase: Phase) -> None:
        """The first release."""
        self._verb("deploy", phase, "deploy")

    def release(self, phase: Phase) -> None:
        """One more; the playbook is played only if it changed."""
        self._verb("deploy", phase, "deploy")
        self._judge_proof()

    def _judge_proof(self) -> None:
        """Notes what the proof of the latest deploy said."""
        self.seen.smoke = SITE_STATE / "report"
        proof = json.loads((self.seen.smoke / "smoke.json").read_text())
        self.diary.find("No static request reaches the origin", proof["verdict"] == "passed", proof["sentence"])
        pages = [page["signed_in"] for page in proof["pages"]]
        self._find_of_login("The proof signed in", any(pages), f"{sum(pages)} of {len(pages)} pages")

    def _find_of_login(self, what: str, held: bool, seen: str) -> None:
        """A finding that only a project with a login can show; its paths were found when it was built."""
        if json.loads(self.host.run("cat /etc/slipway/sign-in.json")):
            self.diary.find(what, held, seen)
        else:
            self.diary.leave_open(what, "no path of the project takes a password")

    def deployer(self) -> dict[str, str]:
        """The environment of who deploys and proves."""
        # Chromium knows no names but those that it is told, and the proof's own client neither.
        return self.world.person("admin", SMOKE_ARGS=" ".join(self._smoke_arguments()))

    def shell(self) -> str:
        """The same for a shell to read."""
        env = self.deployer()
        gone = [f"unset {name}\n" for name in os.environ if name not in env]
        # All of it: what ServerSite has set for this process is not set there.
        return "".join(gone + [f"export {name}={shlex.quote(value)}\n" for name, value in env.items()])

    def _verb(self, name: str, phase: Phase, *arguments: str) -> str:
        command = [sys.executable, "-m", "slipway.tool", *arguments]
        return self.diary.must(name, command, env=self.deployer(), cwd=ROOT, into=phase)

    def _smoke_arguments(self) -> list[str]:
        routes = self.world.routes(self.machine.ports)
        resolve = [f"--resolve={name}:127.0.0.1:{port}" for name, port in routes.items()]
        return [*resolve, f"--ca={self.world.anchors}"]

    def fill(self) -> None:
        """A person to sign in as, and what the project's seed makes: made here, then loaded into the machine's
        database, because painting photos takes an emulated CPU minutes."""
        user, _, password = self.world.login.partition(":")
        env = self.world.standin("web") | {
            "SECRET_KEY": "of a database that is thrown away",
            "DATABASE_URL": f"sqlite:///{self.world.directory / 'seed.sqlite3'}",
            "DJANGO_SUPERUSER_USERNAME": user,
            "DJANGO_SUPERUSER_EMAIL": f"{USER}@{DOMAIN}",
            "DJANGO_SUPERUSER_PASSWORD": password,
        }
        steps = [["migrate", "--verbosity", "0"], ["createsuperuser", "--noinput"]]
        steps += [[self.world.user_site.seed]] if self.world.user_site.seed else []
        left_out = [part for label in NOT_CARRIED for part in ("--exclude", label)]
        dump = self.world.directory / "seed.json"
        steps += [["dumpdata", "--natural-foreign", "--natural-primary", *left_out, "--output", str(dump)]]
        for step in steps:
            self.diary.must(f"seed-{step[0]}", [sys.executable, "manage.py", *step], env=env, cwd=ROOT)
        self.host.manage("loaddata --format=json -", dump.read_text())
        self.sign_in()

    def sign_in(self) -> None:
        """From now on the proof signs in."""
        self.world.write_secrets(SMOKE_LOGIN=self.world.login)

    # What is measured.

    def measure(self, phase: Phase) -> None:
        time.sleep(SETTLING)
        self.seen.memory = memory = self.host.memory()
        self._find_of_kernel(
            f"At least {AVAILABLE} MB are left after the proof",
            memory.available >= AVAILABLE,
            f"{memory.available} MB of {memory.total} available, {memory.swap_used} MB in swap",
        )
        self.diary.find("Nothing was killed for memory", memory.oom_kills == 0, f"{memory.oom_kills} kills")

    def inspect(self, phase: Phase) -> None:
        """Asks the host what a hardened one must answer."""
        unseen = () if self.machine.own_kernel else hardening.OF_THE_KERNEL
        wrong = hardening.judge(lambda script: self.machine.run("sudo bash -s", ADMIN, stdin=script), unseen)
        seen = "; ".join(f"{what}: {said or 'nothing'}" for what, said in wrong.items())
        held = f"{len(hardening.CHECKS) - len(unseen)} checks hold"
        self.diary.find("The host is hardened", not wrong, seen or held)
        for what in unseen:
            self.diary.leave_open(what, NO_KERNEL)

    def drift(self, phase: Phase) -> None:
        """Changes six things by hand; the next deploy must find them by itself, and repair them and nothing else."""
        self.host.run("\n".join(drift.DRIFTS.values()).replace("{stranger}", self.stranger.key()))
        port = self.machine.ports[22]
        before = self.stranger.gets_in(port, ADMIN)
        self._verb("deploy-drifted", phase, "deploy")
        log = (SITE_STATE / "log" / "provision.log").read_text()
        repaired = set(playbook.changed(log)) - drift.HANDLERS
        self.diary.find(
            "A deploy repairs six drifts and nothing else",
            repaired == set(drift.DRIFTS),
            "; ".join(sorted(repaired)) or "nothing was repaired",
        )
        after = self.stranger.gets_in(port, ADMIN)
        self.diary.find(
            "A key that was added by hand is refused from the next deploy on",
            before and not after,
            f"before it {'let in' if before else 'refused'}, after it {'let in' if after else 'refused'}",
        )
        self._judge_proof()

    def go_back(self, phase: Phase) -> None:
        """A release that the proof refuses, while people visit: the one before serves again, as if nothing had been."""
        before = self._serving()
        copy = failed_proof.checkout(self.world.directory / "leaking", self.world.user_site.settings)
        env = self.deployer()
        # One page shows it.
        env["SMOKE_ARGS"] += " --max-pages 1 --full-pages 1 --minutes 2"
        command = [sys.executable, "-m", "slipway.tool", "deploy"]
        with self._load("a release that goes back") as visits:
            status, said = self.diary.run("deploy-leaking", command, env=env, cwd=copy, into=phase)
        line = (said.strip().splitlines() or ["it said nothing"])[-1]
        held = status == 1 and line.startswith("slipway: the proof failed: ")
        self.diary.find(
            "A release whose proof fails goes back by itself, and says so in its last line",
            held and line.endswith(f"; went back to {before}, which serves") and self._serving() == before,
            f"exit status {status}; {line}",
        )
        lock = self.host.run("flock --nonblock /run/slipway-deploy.lock echo free || echo held").strip()
        self.diary.find("It has let go of the lock", lock == "free", lock)
        self._judge("a release that goes back", visits)

    def _serving(self) -> str:
        return next((each["id"] for each in json.loads(self.host.run("slipway releases")) if each["current"]), "none")

    def release_under_load(self, phase: Phase) -> None:
        """A release while people visit, with the playbook played whether needed or not."""
        with self._load("a release") as visits:
            said = self._verb("deploy-under-load", phase, "deploy", "--provision", "--no-smoke")
        changed = re.search(r"(\d+) changed;", said)
        self.diary.find(
            "The playbook changes nothing on a host that is as it should be",
            bool(changed and changed[1] == "0"),
            f"changed={changed[1] if changed else 'unknown'}",
        )
        self._judge("a release", visits)

    def rollback_under_load(self, phase: Phase) -> None:
        with self._load("a rollback") as visits:
            self._verb("rollback", phase, "rollback")
        self._judge("a rollback", visits)

    def faults(self, phase: Phase) -> None:
        """What goes wrong while nobody looks is told while it lasts, and no longer."""
        untold = [what for what, fault in FAULTS.items() if not self._is_told(fault)]
        status, said = self._status()
        left = [line for line in said.splitlines() if line.startswith("WRONG")]
        self.diary.find(
            "make status tells what is wrong, and nothing once it is mended",
            not untold and status == 0,
            "; ".join([*(f"{what} is not told" for what in untold), *left]) or ", ".join(FAULTS),
        )

    def _is_told(self, fault: Fault) -> bool:
        self.host.run(fault.make)
        try:
            return fault.is_told(*self._status())
        finally:
            self.host.run(fault.mend)

    def _status(self) -> tuple[int, str]:
        command = [sys.executable, "-m", "slipway.tool", "status"]
        return self.diary.run("status", command, env=self.deployer(), cwd=ROOT)

    def lose_lock(self, phase: Phase) -> None:
        """A deploy's lock is taken away in the middle: it must not switch any more."""
        connection = Connection(self.world.site)
        with lock.held(connection):
            connection.agent("unlock")
            (serving,) = (each["id"] for each in json.loads(connection.agent("releases")) if each["current"])
            try:
                said = connection.agent("activate", serving)
            except SlipwayError as error:
                said = str(error)
        self.diary.find("A deploy whose lock is gone does not switch", "deploy lock is gone" in said, said)

    def take_in_hostile_package(self, phase: Phase) -> None:
        """A release whose lock file has a package that marks who runs it: the site's user may, root never."""
        marks = malicious_package.MARKS
        self.host.run(f"rm -rf {marks} && mkdir {marks} && chmod 1777 {marks} && touch {marks}/.began")
        command = [sys.executable, "-m", "rehearsal.steps.malicious_package", str(self.world.directory / "hostile")]
        self.diary.must("deploy-hostile", command, env=self.deployer(), cwd=ROOT, into=phase)
        # Outside the sandbox, so that its marks are seen: the package is alive.
        self.host.run("cd / && runuser -u slipway -- /srv/slipway/current/venv/bin/python -c pass")
        users = malicious_package.users(self.host.run(f"ls {marks}").split())
        site = int(self.host.run("id --user slipway"))
        self.diary.find(
            "Root runs nothing of a hostile package",
            users == {site},
            f"it was run by user {', '.join(map(str, sorted(users))) or 'nobody'}; the site's is {site}",
        )
        places = f"-path {marks} -prune -o -path /proc -prune -o -path '/srv/slipway/venvs/*' -prune"
        left = self.host.run(
            f"find / -xdev {places} -o -newer {marks}/.began -iname '*{malicious_package.NAME}*' -print"
        ).split()
        self.diary.find("It does not leave its folder", not left, "; ".join(left) or "nothing of it lies elsewhere")

    def fill_disk(self, phase: Phase) -> None:
        """The disk is filled, by nginx's user and then by root, while people visit and PostgreSQL has to write."""
        for user in full_disk.USERS:
            during = f"a disk that {user} filled"
            with self._load(during) as visits, FullDisk(self.host, user) as full:
                _, said = self._status()
                full.force()
            seen = full.seen
            self._judge(during, visits)
            self.diary.find(
                f"PostgreSQL goes on, on a disk that {user} filled",
                seen.same and seen.written == full_disk.WAL_FILES,
                f"{'it never stopped' if seen.same else 'it stopped'}; {seen.left} MB were left;"
                f" it wrote {seen.written} WAL files of {full_disk.WAL_FILES}",
            )
            lines = [line for line in said.splitlines() if line.startswith("WRONG")]
            told = any("the disk of / is full" in line for line in lines)
            self.diary.find(f"make status tells that {user} filled the disk", told, "; ".join(lines) or "nothing")
            self.diary.find(
                f"The reserve is back once what {user} wrote is gone",
                seen.reserve,
                "it is" if seen.reserve else f"not within {full_disk.PATIENCE} s",
            )

    def flood(self, phase: Phase) -> None:
        """A visitor who fills the logs."""
        with self._load("a flood") as visits:
            before = int(self.host.run(LOG_BYTES))
            answered = flood(SITE, self.machine.ports[80])
            grown = int(self.host.run(LOG_BYTES)) - before
        self.diary.find(
            f"A flood leaves at most {LOGGED} bytes a request in nginx's logs",
            answered > 0 and grown <= answered * LOGGED,
            f"{grown} bytes of {answered} requests of 14 KB in {SECONDS} s",
        )
        self._judge("a flood", visits)

    def guess(self, phase: Phase) -> None:
        """A password list for the account that the proof signs in as, while people visit."""
        options = self._options()
        asked = asyncio.run(password_guessing.request(options))
        what = "A password list is refused until a time that it is told"
        if asked is None:
            self._find_of_login(what, False, "the usual paths have no login form")
            return
        with self._load("a password list") as visits:
            seen = password_guessing.guess(self.host, asked, options.login[0])
            problem = asyncio.run(password_guessing.owner(options))
        retries = ", ".join(sorted(set(seen.refused), key=str))
        self.diary.find(
            what,
            seen.held and seen.looked_at <= self.world.site.sign_in_tries,
            f"{seen.looked_at} of {len(seen.answered)} answered, {len(seen.refused)} told to wait ({retries} s)",
        )
        self.diary.find(
            "Each wrong password is a line with its address",
            len(seen.told) >= seen.looked_at > 0 and set(seen.told) == {self.machine.address},
            f"{len(seen.told)} lines, from {', '.join(sorted(set(seen.told))) or 'nobody'}",
        )
        self.diary.find(
            "Who has signed in before gets in meanwhile", not problem, problem or "at once, from an address of before"
        )
        self._judge("a password list", visits)

    def _options(self) -> Options:
        """Those by which the proof's own client reaches the site, and signs in."""
        routes = {tuple(name.split(":")): port for name, port in self.world.routes(self.machine.ports).items()}
        user, _, password = self.world.login.partition(":")
        return Options(
            f"{self.world.site.site_url}/",
            login=(user, password),
            resolve={(name, int(at)): ("127.0.0.1", port) for (name, at), port in routes.items()},
            ca=self.world.anchors,
        )

    def storm(self, phase: Phase) -> None:
        """A release beside all else that takes memory at once."""
        before = self.host.memory().oom_kills
        with StressTest(self.host, self._options()) as seen:
            self._verb("deploy-in-a-storm", phase, "deploy", "--no-smoke")
        memory = self.host.memory()
        # Without swap there is less to have.
        self._find_of_kernel(
            "Nothing is killed for memory in a storm",
            memory.oom_kills == before,
            f"{memory.oom_kills - before} kills; {seen.least} MB of {memory.total} were available when least was",
        )
        self.diary.find("Every upload is taken", seen.taken == UPLOADS, "; ".join((str(seen.taken), *seen.refused[:1])))
        said = f"{seen.before} is now {seen.after}" if seen.before else "no package could be made older, so none was"
        self.diary.find("Packages are upgraded meanwhile", seen.after != seen.before, said)
        self.diary.find("The certificate is renewed meanwhile", seen.renewed, "renewed" if seen.renewed else "not so")

    def _find_of_kernel(self, what: str, held: bool, seen: str) -> None:
        """A finding that only a machine with a kernel of its own can show."""
        if self.machine.own_kernel:
            self.diary.find(what, held, seen)
        else:
            self.diary.leave_open(what, f"{seen}; {NO_KERNEL}")

    def _load(self, during: str) -> Load:
        urls = [self.world.site.site_url + path for path in PATHS]
        where = self.machine.ports[443], self.world.trusted
        load = Load(urls, *where, rate=min(RATE, SHARE / seconds_each(urls, *where)))
        self.seen.loads[during] = load.visits
        return load

    def _judge(self, during: str, visits: Visits) -> None:
        self.diary.find(f"No request fails during {during}", not visits.failed and visits.sent > 0, str(visits))
