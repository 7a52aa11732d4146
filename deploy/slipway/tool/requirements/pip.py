"""Runs pip: wheels for another machine, and builds of only those packages that the lock file names.

pip and not uv, which has no `download` and no layout for another machine's glibc.
"""

import hashlib
import re
import subprocess
import sys
from collections.abc import Collection, Sequence
from pathlib import Path

from slipway.tool.requirements.clean import environment
from slipway.tool.requirements.files import SHIPPED, normal
from slipway.web.errors import SlipwayError

BACKENDS = SHIPPED / "backends.txt"
# https://pip.pypa.io/en/stable/reference/requirements-file-format/
NAMED = re.compile(r"^--no-binary[ =](\S+)[ \t]*\n", re.MULTILINE)
REQUIREMENT = re.compile(r"^([A-Za-z0-9][\w.-]*).*\n(?:[ \t].*\n)*", re.MULTILINE)
# The only lines that a lock file may have. pip accepts more options, also abbreviated, and builds what a URL points to.
PLAIN = re.compile(
    r"(?:--only-binary[ =]:all:|--no-index|--(?:no-binary|(?:extra-)?index-url|find-links)[ =]\S+)$"
    r"|(?P<name>[A-Za-z0-9][\w.-]*)(?:\[[^]]*\])? ?(?:==| ?@ (?P<address>\S+))"
)
WHEEL = re.compile(r"(?:https?|file)://[^?#]*[^?#/]\.whl(?:[?#]|$)")
ADVICE = "pin a version that has one in project/requirements.in"
NO_HASH = "not every line is pinned with its hash; `make lock` writes the file"

# Why the index was not reached, by the messages of pip's libraries; the first match counts.
ASKED = "`pip config list` shows which one pip uses"
UNREACHED = tuple(
    (re.compile(form), why)
    for form, why in (
        (r"Tunnel connection failed: 407", "the proxy requires a user and a password; check HTTPS_PROXY"),
        (r"Tunnel connection failed: (\d+)", "the proxy answers {} for the package index; check HTTPS_PROXY"),
        (r"'ProxyError\(", "the proxy on the way to the package index cannot be reached; check HTTPS_PROXY"),
        (
            r"certificate verify failed: ([\w ,'.-]+?) ?\(",
            f"the package index's certificate is not accepted ({{}}); {ASKED}, and PIP_CERT names whom to trust",
        ),
        (r"\[SSL: (\w+)\]|SSLError|SSLEOFError", f"the package index does not speak TLS as this machine does; {ASKED}"),
        (r"Read timed out", f"the package index did not answer in time; {ASKED}"),
        (r"", f"the package index cannot be reached; {ASKED}"),
    )
)


def run(*arguments: str | Path, python: Path | str = sys.executable) -> subprocess.CompletedProcess[str]:
    """pip for the venv of ``python``, without this shell's secrets."""
    # With --python pip starts a second time, even for its own venv.
    venv = () if python == sys.executable else ("--python", python)
    command = [sys.executable, "-m", "pip", *venv, "--no-input", "--disable-pip-version-check"]
    everything = [str(each) for each in (*command, *arguments)]
    return subprocess.run(everything, env=environment(), capture_output=True, text=True, check=False)


def wheels_alone(lock: Path, folder: Path, *, pure: bool = False) -> Path:
    """A lock file of wheels alone: ``lock`` itself, or one in ``folder``, with wheels built of what it names.

    ``pure``: for another machine, so that nothing may be compiled. Raises SlipwayError, one line, for sources that
    cannot be built.
    """
    # Split into lines as pip does, each with a newline.
    text = "".join(f"{line}\n" for line in lock.read_text().splitlines())
    named = {normal(name) for each in NAMED.findall(text) for name in each.split(",")}
    if wrong := sorted(name for name in named if name.startswith(":")):
        raise SlipwayError(f"{lock}: --no-binary {wrong[0]}: name each package that may be built from its sources")
    _check(lock, text, named)
    if not named:
        return lock
    blocks = {normal(block[1]): block[0] for block in REQUIREMENT.finditer(text)}
    built = _build(lock, [blocks[name] for name in sorted(named & blocks.keys())], folder)
    for wheel in built if pure else ():
        if not wheel.name.endswith("-none-any.whl"):
            raise SlipwayError(
                f"{lock}: no wheel of {_pin(wheel)}, and its sources are compiled; {ADVICE}, and `make lock`"
            )
    rest = REQUIREMENT.sub(lambda block: "" if normal(block[1]) in named else block[0], NAMED.sub("", text))
    target = folder / f"wheels-alone-{lock.name}"
    target.write_text(rest + "".join(map(_line, built)))
    return target


def _check(lock: Path, text: str, named: Collection[str]) -> None:
    """Raises SlipwayError for a line that could build sources of a package that is not ``named``."""
    # A comment has no continuation line; the text before it may have one.
    for line in re.sub(r"^\s*#.*", "", text, flags=re.MULTILINE).replace("\\\n", " ").splitlines():
        entry = re.sub(r"\s#.*", "", line).rstrip()
        if not entry:
            continue
        plain = PLAIN.match(entry)
        if not plain:
            raise SlipwayError(
                f"{lock}: {entry[:100]}: no pinned version, no wheel's address and no option of a lock file; "
                "`make lock` writes one"
            )
        name, address = plain["name"], plain["address"]
        if address and not WHEEL.match(address) and normal(name) not in named:
            raise SlipwayError(f"{lock}: {name} @ {address[:100]}: no wheel; {ADVICE}, {_named_by(name)}")


def _build(lock: Path, requirements: Sequence[str], folder: Path) -> list[Path]:
    """Builds wheels of these with the locked backends alone: other build requirements are not installed."""
    venv, sources, wheels = folder / "builder", folder / f"sources-of-{lock.name}", folder / f"wheels-of-{lock.name}"
    python = venv / "bin" / "python"
    if not venv.exists():
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], env=environment(), check=True)
        done = run("install", "--require-hashes", "--only-binary", ":all:", "--requirement", BACKENDS, python=python)
        if done.returncode:
            raise SlipwayError(f"{BACKENDS}: {reason(done.stdout + done.stderr)}")
    sources.write_text("".join(requirements))
    wheels.mkdir()
    how = ["--require-hashes", "--no-deps", "--no-build-isolation", "--no-binary", ":all:"]
    done = run("wheel", *how, "--wheel-dir", wheels, "--requirement", sources, python=python)
    if done.returncode:
        raise SlipwayError(f"{lock}: {reason(done.stdout + done.stderr)}")
    return sorted(wheels.iterdir())


def _line(wheel: Path) -> str:
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    return f"{normal(wheel.name.partition('-')[0])} @ {wheel.as_uri()} --hash=sha256:{digest}\n"


def _named_by(name: str) -> str:
    return f"or write `--no-binary {name}` there to have its sources built, and `make lock`"


def _pin(wheel: Path) -> str:
    name, version, *_ = wheel.name.split("-")
    return f"{normal(name)}=={version}"


def no_wheel(pin: str) -> str:
    name = re.split(r"[=<>~!;\[]", pin)[0]
    return f"no wheel of {pin}; {ADVICE}, {_named_by(name)}"


def other_hash(pin: str) -> str:
    return f"{pin} is not the one that was locked: its hash differs"


def reason(output: str) -> str:
    """The cause in pip's output, in one line."""
    errors = [line.removeprefix("ERROR: ") for line in output.splitlines() if line.startswith("ERROR: ")]
    missing = re.search(r"No matching distribution found for (\S+)", output)
    # A retry may have succeeded, with a later failure of another kind.
    if "WARNING: Retrying" in output and (missing or "Max retries exceeded" in output or "timed out" in output):
        return next(why.format(*found.groups()) for form, why in UNREACHED if (found := form.search(output)))
    if missing:
        return no_wheel(missing[1])
    backend = re.search(r"No module named '([\w.]+)'|Cannot import '([\w.]+)'", output)
    unbuilt = re.findall(r"(?:Failed building wheel for|Could not build wheels for) ([\w.-]+)", output)
    if (not unbuilt and "error: subprocess-exited-with-error" in output) or "BackendUnavailable" in output:
        # The build failed before pip names it; pip processes the lines one by one.
        unbuilt = re.findall(r"^(?:Collecting |Processing (?:\S*/)?)(\S+)", output, re.MULTILINE)
    if unbuilt and backend:
        return (
            f"no wheel of {unbuilt[-1]}, and its sources need {backend[1] or backend[2]} to be built; "
            "pin what has it in requirements/backends.in, and `make lock`"
        )
    if unbuilt:
        return f"no wheel of {unbuilt[-1]}, and its sources cannot be built here; {ADVICE}, and `make lock`"
    if "DO NOT MATCH THE HASHES" in output:
        name = re.search(r"^\s+(\S+==\S+|\S+) from ", output, re.MULTILINE)
        return other_hash(name[1] if name else "a wheel")
    if "--require-hashes" in output:
        return NO_HASH
    return errors[-1] if errors else "no output of pip"
