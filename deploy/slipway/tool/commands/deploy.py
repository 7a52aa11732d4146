"""`make deploy`: from a bare server to a live site, and every release after that."""

import argparse
import json
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from slipway.tool import VERSION, config, edge, providers
from slipway.tool.aws.identity import Identity
from slipway.tool.budget import Budget
from slipway.tool.builder import Builder
from slipway.tool.phases import phase
from slipway.tool.prune import Prune
from slipway.tool.secrets import Secrets
from slipway.tool.server import (
    facts,
    host_keys,
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
from slipway.tool.server.upload import ReleaseArchive, send
from slipway.web.errors import SlipwayError

help = "bring the site that site.yml describes to its server"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--provision", action="store_true", help="play the playbook whether it seems needed or not")
    parser.add_argument("--check", action="store_true", help="only name what the playbook would change")
    parser.add_argument("--allow-unsafe", action="store_true", help="let migrations run that the old code breaks on")
    parser.add_argument("--take-over", action="store_true", help="make another site's server this site's")
    parser.add_argument("--no-smoke", action="store_true", help="leave the proof out; the end says so")


def run(options: argparse.Namespace) -> int:
    began = time.monotonic()
    site = config.load()
    deploy = Deploy(site, Secrets.load(site), options)
    with ExitStack() as until_the_end:
        deploy.look()
        if options.check:
            return deploy.check()
        # A bare host has no lock to take, and nothing on it that a second deploy could harm.
        if deploy.found.fingerprint:
            deploy.take_lock(until_the_end)
        release = deploy.build()
        if deploy.reasons():
            deploy.provision()
        if not deploy.held:
            deploy.take_lock(until_the_end)
        deploy.prepare(release)
        deploy.switch(release)
        deploy.tidy()
    print(f"\n{deploy.closing(release, time.monotonic() - began)}")
    for problem in deploy.problems():
        print(f"  warning   {problem}")
    return 0


@dataclass(slots=True)
class Deploy:
    """One deploy; the methods are its phases and are called in the order in which they stand."""

    site: config.Site
    secrets: Secrets
    options: argparse.Namespace
    connection: Connection | None = None
    found: facts.Facts | None = None
    budget: Budget | None = None
    described: inventory.Inventory | None = None
    builder: Builder | None = None
    held: lock.Lock | None = None

    def look(self) -> None:
        """Preflight: nothing is changed by it."""
        with phase("Look at the server"):
            lockout.check(self.site)
            site_nginx.read()
            self.connection = reach(self.site, take_over=self.options.take_over)
            if not self.connection.restricted:
                lockout.check_ci(self.site)
            self.found = facts.gather(self.connection, self.site)
            database = "DATABASE_URL" not in self.secrets.web
            reached = self.connection.addresses()
            self.budget = preflight.check(self.site, self.found, reached, database=database)
            for line in self.budget.lines():
                print(f"    {line}")
            if self.site.tls == "none" and not self.site.proxies:
                print("    to nginx all visitors are one client; `proxies` in site.yml names what stands in front")
        self.describe(self.found.sign_in_paths)
        self._require_admin_key()
        self.builder = Builder(self.site, self.secrets)

    def _require_admin_key(self) -> None:
        """Rejects, before anything is changed, what the key of CI may not do: to play the playbook."""
        if not self.connection.restricted:
            return
        if reasons := ["CHECK=1 plays it"] if self.options.check else self.reasons():
            raise SlipwayError(
                f"{self.site.server}: the playbook is needed ({', '.join(reasons)}), and the key of CI may not "
                "run it; run `make deploy` from a machine whose key is in admin_keys"
            )

    def describe(self, sign_in_paths: Sequence[str]) -> None:
        """Until the release is built, its paths are taken to be those of the last one."""
        self.described = inventory.write(self.site, self.secrets, self.budget, sign_in_paths)

    def check(self) -> int:
        """Names what is otherwise on the host and what the playbook would change; 1 if there is anything."""
        if not self.found.fingerprint:
            raise SlipwayError("Slipway has not been on this host, so there is nothing to compare; run `make deploy`")
        self.announce()
        with phase("Play the playbook without changing anything"):
            would, log = playbook.provision(self.site, self.secrets, self.described, "--check")
        # Ansible does not try commands, so what they would mend is known by the record alone.
        reasons = self.reasons()
        for each in (*reasons, *(f"would change: {task}" for task in would)):
            print(f"  {each}")
        tasks = f"{len(would) or 'no'} task{'' if len(would) == 1 else 's'}"
        print(f"{tasks} would change something; all of it: {log.relative_to(config.ROOT)}")
        return 1 if would or reasons else 0

    def take_lock(self, until_the_end: ExitStack) -> None:
        with phase("Take the deploy lock"):
            self.held = until_the_end.enter_context(lock.held(self.connection))

    def build(self) -> ReleaseArchive:
        """Before anything on the server changes: what is wrong with the site or the bucket shows here."""
        with phase("Build, and push what is missing" if self.site.pushes else "Build what the CDN will pull"):
            for line in self.builder.check_settings():
                print(f"    {line}")
            if self.found.current:
                applied = self.connection.agent("applied")
                self.builder.check_migrations(applied, allow=self.options.allow_unsafe)
            if self.connection.restricted:
                self.describe(self.builder.sign_in_paths())
                self._require_admin_key()
            self.builder.push()
            release = self.builder.pack()
        self.describe(release.sign_in_paths)
        # What is pulled is on the CDN when the release is live, and asked for by the proof.
        if self.site.pushes:
            with phase("Verify through the CDN"):
                for line in stale.purge(self.site, providers.keys(self.secrets), self.builder.replaced()):
                    print(f"    {line}")
                print(f"    {edge.verify(self.site.static_url, release.objects)} objects are there")
        return release

    def reasons(self) -> list[str]:
        """Why the playbook must be played; none when the host is as it was left, by a description that still holds."""
        if self.options.provision:
            return ["it was asked for"]
        if not self.found.fingerprint:
            return ["Slipway has not been on this host"]
        changed = self.found.fingerprint != self.described.fingerprint
        return (["the description changed"] if changed else []) + [f"{name} drifted" for name in self.found.drifted]

    def announce(self) -> None:
        """What a server of an earlier layout is in for."""
        if not self.found.fingerprint or self.found.layout >= LAYOUT.version:
            return
        before = f"{self.found.version or 'an earlier version'} (layout {self.found.layout})"
        print(f"    from Slipway {before} to {VERSION} (layout {LAYOUT.version}); this deploy changes:")
        for line in layout.changes(self.found.layout):
            print(f"    - {line}")

    def provision(self) -> None:
        self._require_admin_key()
        with phase(f"Provision the host: {', '.join(self.reasons())}"):
            if self.held:
                self.held.check()
            self.announce()
            changed, log = playbook.provision(self.site, self.secrets, self.described)
            print(f"    {len(changed)} changed; all of it: {log.relative_to(config.ROOT)}")
            self.connection = Connection(self.site)
            if self.held:
                self.held.hand_to(self.connection)
            self.found = facts.gather(self.connection, self.site)
            if self.found.fingerprint != self.described.fingerprint or self.found.drifted:
                what = ", ".join(self.found.drifted) or "its record is missing"
                raise SlipwayError(f"the playbook has ended and the host is not as described: {what}; see {log}")
            host_keys.provisioned(self.site)

    def prepare(self, release: ReleaseArchive) -> None:
        """All that can fail without a visitor noticing."""
        with phase(f"Send release {release.id}"):
            print(f"    {send(self.connection, self.site, self.found, release):.1f} MB of packages with it")
        with phase("Migrate the database, while the old release serves"):
            print(f"    {self.connection.agent('migrate', release.id)}")
        with phase("Check: a throwaway process of the new release answers"):
            print(f"    {self.connection.agent('check', release.id)}")
        # Before it serves: a rollback may come to any release that has served, and prune keeps what a manifest names.
        if self.site.pushes:
            with phase("Record its manifest in the bucket"):
                self.builder.record(release)

    def switch(self, release: ReleaseArchive) -> None:
        """From here on a failure goes back to the old release by itself."""
        with run_proof.Proof(self.site, self.secrets, self.connection, self.builder) as proving:
            with phase("Switch, and ask for health through nginx"):
                self.connection.agent("activate", release.id)
            if self.options.no_smoke:
                return
            with phase("Prove that no static request reaches the origin"):
                try:
                    proving.run()
                except SlipwayError as error:
                    raise SlipwayError(f"{error}; {self._go_back(release)}") from None
                except BaseException:
                    # Interrupted, or a mistake of ours: what nobody has proved does not serve on either.
                    print(f"    {self._go_back(release)}")
                    raise

    def _go_back(self, release: ReleaseArchive) -> str:
        if not self.found.current:
            return "there is no earlier release to go back to, so this one serves on"
        try:
            # A connection that broke during the proof took the lock with it.
            self.held.renew()
            serving = [each["id"] for each in json.loads(self.connection.agent("releases")) if each["current"]]
            if serving != [release.id]:
                return f"somebody else has switched meanwhile: {', '.join(serving) or 'none'} serves"
            self.connection.agent("rollback", self.found.current)
        except SlipwayError as error:
            return f"{release.id} serves on, for going back failed: {error}"
        return f"went back to {self.found.current}, which serves"

    def tidy(self) -> None:
        with phase("Prune: old releases, and the static objects that none needs any more"):
            gone = self.connection.agent("prune", str(self.site.keep))
            print(f"    {'nothing to remove' if gone == '[]' else f'removed {gone}'}")
            if self.site.pushes:
                self._prune_bucket()

    def _prune_bucket(self) -> None:
        on_server = [each["id"] for each in json.loads(self.connection.agent("releases"))]
        try:
            pruning = Prune.of(self.site, Identity(self.secrets.pruner))
            plan = pruning.plan(self.site.keep, on_server)
            pruning.carry_out(plan)
        except SlipwayError as error:
            # The release is live; what is too much in the bucket does no harm.
            print(f"    warning: {error}; `make prune` tries again")
        else:
            print(f"    {len(plan.to_delete):,} objects deleted ({plan.bytes / 1e6:.1f} MB)")

    def problems(self) -> list[str]:
        """What `make status` finds wrong on the server; the release is live all the same."""
        try:
            return json.loads(self.connection.agent("status"))["problems"]
        except SlipwayError as error:
            return [f"`make status` has no answer: {error}"]

    def closing(self, release: ReleaseArchive, seconds: float) -> str:
        now = facts.gather(self.connection, self.site)
        return "\n".join(
            (
                f"live after {seconds:.0f} s",
                f"  site      {self.site.site_url}",
                f"  release   {release.id}",
                f"  before    {self.found.current or 'none: this is the first'}",
                f"  memory    {now.available} MB of {now.memory} available",
                f"  proof     {'left out (--no-smoke)' if self.options.no_smoke else run_proof.report(self.site)}",
            )
        )
