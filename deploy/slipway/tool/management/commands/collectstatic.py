"""Builds the static files and pushes them; in development it is Django's own command."""

import json
import sys
import time
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.staticfiles.management.commands import collectstatic

from slipway.web.errors import SlipwayError

if TYPE_CHECKING:
    from slipway.tool.push.upload import Progressing

# Options of Django's command that would break hashed names, and why.
REJECTED = {
    "clear": "--clear: nothing is ever deleted here; an older release that serves again needs its files",
    "symlink": "--link: objects in a bucket cannot be links",
}


class Command(collectstatic.Command):
    help = "Build the static files and push them to the bucket; in development, collect them."

    def add_arguments(self, parser):
        super().add_arguments(parser)
        parser.add_argument(
            "--build-only",
            action="store_true",
            help="Build, verify and write the manifests; do not use the bucket.",
        )

    def handle(self, **options):
        if not settings.SLIPWAY_OFFLOAD:
            if options["build_only"]:
                raise SlipwayError("--build-only: nothing is built in development; set SLIPWAY_ENV=production")
            return super().handle(**options)
        self.set_options(**options)
        for option, reason in REJECTED.items():
            if getattr(self, option):
                raise SlipwayError(reason)
        if not self.post_process:
            raise SlipwayError("--no-post-process: every name on the CDN contains its hash")
        return self._offload(options["build_only"] or settings.SLIPWAY_PULL)

    def load(self) -> None:
        """Imports what a push needs; development needs none of it."""
        from slipway.tool import push
        from slipway.tool.assets import build

        assert push and build

    def _offload(self, build_only: bool) -> str:
        # Loaded here, so that development needs none of it.
        from slipway.tool import push
        from slipway.tool.assets import build
        from slipway.tool.assets.collect import is_about_own_file
        from slipway.tool.push.plan import make_plan
        from slipway.web import pull

        began = time.monotonic()
        listing = None
        if not build_only:
            bucket = push.Bucket(_bucket())
            listing = push.start_listing(bucket)
        built = build(self.ignore_patterns, write=not self.dry_run)
        packages = 0
        for warning in built.warnings:
            own = is_about_own_file(warning)
            packages += not own
            self.log(f"warning: {warning}", level=1 if own else 2)
        objects, size = len(built.objects), sum(len(entry.body) for entry in built.objects)
        if build_only:
            facts = [f"{objects:,} objects built", megabytes(size), "none sent"]
            if settings.SLIPWAY_PULL and not self.dry_run:
                facts.append(f"{pull.write(built.objects):,} for a CDN to pull")
        elif self.dry_run:
            existing, headers = listing.result(), listing.headers(built.objects)
            plan = make_plan(built.objects, existing, bucket.name, headers=headers, md5=bucket.store.md5)
            missing = plan.hashed + plan.unhashed
            size = sum(len(entry.body) for entry in missing)
            facts = [
                f"{objects:,} objects built",
                f"{len(missing):,} would be sent",
                megabytes(size),
            ]
        else:
            with self._progress() as progress:
                report = push.push(built.objects, bucket, listing, progress)
            (settings.SLIPWAY_BUILD / push.REPLACED).write_text(json.dumps(report.replaced))
            facts = [
                f"{report.objects:,} objects",
                f"{report.sent:,} sent ({megabytes(report.bytes)})",
                f"{report.skipped:,} skipped",
                f"{report.requests:,} requests",
            ]
        facts.append(f"{time.monotonic() - began:.1f} s")
        if packages:
            facts.append(f"{packages} warnings about installed packages (-v 2 lists them)")
        return ", ".join(facts) if self.verbosity else ""

    def _progress(self) -> AbstractContextManager["Progressing | None"]:
        from slipway.tool.push import progress

        if not self.verbosity:
            return nullcontext()
        return progress.bar() if sys.stdout.isatty() else nullcontext(progress.lines(self.stdout.write))


def _bucket() -> str:
    if not settings.SLIPWAY_STATIC_BUCKET:
        raise SlipwayError("SLIPWAY_STATIC_BUCKET is not set; the push needs it to find the bucket")
    return settings.SLIPWAY_STATIC_BUCKET


def megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"
