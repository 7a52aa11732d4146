"""`make deploy`: provisions the server where needed, and puts a release live."""

import argparse
import json
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass

from slipway.tool import VERSION, alarms, config, edge, front_end, providers, sentry
from slipway.tool.aws.identity import Identity
from slipway.tool.backups import bare_server, repository
from slipway.tool.budget import Budget
from slipway.tool.builder import Builder, Checked
from slipway.tool.hooks import Hooks
from slipway.tool.phases import phase
from slipway.tool.prune import Prune
from slipway.tool.secrets import Secrets
from slipway.tool.server import (
    facts,
    inventory,
    layout,
    lock,
    lockout,
    playbook,
    preflight,
    run_proof,
    site_nginx,
    stale,
)
from slipway.tool.server.connection import Connection, reach
from slipway.tool.server.layout import LAYOUT
from slipway.tool.server.provision import provision
from slipway.tool.server.upload import ReleaseArchive, send
from slipway.web.errors import SlipwayError

help = "bring the site that site.yml describes to its server"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--provision", action="store_true", help="run the playbook whether it seems needed or not")
    parser.add_argument("--check", action="store_true", help="only list what the playbook would change")
    parser.add_argument("--allow-unsafe", action="store_true", help="run migrations that break the old code")
    parser.add_argument("--take-over", action="store_true", help="make another site's server this site's")
    parser.add_argument("--built", action="store_true", help="take the front end as `make build` has built it")
    parser.add_argument(
        "--restore",
        metavar="latest|TIME|no",
        default="",
        help="of an empty database: restore a backup first, or start empty",
    )
    parser.add_argument("--as-of", default="", help="with --restore, from the bucket as it was at a time")
    parser.add_argument("--no-smoke", action="store_true", help="skip the proof; the summary says so")


def run(options: argparse.Namespace) -> int:
    began = time.monotonic()
    site = config.load()
    hooks = Hooks(site, "deploy", off=options.check)
    with hooks.reporting(), ExitStack() as stack:
        deploy = Deploy(site, Secrets.load(site), options)
        stack.callback(deploy.end)
        deploy.preflight()
        if options.check:
            return deploy.check()
        # A bare host has no lock to take, and nothing that a second deploy could harm.
        if deploy.host.fingerprint:
            deploy.take_lock(stack)
        hooks.before = deploy.host.current
        hooks.run("before_build")
        release = deploy.build()
        hooks.release = release.id
        if deploy.reasons():
            deploy.provision()
        if not deploy.deploy_lock:
            deploy.take_lock(stack)
        deploy.restore()
        deploy.prepare(release)
        hooks.run("before_switch")
        deploy.switch(release)
        deploy.prune()
        deploy.back_up()
    print(f"\n{deploy.summary(release, time.monotonic() - began)}")
    for line in deploy.state():
        print(f"  {line}")
    hooks.run("after_deploy")
    return 0


@dataclass(slots=True)
class Deploy:
    """One deploy; the methods are its phases, in the order of their calls."""

    site: config.Site
    secrets: Secrets
    options: argparse.Namespace
    connection: Connection | None = None
    host: facts.Facts | None = None
    budget: Budget | None = None
    wanted: inventory.Inventory | None = None
    builder: Builder | None = None
    deploy_lock: lock.Lock | None = None
    source: bare_server.Source | None = None
    checked: Checked | None = None
    # What `make status` says, once it is asked.
    told: Future[str] | None = None

    def end(self) -> None:
        """Ends what a deploy that failed has started on this machine."""
        if self.builder:
            self.builder.end()

    def preflight(self) -> None:
        """Checks site and server before any change."""
        if self.options.check and self.options.restore:
            raise SlipwayError("CHECK=1 changes nothing, and RESTORE= restores: leave one of them out")
        with phase("Check the server"):
            if self.site.build and not self.options.built:
                front_end.require(self.site)
            lockout.check(self.site)
            site_nginx.read(self.site.project)
            alarms.receivers(self.site, self.secrets)
            self.builder = Builder(self.site, self.secrets)
            # While the server is asked. What a hook makes may be among the settings.
            if not self.options.check and not self.site.hooks.get("before_build"):
                self._start_build()
            self.connection = reach(self.site, take_over=self.options.take_over)
            if not self.connection.restricted:
                lockout.check_ci(self.site)
            self.host = facts.gather(self.connection, self.site)
            database = "DATABASE_URL" not in self.secrets.web
            reached = self.connection.addresses()
            self.budget = preflight.check(self.site, self.host, reached, database=database)
            for line in self.budget.lines():
                print(f"    {line}")
            if self.site.tls == "none" and not self.site.proxies:
                print("    to nginx all visitors are one client; name the proxies before it by `proxies` in site.yml")
            if without := sentry.missing(self.site, self.secrets):
                print(f"    warning: {without}")
            self.source = bare_server.choose(
                self.site, self.secrets, self.host, self.options.restore, self.options.as_of
            )
        self.describe(self.host.sign_in_paths)
        self._require_admin_key()

    def _require_admin_key(self) -> None:
        """Rejects, before any change, a deploy that needs the playbook, which the key of CI may not run."""
        if not self.connection.restricted:
            return
        if self.source:
            raise SlipwayError(
                f"{self.site.server}: the key of CI may not restore a database; "
                "run `make deploy RESTORE=…` from a machine whose key is in admin_keys"
            )
        if reasons := ["CHECK=1 runs it"] if self.options.check else self.reasons():
            raise SlipwayError(
                f"{self.site.server}: the playbook is needed ({', '.join(reasons)}), and the key of CI may not run it; "
                "run `make deploy` from a machine whose key is in admin_keys"
            )

    def describe(self, sign_in_paths: Sequence[str]) -> None:
        """Writes the inventory. Until the release is built, its paths are those of the last one."""
        self.wanted = inventory.write(self.site, self.secrets, self.budget, sign_in_paths)

    def check(self) -> int:
        """Lists what differs on the host and what the playbook would change; 1 if there is anything."""
        if not self.host.fingerprint:
            raise SlipwayError("this host is not provisioned yet, so there is nothing to compare; run `make deploy`")
        self.announce()
        with phase("Run the playbook without changing anything"):
            would, log = playbook.provision(self.site, self.secrets, self.wanted, "--check")
        # Ansible skips commands in check mode, so only the drift check finds what they would repair.
        reasons = self.reasons()
        for each in (*reasons, *(f"would change: {task}" for task in would)):
            print(f"  {each}")
        tasks = f"{len(would) or 'no'} task{'' if len(would) == 1 else 's'}"
        print(f"{tasks} would change something; all of it: {log.relative_to(config.ROOT)}")
        return 1 if would or reasons else 0

    def take_lock(self, stack: ExitStack) -> None:
        with phase("Take the deploy lock"):
            self.deploy_lock = stack.enter_context(lock.held(self.connection))

    @property
    def _builds_front_end(self) -> bool:
        return bool(self.site.build) and not self.options.built

    def _start_build(self) -> None:
        """Starts its processes, if they have not: each loads Django, and waits for its turn."""
        self.builder.start_checks(allow_unsafe=self.options.allow_unsafe)
        if not self._builds_front_end:
            self.builder.start()

    def build(self) -> ReleaseArchive:
        """Builds and pushes before anything on the server changes: errors of site and bucket show here."""
        with phase("Check the settings and the migrations"):
            self._start_build()
            # The server answers while this machine checks.
            applied = self.connection.agent("applied") if self.host.current else ""
            self.checked = self.builder.checks(applied)
            for line in self.checked.warnings:
                print(f"    {line}")
            if self.connection.restricted:
                self.describe(self.builder.sign_in_paths())
                self._require_admin_key()
        # After the checks, which take seconds where npm takes minutes.
        if self._builds_front_end:
            with phase(f"Build the front end: {self.site.build}"):
                self.builder.build_front_end()
            self.builder.start()
        with phase("Build, and push what is missing" if self.site.pushes else "Build what the CDN will pull"):
            self.builder.push()
        # Pulled files are on the CDN only when the release is live; the proof requests them.
        if self.site.pushes:
            with phase("Verify through the CDN, and pack the release"):
                for line in stale.purge(self.site, providers.keys(self.secrets), self.builder.replaced()):
                    print(f"    {line}")
                with ThreadPoolExecutor(1) as beside:
                    verifying = beside.submit(edge.verify, self.site.static_url, self.builder.objects)
                    release = self.builder.pack()
                print(f"    {verifying.result()} objects are served")
        else:
            with phase("Pack the release"):
                release = self.builder.pack()
        self.describe(release.sign_in_paths)
        return release

    def reasons(self) -> list[str]:
        """Why the playbook must run; none when neither the host nor its description has changed."""
        if self.options.provision:
            return ["PROVISION=1"]
        if not self.host.fingerprint:
            return ["the host is new"]
        changed = self.host.fingerprint != self.wanted.fingerprint
        return (["the description changed"] if changed else []) + [f"{name} drifted" for name in self.host.drifted]

    def announce(self) -> None:
        """Prints what the playbook will change on a server of an earlier layout."""
        if not self.host.fingerprint or self.host.layout >= LAYOUT.version:
            return
        before = f"{self.host.version or 'an earlier version'} (layout {self.host.layout})"
        print(f"    from Slipway {before} to {VERSION} (layout {LAYOUT.version}); this deploy changes:")
        for line in layout.changes(self.host.layout):
            print(f"    - {line}")

    def provision(self) -> None:
        self._require_admin_key()
        with phase(f"Provision the host: {', '.join(self.reasons())}"):
            if self.deploy_lock:
                self.deploy_lock.check()
            self.announce()
            self.connection, self.host = provision(self.site, self.secrets, self.wanted, self.deploy_lock)

    def restore(self) -> None:
        """Restores a backup into the empty database of a new server."""
        if not self.source:
            return
        with phase(f"Restore the database: {self.source}"):
            # Asked under the lock: rows may have come meanwhile.
            if facts.gather(self.connection, self.site).tables != 0:
                raise SlipwayError(
                    f"{self.site.server}: its database is not empty any more, or does not answer; "
                    "nothing was restored: see `make status`"
                )
            print(f"    {bare_server.restore(self.site, self.secrets, self.connection, self.source)}")

    def back_up(self) -> None:
        """The first full backup of a restored server's generation: until it is there, its WAL restores nothing."""
        if self.host.current or not (self.source or self.host.restored):
            return
        with phase("Make the first full backup"):
            self.told = None
            try:
                print(f"    {self.connection.agent('backup', 'full')}")
            except SlipwayError as error:
                raise SlipwayError(f"the site is live, and its first backup failed: {error}; `make backup`") from None

    def prepare(self, release: ReleaseArchive) -> None:
        """Sends, migrates and checks the release, while the old one serves."""
        with phase(f"Send release {release.id}"):
            print(f"    {send(self.connection, self.site, self.host, release):.1f} MB of packages with it")
        if self.checked.unsafe:
            self.back_up_before(release)
        if self.checked.migrated:
            print("    nothing to migrate: the database has every migration of this release")
        else:
            with phase("Migrate the database, while the old release serves"):
                print(f"    {self.connection.agent('migrate', release.id)}")
        with phase("Check: a throwaway process of the new release answers"), ThreadPoolExecutor(1) as beside:
            # Before it serves: prune keeps what a manifest names, and a rollback goes to any release that served.
            writing = beside.submit(self.builder.put_manifest, release) if self.site.pushes else None
            print(f"    {self.connection.agent('check', release.id)}")
            if writing:
                writing.result()
                print("    its manifest is in the bucket")

    def back_up_before(self, release: ReleaseArchive) -> None:
        """Before migrations that the old release cannot live with: what they destroy can be had back."""
        kind = repository.state_of(self.site, self.secrets)
        if kind not in ("wal", "dump"):
            print("    warning: unsafe migrations, and the database is not backed up: what they destroy is gone")
            return
        with phase("Back up the database before unsafe migrations"):
            said = self.connection.agent("backup", "diff", "--point", f"before-{release.id}")
            print(f"    {said}")
            if kind == "wal":
                moment = said.rpartition(" at ")[2]
                print(f"    to come back: `make rollback`, then `make restore TO={moment}`")

    def switch(self, release: ReleaseArchive) -> None:
        """Switches to the release and proves it; a failure rolls back to the old one."""
        with run_proof.Proof(self.site, self.secrets, self.connection, self.builder) as proving:
            with phase("Switch, and check its health through nginx"):
                self.connection.agent("activate", release.id)
            if self.options.no_smoke:
                return
            if self.host.maintenance:
                print("    maintenance is on: nothing is proved; run `make smoke` after `make maintenance OFF=1`")
                return
            with phase("Prove that no static request reaches the origin"):
                try:
                    proving.run()
                except SlipwayError as error:
                    raise SlipwayError(f"{error}; {self._roll_back(release)}") from None
                except BaseException:
                    # Interrupted, or an error of the proof itself: an unproved release does not stay live either.
                    print(f"    {self._roll_back(release)}")
                    raise

    def _roll_back(self, release: ReleaseArchive) -> str:
        if not self.host.current:
            return "there is no earlier release to roll back to, so this one stays live"
        try:
            # A connection that broke during the proof took the lock with it.
            self.deploy_lock.renew()
            serving = [each["id"] for each in json.loads(self.connection.agent("releases")) if each["current"]]
            if serving != [release.id]:
                return f"another deploy has switched meanwhile: {', '.join(serving) or 'none'} is live"
            self.connection.agent("rollback", self.host.current)
        except SlipwayError as error:
            return f"{release.id} stays live, the rollback failed: {error}"
        return f"rolled back to {self.host.current}, which is live"

    def prune(self) -> None:
        with phase("Prune: old releases, and the static objects that none needs any more"):
            with ThreadPoolExecutor(2) as beside:
                # AWS's own client takes as long to make as the server to answer.
                client = beside.submit(Prune.of, self.site, Identity(self.secrets.pruner)) if self.site.pushes else None
                self.told = beside.submit(self.connection.agent, "status")
                told = json.loads(self.connection.agent("prune", str(self.site.keep)))
            removed = ", ".join(told["removed"])
            print(f"    {f'removed {removed}' if removed else 'nothing to remove'}")
            if client:
                self._prune_bucket(client, told["left"])

    def _prune_bucket(self, client: Future[Prune], on_server: Sequence[str]) -> None:
        try:
            pruning = client.result()
            plan = pruning.plan(self.site.keep, on_server)
            pruning.carry_out(plan)
        except SlipwayError as error:
            # The release is live, and surplus objects in the bucket do no harm.
            print(f"    warning: {error}; `make prune` tries again")
        else:
            print(f"    {len(plan.to_delete):,} objects deleted ({plan.bytes / 1e6:.1f} MB)")

    def state(self) -> list[str]:
        """The memory that is left, and what `make status` reports that a person should know now; the release is live in
        any case."""
        try:
            status = json.loads(self.told.result() if self.told else self.connection.agent("status"))
        except SlipwayError as error:
            return [f"warning   `make status` has no answer: {error}"]
        memory, backup = status.get("memory"), status.get("backup", {})
        # The server looks what is due when the lock is released.
        first = backup.get("kind") in ("wal", "dump") and not (backup["full"] or backup["dump"])
        told = ["backup    the first one is made now, in the background; `make status` shows it"] if first else []
        left = [f"memory    {memory['available']} MB of {memory['total']} available"] if memory else []
        return [*left, *told, *(f"warning   {problem}" for problem in status["problems"])]

    def summary(self, release: ReleaseArchive, seconds: float) -> str:
        return "\n".join(
            (
                f"live after {seconds:.0f} s",
                f"  site      {self.site.site_url}",
                f"  release   {release.id}",
                f"  before    {self.host.current or 'none: this is the first'}",
                f"  proof     {self._proof()}",
            )
        )

    def _proof(self) -> str:
        if self.host.maintenance:
            return "left out (maintenance is on)"
        return "left out (--no-smoke)" if self.options.no_smoke else run_proof.report(self.site)
