"""Unpacks the server's packages here, for its Python, machine and glibc: there they are copied, not installed.

pip costs a small server minutes of its only processor, and this machine seconds.
"""

import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory

from slipway.tool.requirements import pip
from slipway.tool.server.layout import LAYOUT
from slipway.web.errors import SlipwayError

# The oldest glibc (2.x) that wheels are made for, and their older tags without a glibc.
# https://peps.python.org/pep-0600/#legacy-manylinux-tags
MACHINES = {
    "x86_64": (5, ("manylinux2014", "manylinux2010", "manylinux1")),
    "aarch64": (17, ("manylinux2014",)),
}


def pack(lock: Path, python: str, glibc: str, machine: str, venv: str, target: Path) -> Path:
    """A tar.gz in ``target`` of what ``lock`` pins, laid out for the venv ``venv``.

    A package that the lock file names with --no-binary is built here, if nothing of it is compiled. It is made
    once; those of other lock files are deleted. Raises SlipwayError, one line, when there is no wheel for that machine
    or the index cannot be reached.
    """
    tags = platforms(glibc, machine)
    # A wheel for a newer glibc would not load on an older one.
    packed = target / f"{venv}-{machine}-glibc-{glibc}.tar.gz"
    if not packed.exists():
        target.mkdir(parents=True, exist_ok=True)
        for other in target.glob("*.tar.gz"):
            if not other.name.startswith(venv.partition("-")[0]):
                other.unlink()
        with TemporaryDirectory(dir=target, prefix="unfinished-") as unfinished:
            root = Path(unfinished, "venv")
            tree = root / "lib" / f"python{python}" / "site-packages"
            tree.mkdir(parents=True)
            done = pip.run(*_arguments(pip.wheels_alone(lock, Path(unfinished), pure=True), python, tags, tree))
            if done.returncode:
                wrong = pip.reason(done.stdout + done.stderr)
                raise SlipwayError(f"{lock}: {wrong} (Python {python}, {machine}, glibc {glibc})")
            _place_scripts(tree, root / "bin", f"{LAYOUT.venvs}/{venv}/bin/python")
            _compile(tree, python)
            complete = Path(unfinished, "complete")
            with tarfile.open(complete, "w:gz", compresslevel=6) as archive:
                for path in sorted(root.iterdir()):
                    archive.add(path, path.name, filter=_readable)
            complete.rename(packed)
    return packed


def platforms(glibc: str, machine: str) -> list[str]:
    """The platform tags of wheels that run there, the newest first."""
    if machine not in MACHINES:
        raise SlipwayError(f"the server is a {machine}; there are wheels for {' and '.join(MACHINES)}")
    if not re.fullmatch(r"2\.\d+", glibc):
        raise SlipwayError(f"the server's C library is not glibc ({glibc or 'unknown'}); wheels need that")
    oldest, legacy = MACHINES[machine]
    named = [f"manylinux_2_{minor}" for minor in range(int(glibc[2:]), oldest - 1, -1)]
    return [f"{name}_{machine}" for name in (*named, *legacy)]


def _arguments(lock: Path, python: str, tags: list[str], tree: Path) -> list[str]:
    # Everything else, the index too, comes from this machine's pip configuration.
    command = ["install", "--only-binary", ":all:"]
    command += ["--no-deps", "--require-hashes", "--progress-bar", "off", "--no-compile"]
    command += ["--implementation", "cp", "--python-version", python, "--abi", f"cp{python.replace('.', '')}"]
    for tag in tags:
        command += ["--platform", tag]
    return [*command, "--target", str(tree), "--requirement", str(lock)]


def _place_scripts(tree: Path, scripts: Path, python: str) -> None:
    """Moves scripts from pip's target to a venv's bin; ``python`` is the server's."""
    if (tree / "bin").exists():
        (tree / "bin").rename(scripts)
        for script in scripts.iterdir():
            # pip writes its own interpreter into the first line, in several forms.
            script.write_bytes(script.read_bytes().replace(sys.executable.encode(), python.encode(), 1))


def _readable(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Readable by the site's own user there, whatever this user's umask is."""
    member.mode = 0o755 if member.isdir() or member.mode & 0o100 else 0o644
    return member


def _compile(tree: Path, python: str) -> None:
    """Compiles what it can, if that Python is here; the server compiles the rest."""
    own = f"{sys.version_info.major}.{sys.version_info.minor}"
    found = sys.executable if python == own else shutil.which(f"python{python}")
    if found:
        command = [found, "-m", "compileall", "-q", "-j", "0", str(tree)]
        subprocess.run(command, capture_output=True, check=False)
