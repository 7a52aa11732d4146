"""`make lock`: resolves the site's packages with Slipway's, and separately from those of Slipway's own tests.

    python -m slipway.tool.requirements.lock [--shipped] [uv's options, like --upgrade]

All files have the same versions, for the server and the build machine. Nothing is written unless all resolve.
Standard library only, beside pip and uv.
"""

import sys
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from subprocess import CompletedProcess
from tempfile import TemporaryDirectory

from slipway.tool.requirements import clash, files, uv
from slipway.tool.requirements.files import PYTHONS
from slipway.web.errors import SlipwayError

# An index URL in a lock file would tie every clone to one index. Packages are built from sources only where a line says
# --no-binary.
HOW = ("--quiet", "--generate-hashes", "--no-emit-index-url", "--no-emit-find-links", "--no-annotate")
HOW += ("--only-binary", ":all:", "--emit-build-options")
# One version for all Pythons where there is one: the server's Django is the one that the release was built with.
UNIVERSAL = ("--universal", "--fork-strategy", "fewest")
SERVER = ("--python-platform", "x86_64-manylinux_2_28")
# The packages of Slipway's own tests, of the proof alone, of `make audit`, of builds from sources, and of the Makefile.
OWN = ("dev", "smoke", "audit", "backends", "uv")


class Resolver:
    """Resolves into lock files below ``folder``."""

    def __init__(self, folder: Path, options: Sequence[str]) -> None:
        self.folder, self.options, self.env = folder, list(options), uv.environment()

    def compile(self, name: str, old: Iterable[Path], *how: str, whole: Path | None = None) -> Path:
        """The lock file of that name; pins of ``old`` stay where possible, those of ``whole`` in any case.

        Raises ``clash.Unresolved``.
        """
        target = self.folder / f"{name}.txt"
        target.write_text("".join(each.read_text() for each in old if each.exists()))
        inputs = files.inputs(name)
        agree = ["--constraint", str(whole)] if whole else []
        done = self._run(*how, *agree, "-o", target, *inputs)
        if done.returncode:
            lines = files.lines(inputs)
            alone = partial(self._resolve, how)
            # With a pin for each package, any line that requires the package would seem to be the cause.
            resolve = partial(self._resolve, [*how, *agree]) if agree and not alone(lines).returncode else alone
            raise clash.Unresolved(done, lines, resolve)
        return target

    def _resolve(self, how: Sequence[str], lines: Sequence[files.Line]) -> CompletedProcess[str]:
        """Runs uv for these lines alone."""
        some = self.folder / "some.in"
        some.write_text("".join(f"{line.text}\n" for line in lines))
        return self._run(*how, some)

    def _run(self, *arguments: str | Path) -> CompletedProcess[str]:
        command = ["pip", "compile", *HOW, "--custom-compile-command", "make lock", *self.options]
        return uv.run(*command, *arguments, env=self.env)


def resolve(resolver: Resolver, place: Mapping[str, Path]) -> tuple[list[str], list[str]]:
    """Resolves the site's sets; returns their names, and a warning for each Python that they do not support.

    ``place``: where the lock file of each name is, to keep the versions that it has. Raises ``clash.Unresolved``.
    """
    lowest = PYTHONS[0]
    try:
        whole = _whole(resolver, place, lowest)
    except clash.Unresolved as error:
        if not error.newer_python:
            raise
        lowest = _lowest(resolver, place)
        whole = _whole(resolver, place, lowest)
    for name in files.SETS:
        resolver.compile(name, [place[name]], *UNIVERSAL, "--python-version", lowest, whole=whole)
    made, warnings = [*files.SETS], []
    for python in PYTHONS:
        name = f"web-{python}"
        try:
            resolver.compile(name, [place[name]], *SERVER, "--python-version", python, whole=whole)
            made.append(name)
        except clash.Unresolved as error:
            why = error.explain()
            warnings.append(f"no lock file for a server with Python {python}: {why}")
            if python == uv.HERE and python in PYTHONS[: PYTHONS.index(lowest)]:
                warnings.append(f"no packages for this machine: {why}; {uv.other_python(lowest)}")
    return made, warnings


def _whole(resolver: Resolver, place: Mapping[str, Path], lowest: str) -> Path:
    """Resolves all sets together; each of them is then constrained to these versions."""
    old = [place[name] for name in files.SETS]
    return resolver.compile("whole", old, *UNIVERSAL, "--python-version", lowest)


def _lowest(resolver: Resolver, place: Mapping[str, Path]) -> str:
    """The oldest Python that the server's packages resolve for. Raises ``clash.Unresolved`` if there is none."""
    for python in PYTHONS:
        try:
            resolver.compile(f"web-{python}", [place[f"web-{python}"]], *SERVER, "--python-version", python)
        except clash.Unresolved:
            if python == PYTHONS[-1]:
                raise
        else:
            return python
    raise AssertionError


def lock(options: Sequence[str], *, shipped: bool) -> list[str]:
    """Writes the site's lock files, or those that Slipway ships; returns warnings."""
    names = [*files.SETS, *(f"web-{python}" for python in PYTHONS)]
    target = {name: files.shipped(name) if shipped else files.SITE_LOCKS / f"{name}.txt" for name in names}
    place = target if shipped else {name: files.locked(name) for name in names}
    with TemporaryDirectory(prefix="slipway-lock-") as folder:
        resolver = Resolver(Path(folder), options)
        try:
            made, warnings = resolve(resolver, place)
            if shipped:
                made += _own(resolver, target)
        except clash.Unresolved as error:
            raise SlipwayError(error.explain()) from None
        for name, path in target.items():
            if name in made:
                path.parent.mkdir(exist_ok=True)
                path.write_text((resolver.folder / f"{name}.txt").read_text())
            else:
                path.unlink(missing_ok=True)
    return warnings


def _own(resolver: Resolver, target: dict[str, Path]) -> Sequence[str]:
    """Resolves the sets of Slipway's own development."""
    for name in OWN:
        target[name] = files.SHIPPED / f"{name}.txt"
        whole = resolver.folder / "whole.txt" if name in ("dev", "smoke") else None
        resolver.compile(name, [target[name]], *UNIVERSAL, "--python-version", PYTHONS[0], whole=whole)
    return OWN


def main(arguments: Sequence[str]) -> int:
    options = [each for each in arguments if each != "--shipped"]
    try:
        for line in lock(options, shipped="--shipped" in arguments):
            print(f"slipway: {line}", file=sys.stderr)
    except SlipwayError as error:
        print(f"slipway: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
