"""An SSH key that site.yml does not list, and whether the machine accepts it."""

from pathlib import Path

from rehearsal.machine import ssh


class UnlistedKey:
    """``directory`` keeps the pair."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def key(self) -> str:
        """The public half; made when it is missing."""
        return ssh.public_key(self._directory)

    def logs_in(self, port: int, user: str) -> bool:
        """Whether this key logs in as ``user`` of the machine at ``port`` of the loopback."""
        config = ssh.write_config(self._directory, port)
        return ssh.run(config, "true", user, check=False).returncode == 0
