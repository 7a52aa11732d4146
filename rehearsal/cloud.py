"""Starts what stands in for AWS and for the CDN."""

import sys
from collections.abc import Mapping
from pathlib import Path

from rehearsal.processes import Processes

ROOT = Path(__file__).resolve().parent.parent


def start(
    processes: Processes,
    directory: Path,
    ports: Mapping[str, int],
    environments: Mapping[str, Mapping[str, str]],
    *,
    s3_tls: tuple[Path, Path] | None = None,
    cdn_tls: tuple[Path, Path] | None = None,
) -> None:
    """Both are ready when this returns.

    ``ports`` has s3, control and cdn; ``environments`` those of the identities admin and cdn. With ``s3_tls`` and
    ``cdn_tls``, each a certificate and its key, they serve TLS.
    """
    aws = [sys.executable, "-m", "rehearsal.aws", "--data", directory / "aws"]
    aws += ["--s3-port", str(ports["s3"]), "--control-port", str(ports["control"]), *_tls(s3_tls)]
    processes.start("aws", aws, env=environments["admin"], cwd=ROOT, ready=[ports["s3"], ports["control"]])
    cdn = [sys.executable, "-m", "rehearsal.cdn", "--port", str(ports["cdn"]), *_tls(cdn_tls)]
    cdn += ["--log", directory / "log" / "cdn-access.log"]
    processes.start("cdn", cdn, env=environments["cdn"], cwd=ROOT, ready=[ports["cdn"]])


def _tls(files: tuple[Path, Path] | None) -> list[str | Path]:
    return ["--tls-cert", files[0], "--tls-key", files[1]] if files else []
