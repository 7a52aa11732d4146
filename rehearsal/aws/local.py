"""Starts the local AWS from Python: ``with start(directory) as aws: ...``"""

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from rehearsal.aws.identities import IDENTITIES
from rehearsal.processes import free_ports

ROOT = Path(__file__).parents[2]
# The services behind the control port, as boto3 spells them in AWS_ENDPOINT_URL_<SERVICE>.
CONTROL_SERVICES = ("CLOUDFRONT", "ACM", "IAM", "STS", "ROUTE_53")


@dataclass
class LocalAws:
    """A running local AWS; call ``stop``, or use it as a context manager."""

    s3_url: str
    control_url: str
    process: subprocess.Popen
    certificate: Path | None = None
    region: str = "eu-central-1"
    env: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.env = self.env_of("admin")

    def env_of(self, identity: str) -> dict[str, str]:
        """The AWS_* variables with which boto3 reaches the stand-in as ``identity``."""
        keys = IDENTITIES[identity]
        env = {
            "AWS_ACCESS_KEY_ID": keys["access_key"],
            "AWS_SECRET_ACCESS_KEY": keys["secret_key"],
            "AWS_DEFAULT_REGION": self.region,
            "AWS_ENDPOINT_URL_S3": self.s3_url,
            # No credentials of a real account may reach a rehearsal.
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        env |= {f"AWS_ENDPOINT_URL_{service}": self.control_url for service in CONTROL_SERVICES}
        if self.certificate:
            env["AWS_CA_BUNDLE"] = str(self.certificate)
        return env

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(30)
        self.process.stdout.close()

    def __enter__(self) -> "LocalAws":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def start(data_dir: Path, tls: tuple[Path, Path] | None = None) -> LocalAws:
    """A local AWS on free ports, its objects in ``data_dir``; S3 over TLS with ``tls``.

    ``tls`` is a certificate and its key, for 127.0.0.1. Raises RuntimeError when it cannot start.
    """
    s3_port, control_port = free_ports(2)
    command = [sys.executable, "-m", "rehearsal.aws", "--data", str(Path(data_dir).resolve())]
    command += ["--s3-port", str(s3_port), "--control-port", str(control_port)]
    if tls:
        command += ["--tls-cert", str(tls[0]), "--tls-key", str(tls[1])]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    if process.stdout.readline() != "ready\n":
        raise RuntimeError(f"the local AWS did not start (status {process.wait(30)})")
    return LocalAws(
        s3_url=f"{'https' if tls else 'http'}://127.0.0.1:{s3_port}",
        control_url=f"http://127.0.0.1:{control_port}",
        process=process,
        certificate=tls[0] if tls else None,
    )
