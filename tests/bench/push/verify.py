"""Verifies the objects that a contender has put into the bucket."""

import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path

from tests.bench.push.contenders import CONTENDERS, Contender, Place


class Reference:
    """The expected objects, from Django's own collectstatic: {key: MD5} of every name, plain and hashed."""

    def __init__(self, place: Place) -> None:
        disk = next(one for one in CONTENDERS if one.tool)
        shutil.rmtree(place.work / "static", ignore_errors=True)
        # The first command is Django's collectstatic; the tool after it is not run.
        subprocess.run(disk.commands(place)[0], cwd=place.work, env=disk.environment(place), check=True)
        self.all: dict[str, str] = {}
        for directory, _, names in os.walk(place.work / "static"):
            for name in names:
                path = Path(directory, name)
                key = f"static/{path.relative_to(place.work / 'static').as_posix()}"
                self.all[key] = hashlib.md5(path.read_bytes()).hexdigest()
        # Not compared: manifest storages order its keys differently.
        manifest = json.loads((place.work / "static/staticfiles.json").read_text())
        del self.all["static/staticfiles.json"]
        self.plain = {f"static/{name}": self.all[f"static/{name}"] for name in manifest["paths"]}
        self.bytes = sum(path.stat().st_size for path in (place.work / "static").rglob("*") if path.is_file())


def fault(contender: Contender, place: Place, objects: dict[str, str], reference: Reference) -> str:
    """The first thing that is missing or wrong in the bucket, empty when all is right."""
    if contender.names == "slipway":
        return _slipway(place, objects, reference)
    expected = reference.plain if contender.names == "plain" else reference.all
    return _difference(expected, objects)


def _slipway(place: Place, objects: dict[str, str], reference: Reference) -> str:
    """The bucket must have all objects of its manifest, and all files that Django would serve."""
    manifests = place.work / "build/manifests"
    names = json.loads((manifests / "staticfiles.json").read_text())["paths"]
    expected = json.loads((manifests / "objects.json").read_text())["objects"]
    for key in reference.plain:
        if f"static/{names.get(key.removeprefix('static/'), '?')}" not in objects:
            return f"{key} has no hashed name in the bucket"
    own = {f"static/{path.name}" for path in (place.work / "own").iterdir()}
    if missing := reference.plain.keys() - own - objects.keys():
        return f"{min(missing)} of a package is missing under its plain name"
    return _difference({key: facts["md5"] for key, facts in expected.items()}, objects)


def _difference(expected: dict[str, str], objects: dict[str, str]) -> str:
    for key in sorted(expected):
        if objects.get(key) != expected[key]:
            return f"{key} is {'wrong' if key in objects else 'missing'}"
    return ""
