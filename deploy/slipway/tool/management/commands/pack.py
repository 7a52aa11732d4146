"""Packs a release archive: the code and the manifests, and no static bytes."""

from django.core.management.base import BaseCommand

from slipway.tool.pack.archive import make_tarball


class Command(BaseCommand):
    help = "Pack the code and the manifests of collectstatic into a tar.gz; write release.json beside it."

    def add_arguments(self, parser):
        parser.add_argument("target", help="the file to write, like build/release.tar.gz")
        parser.add_argument("--ship", nargs="*", default=(), metavar="PATH", help="what would be left out of project/")

    def handle(self, target: str, *, ship: list[str], **options) -> str:
        return "\n".join(make_tarball(target, ship))
