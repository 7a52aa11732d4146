"""The commands `hooks` of site.yml: they run here, at their step of a deploy or a rollback, and get its facts.

A hook has no secret of the deploy in its environment. A hook that needs one of its own gets it from a variable HOOK_….
"""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from slipway.tool import user_command
from slipway.tool.config import Site
from slipway.tool.phases import phase
from slipway.web.errors import SlipwayError

# Variables of this shell that a hook gets, beside those that any command gets.
PREFIX = "HOOK_"
# What it means that a hook has failed.
THEN = {
    "before_build": "nothing was built or changed",
    "before_switch": "nothing was switched: the release that served serves on",
    "after_deploy": "{release} is live all the same",
    "failed": "what failed is below",
}


@dataclass(slots=True)
class Hooks:
    """The hooks of one deploy or rollback (``command``) of ``site``; ``off``: none runs, as with CHECK=1.

    ``release`` and ``before``, the release's id and that of the one that served, are filled in when they are known.
    """

    site: Site
    command: str
    release: str = ""
    before: str = ""
    off: bool = False

    def run(self, name: str, error: str = "") -> None:
        """Runs the hook ``name``, if there is one. Raises SlipwayError where it fails, or takes too long."""
        command = self.site.hooks.get(name, "")
        if self.off or not command:
            return
        with phase(f"Hook {name}: {command}"):
            variables = {**user_command.environment((PREFIX,)), **self._facts(name, error)}
            try:
                status = user_command.run(command, self.site.path.parent, variables, self.site.hook_seconds)
                why = f"failed with exit status {status}" if status else ""
            except subprocess.TimeoutExpired:
                why = f"was ended after {self.site.hook_seconds} seconds, its limit"
            if why:
                then = THEN[name].format(release=self.release)
                raise SlipwayError(f"hooks: {name}: `{command}` {why}; {then}")

    @contextmanager
    def reporting(self) -> Iterator[None]:
        """Runs the hook `failed` where the block fails. The block's own error goes on, whatever becomes of the hook."""
        try:
            yield
        except BaseException as error:
            told = "interrupted" if isinstance(error, KeyboardInterrupt) else str(error) or type(error).__name__
            try:
                self.run("failed", " ".join(told.split()))
            except (SlipwayError, KeyboardInterrupt) as of_hook:
                print(f"    warning: {str(of_hook) or 'the hook was interrupted'}", flush=True)
            raise

    def _facts(self, name: str, error: str) -> dict[str, str]:
        return {
            "SLIPWAY_HOOK": name,
            "SLIPWAY_COMMAND": self.command,
            "SLIPWAY_SITE_URL": self.site.site_url,
            "SLIPWAY_SERVER": self.site.server,
            "SLIPWAY_RELEASE": self.release,
            "SLIPWAY_BEFORE": self.before,
            # A release that a rollback goes back to is of another commit than this checkout.
            "SLIPWAY_COMMIT": self._commit() if self.command == "deploy" else "",
            "SLIPWAY_ERROR": error,
        }

    def _commit(self) -> str:
        """The checkout's commit; "" where it is none of git's."""
        command = ["git", "-C", str(self.site.path.parent), "rev-parse", "HEAD"]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        except FileNotFoundError:
            return ""
        return "" if done.returncode else done.stdout.strip()
