"""Faults in the log, the manifest or the controls."""

from collections.abc import Iterator

from tests.integration.smoke.broken import broken
from tests.integration.smoke.deployment import Deployment


@broken("m33", browser=False, by="", url="", place="", says="planted request")
def log_reader(site: Deployment) -> Iterator[None]:
    with site.nginx(r"access_log \S+ evidence\b[^;]*;", "access_log off;"):
        yield
