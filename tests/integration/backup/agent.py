"""The packed agent in this process, with a cluster of the tests' own in place of the server's."""

import importlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import pytest

from slipway.tool.server import agent
from slipway.tool.server.layout import LAYOUT
from tests.integration.backup.cluster import Cluster

# The role is a user of the server there, and peer login lets it in.
RUNUSER = '#!/bin/sh\nexport PGUSER="$2"\nshift 3\nexec "$@"\n'


@contextmanager
def modules(cluster: Cluster, folder: Path, *names: str) -> Iterator[list[ModuleType]]:
    """The agent's modules of these names; its clients reach ``cluster``."""
    programs = folder / "programs"
    programs.mkdir(exist_ok=True)
    (programs / "runuser").write_text(RUNUSER)
    (programs / "runuser").chmod(0o755)
    if not (programs / "systemctl").exists():
        (programs / "systemctl").symlink_to("/bin/true")
    for name in ("run", "etc", "root"):
        Path(f"{cluster.top}{getattr(LAYOUT, name)}").mkdir(parents=True, exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
        patch.setenv("PGHOST", str(cluster.run))
        patch.setenv("SLIPWAY_PREFIX", str(cluster.top))
        patch.syspath_prepend(str(agent.pack(folder / "slipway")))
        for name in [name for name in sys.modules if name.partition(".")[0] == "agent"]:
            patch.delitem(sys.modules, name)
        yield [importlib.import_module(f"agent.{name}") for name in names]
        for name in [name for name in sys.modules if name.partition(".")[0] == "agent"]:
            del sys.modules[name]


def make_database(cluster: Cluster) -> None:
    """The site's database, empty and its role's, as the playbook makes it."""
    site, database = LAYOUT.site_user, LAYOUT.database
    cluster.sql(f"do $$ begin create role {site} login; exception when duplicate_object then end $$")
    cluster.sql(f"drop database if exists {database} with (force)")
    cluster.sql(f"create database {database} owner {site} template template0")
