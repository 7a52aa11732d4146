"""`make bench-push`: Slipway's collectstatic compared with others, whole commands, over a network with latency.

Each contender has a bucket of its own: cold, unchanged, one file changed, each time from a deleted tree as in a
fresh CI job; then with one upload denied. Times are the minimum of the rounds, and nothing is asserted about them.
"""

import argparse
import json
import resource
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from slipway.web.errors import SlipwayError
from tests.bench.push.bucket import Bucket
from tests.bench.push.contenders import AWS_CONFIG, CONTENDERS, ROOT, Contender, Place
from tests.bench.push.delay import CONNECT, ROUND_TRIP
from tests.bench.push.table import markdown, show
from tests.bench.push.verify import Reference, fault

OUT = ROOT / "build/bench"
STEPS = ("cold", "unchanged", "changed")
BEFORE, AFTER = "a { color: red }\n", "a { color: blue }\n"
DENIED = "static/own."


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench-push", description=__doc__)
    parser.add_argument("--only", help="contenders by the first letters of their names, separated by commas")
    parser.add_argument("--quick", action="store_true", help="one round, without the slow contenders")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of the contenders that are not slow")
    options = parser.parse_args()
    wanted = tuple((options.only or "").split(","))
    chosen = [one for one in CONTENDERS if one.name.startswith(wanted)]
    if options.quick and not options.only:
        chosen = [one for one in chosen if not one.slow]
    if not chosen:
        raise SlipwayError(f"--only: no contender of that name; there are {', '.join(c.name for c in CONTENDERS)}")
    bench = venv()
    with tempfile.TemporaryDirectory(prefix="bench-push-") as work:
        results = run(chosen, bench, Path(work), 1 if options.quick else options.rounds)
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "push.json").write_text(json.dumps(results, indent=1) + "\n")
    subprocess.run(
        [bench / "python", "-m", "tests.bench.push.chart", OUT / "push.json", OUT / "push.svg"], cwd=ROOT, check=True
    )
    show(results)
    print(markdown(results))
    print(f"\n{OUT / 'push.svg'}, {OUT / 'push.json'}")


def venv() -> Path:
    """The bin folder of the bench's own venv, which falls back to this one: Slipway runs from its locked packages."""
    place, wanted = ROOT / "build/bench/venv", ROOT / "requirements/bench.in"
    stamp = place / "installed"
    if not stamp.exists() or stamp.read_text() != wanted.read_text():
        print("installing requirements/bench.in into build/bench/venv (a minute)")
        subprocess.run([sys.executable, "-m", "venv", "--clear", place], check=True)
        below = sysconfig.get_path("purelib", vars={"base": place, "platbase": place})
        Path(below, "slipway.pth").write_text(sysconfig.get_path("purelib") + "\n")
        subprocess.run([place / "bin/pip", "install", "-q", "--disable-pip-version-check", "-r", wanted], check=True)
        stamp.write_text(wanted.read_text())
    return place / "bin"


def run(chosen: Sequence[Contender], bench: Path, work: Path, rounds: int) -> dict:
    (work / "own").mkdir()
    (work / "aws.ini").write_text(AWS_CONFIG)
    own = work / "own/own.css"
    with Bucket(work / "seaweed") as bucket:
        new, kept = bucket.measure_latency()
        print(f"a request takes {1000 * kept:.0f} ms, the first on a connection {1000 * new:.0f} ms")
        references = {}
        for text in (AFTER, BEFORE):
            own.write_text(text)
            references[text] = Reference(Place(bench, work, "none", bucket.url))
        tree = references[BEFORE]
        print(f"{len(tree.plain):,} files, {tree.bytes / 1e6:.0f} MB with hashed names")
        results = {one.name: {"faults": [], "seconds": {}, "cpu": {}, "requests": {}} for one in chosen}
        # Round by round and not one by one, so that a busy minute of the machine affects all of them.
        for turn in range(rounds):
            for contender in chosen:
                if turn and contender.slow:
                    continue
                print(f"{contender.name}, round {turn + 1} of {1 if contender.slow else rounds}", flush=True)
                place = Place(bench, work, bucket.new_bucket(), bucket.url)
                for step in STEPS:
                    own.write_text(AFTER if step == "changed" else BEFORE)
                    measure(step, contender, place, bucket, references[own.read_text()], results[contender.name])
                bucket.drop_bucket(place.bucket)
                if not turn:
                    results[contender.name]["reports_denial"] = reports_denial(contender, bench, work, bucket)
    return {
        "round_trip": ROUND_TRIP,
        "connect": CONNECT,
        "files": len(tree.plain),
        "bytes": tree.bytes,
        "rounds": rounds,
        "contenders": results,
    }


def measure(step: str, contender: Contender, place: Place, bucket: Bucket, reference: Reference, result: dict) -> None:
    """Runs one step of one contender, verifies it and adds it to its ``result``."""
    seconds, cpu, requests, status = timed(contender, place, bucket)
    print(f"  {step}: {seconds:.2f} s, {cpu:.2f} s of CPU, {requests:,} requests", flush=True)
    result["seconds"].setdefault(step, []).append(seconds)
    result["cpu"].setdefault(step, []).append(cpu)
    result["requests"][step] = requests
    if status:
        result["faults"].append(f"{step}: exit status {status}")
    elif wrong := fault(contender, place, bucket.objects(place.bucket), reference):
        result["faults"].append(f"{step}: {wrong}")


def timed(contender: Contender, place: Place, bucket: Bucket) -> tuple[float, float, int, int]:
    """Wall and CPU seconds, requests and exit status of the whole command, from a deleted tree."""
    for tree in ("static", "build"):
        shutil.rmtree(place.work / tree, ignore_errors=True)
    environment = contender.environment(place) | bucket.environment()
    bucket.reset()
    status = 0
    with (place.work / "last.log").open("w") as log:
        began, spent = time.perf_counter(), children_cpu()
        for command in contender.commands(place):
            # As a script with `set -e`.
            status = (
                status or subprocess.run(command, cwd=place.work, env=environment, stdout=log, stderr=log).returncode
            )
        seconds = time.perf_counter() - began
    return seconds, children_cpu() - spent, bucket.requests(), status


def children_cpu() -> float:
    """CPU seconds of the finished commands, on this side of the network."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def reports_denial(contender: Contender, bench: Path, work: Path, bucket: Bucket) -> bool:
    """Whether it fails when the bucket denies one file."""
    place = Place(bench, work, bucket.new_bucket(), bucket.url)
    bucket.deny(DENIED)
    try:
        return timed(contender, place, bucket)[3] != 0
    finally:
        bucket.deny()
        bucket.drop_bucket(place.bucket)


if __name__ == "__main__":
    try:
        main()
    except SlipwayError as error:
        sys.exit(f"slipway: {error}")
