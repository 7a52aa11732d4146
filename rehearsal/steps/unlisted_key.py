"""An SSH key that site.yml does not list, and whether the machine accepts it all the same."""

from pathlib import Path

from rehearsal.machine import ssh


class UnlistedKey:
    """``directory`` keeps the pair."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def key(self) -> str:
        """The public half; made when it is missing."""
        public = self._directory / "id_ed25519.pub"
        if not public.exists():
            self._directory.mkdir(parents=True, exist_ok=True)
            return ssh.make_key(self._directory)
        return public.read_text().strip()

    def logs_in(self, port: int, user: str) -> bool:
        """Whether ``user`` of the machine behind ``port`` of the loopback is reached by this key alone."""
        config = ssh.write_config(self._directory, port)
        return ssh.run(config, "true", user, check=False).returncode == 0
