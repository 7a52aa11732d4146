"""Packs a release archive: the code and the manifests, and no static bytes."""

from django.core.management.base import BaseCommand

from slipway.tool.pack.archive import make_tarball


class Command(BaseCommand):
    help = "Pack the code and the manifests of collectstatic into a tar.gz; write release.json beside it."

    def add_arguments(self, parser):
        parser.add_argument("target", help="the file to write, like build/release.tar.gz")

    def handle(self, target: str, **options) -> str:
        return str(make_tarball(target))
