"""Finds the project's settings and WSGI modules: those that site.yml names, or else those in project/.

It looks in project/ and its folders for ``settings.py`` or a package ``settings`` (its module ``production``, if any),
and for the nearest ``wsgi.py``.
"""

import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from slipway import ROOT
from slipway.web.errors import SlipwayError

# Modules of a settings package, in order of preference.
IN_PRODUCTION = ("production", "prod")
IN_DEVELOPMENT = ("development", "dev", "local")
# The import prefix of project/ in an earlier version.
OLD_PREFIX = "project."
OLD_LAYOUT = re.compile(r"^ROOT_URLCONF\s*=\s*[\"']project\.", re.M)


def find_settings(file: Path, named: str) -> str:
    """The settings module of a deploy. ``named`` is the value in site.yml, the file ``file``, or "".

    Raises SlipwayError where it does not exist, or where none or more than one is found.
    """
    if named:
        return _existing(file, "settings", named)
    project = project_folder(file)
    found = {module: _wsgi_beside(project, module) for module in _settings_modules(project)}
    # Settings for tests and tools have no wsgi.py. A project without any fails in find_wsgi.
    modules = [module for module, wsgi in found.items() if wsgi] or list(found)
    if not modules:
        raise SlipwayError(f"{file}: settings: {project} has no settings module; write `settings: your.module`")
    if len(modules) > 1:
        raise SlipwayError(
            f"{file}: settings: {' and '.join(modules)} fit; write one of them, like `settings: {modules[0]}`"
        )
    return modules[0]


def find_wsgi(file: Path, named: str, settings: str) -> str:
    """The module with ``application``; ``settings`` is the settings module. Raises SlipwayError likewise."""
    if named:
        return _existing(file, "wsgi", named)
    project = project_folder(file)
    found = _wsgi_beside(project, settings)
    if not found:
        raise SlipwayError(f"{file}: wsgi: no wsgi.py beside {settings} in {project}; write `wsgi: your.module`")
    return found


def for_development(file: Path, settings: str) -> str:
    """The module for development of the same settings package; ``settings`` itself where there is none."""
    package, _, module = settings.rpartition(".")
    project = project_folder(file)
    for name in IN_DEVELOPMENT if module in IN_PRODUCTION else ():
        if _exists(project, f"{package}.{name}"):
            return f"{package}.{name}"
    return settings


def project_folder(file: Path) -> Path:
    """The folder of the project that the site.yml ``file`` deploys."""
    return _project(file) or ROOT / "project"


def _project(file: Path) -> Path | None:
    """The project folder of a site.yml; None for a file outside of any checkout."""
    beside = file.resolve().parent / "project"
    if beside.is_dir():
        return beside
    return ROOT / "project" if ROOT in file.resolve().parents else None


def _settings_modules(project: Path) -> Iterator[str]:
    folders = [project, *sorted(path for path in project.glob("[!._]*") if path.is_dir())]
    for folder in folders:
        prefix = "" if folder == project else f"{folder.name}."
        package = folder / "settings"
        names = [name for name in IN_PRODUCTION if (package / f"{name}.py").is_file()]
        if names:
            yield _old(package, f"{prefix}settings.{names[0]}")
        elif (package / "__init__.py").is_file():
            yield _old(package, f"{prefix}settings")
        elif (folder / "settings.py").is_file():
            yield _old(folder, f"{prefix}settings")


def _old(folder: Path, module: str) -> str:
    """``module``, with the prefix that projects of an earlier version have in their imports."""
    texts = (path.read_text(errors="replace") for path in folder.glob("*.py"))
    return f"{OLD_PREFIX}{module}" if any(map(OLD_LAYOUT.search, texts)) else module


def _wsgi_beside(project: Path, settings: str) -> str:
    """The wsgi module of the folder with ``settings``, or of one above it; "" where there is none."""
    prefix = OLD_PREFIX if settings.startswith(OLD_PREFIX) and not (project / "project").exists() else ""
    parts = settings.removeprefix(prefix).split(".")[:-1]
    for depth in range(len(parts), -1, -1):
        if project.joinpath(*parts[:depth], "wsgi.py").is_file():
            return prefix + ".".join((*parts[:depth], "wsgi"))
    return ""


def _existing(file: Path, key: str, module: str) -> str:
    project = _project(file)
    if project and not _exists(project, module):
        raise SlipwayError(f"{file}: {key}: {module}: {_path(project, module)}.py does not exist; correct the name")
    return module


def _exists(project: Path, module: str) -> bool:
    top = module.partition(".")[0]
    if not any((project / name).exists() for name in (top, f"{top}.py")) and f"{top}." != OLD_PREFIX:
        # A module of an installed package; the project is not on this process's path.
        return find_spec(top) is not None
    path = _path(project, module)
    return path.is_dir() or path.with_name(f"{path.name}.py").is_file()


def _path(project: Path, module: str) -> Path:
    if not (project / "project").exists():
        module = module.removeprefix(OLD_PREFIX)
    return project.joinpath(*module.split("."))
