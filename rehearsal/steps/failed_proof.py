"""A release that the proof must refuse: of a copy of this checkout, whose pages name a static file of the origin's."""

import shutil
from pathlib import Path

from slipway.tool import config
from slipway.web.errors import SlipwayError

# What a deploy is made of.
PARTS = ("ansible", "deploy", "nginx", "project", "requirements", "tests/smoke")
MIDDLEWARE = """
class Leaking:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        if not response.streaming and response.get("Content-Type", "").startswith("text/html"):
            response.content = response.content.replace(b"</body>", b'<img src="/static/leak.png" alt=""></body>')
        return response
"""
LINES = '\nMIDDLEWARE = [*MIDDLEWARE, "project.leaking.Leaking"]\n'


def checkout(target: Path, settings: str) -> Path:
    """Makes ``target`` anew, a checkout from which the site that has these ``settings`` is deployed with the leak."""
    shutil.rmtree(target, ignore_errors=True)
    leave = shutil.ignore_patterns("__pycache__", "node_modules")
    for part in PARTS:
        shutil.copytree(config.ROOT / part, target / part, ignore=leave, symlinks=True)
    shutil.copy(config.ROOT / "manage.py", target)
    (target / "tests" / "__init__.py").touch()
    (target / "project" / "leaking.py").write_text(MIDDLEWARE)
    with _module(target, settings).open("a") as file:
        file.write(LINES)
    return target


def _module(target: Path, name: str) -> Path:
    """The file of a module of the project's, which is found beside manage.py or in project/."""
    path = name.replace(".", "/")
    tried = [target / top / f"{path}{end}" for top in ("", "project") for end in (".py", "/__init__.py")]
    for each in tried:
        if each.is_file():
            return each
    raise SlipwayError(f"{name}: no such module in project/; name your settings module in site.yml")
