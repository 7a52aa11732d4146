"""Packs a release archive: the code and the manifests. It has static files only where a CDN pulls them from the site.

    python manage.py pack build/release.tar.gz

The same sources give the same bytes, on any machine and at any time. The release's id and time are
in release.json, beside the archive.
"""

import gzip
import hashlib
import io
import json
import os
import tarfile
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings

from slipway import ROOT
from slipway.tool.assets.bundlers import manifests as bundlers
from slipway.tool.pack import finders, sign_in
from slipway.tool.pack.contents import PROJECT, Contents, contents
from slipway.web import pull
from slipway.web.errors import SlipwayError
from slipway.web.prefixes import PULLED_FOLDER

# Of Slipway's code, only what the server imports.
CODE = (
    "deploy/gunicorn.conf.py",
    "deploy/previous",
    "deploy/slipway/__init__.py",
    "deploy/slipway/settings.py",
    "deploy/slipway/web",
    "manage.py",
)
MANIFESTS = ("503.html", "compress.json", "importmap.json", "objects.json", "staticfiles.json")


def make_tarball(target: str | os.PathLike[str], ship: Iterable[str] = ()) -> list[str]:
    """Packs the checkout into ``target``, a tar.gz, and writes release.json beside it.

    ``ship`` names files that would be left out. Returns lines for a person: what was left out, and code that misses it.
    Raises SlipwayError when the manifests are missing (collectstatic writes them), and when nobody could sign in.
    """
    sign_in.require_tables()
    target = Path(target)
    project = contents(ship)
    packed = _gzip(_tar(dict(_members(project))))
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(packed)
    now = datetime.now(UTC)
    digest = hashlib.sha256(packed).hexdigest()
    description = {
        "id": f"{now:%Y%m%dT%H%M%SZ}-{digest[:8]}",
        "created": now.isoformat(timespec="seconds"),
        "sha256": digest,
        "bytes": len(packed),
        # nginx on the server limits requests to these.
        "sign_in_paths": sign_in.paths(),
    }
    (target.parent / "release.json").write_text(json.dumps(description, indent=2) + "\n")
    warnings = [] if project.ships_static else finders.calls(project.files.values())
    return [*([project.summary()] if project.left_out else []), *(f"warning: {warning}" for warning in warnings)]


def _members(project: Contents) -> Iterator[tuple[str, Path]]:
    """Each file by its name in the release, and the static folders, empty: Django warns about a missing one."""
    for top in CODE:
        if not (ROOT / top).exists():
            raise SlipwayError(f"{ROOT / top}: no such file; pack from a whole checkout")
        yield from _code(ROOT / top)
    yield from project.files.items()
    for path in bundlers.manifests():
        yield _where_the_server_reads(path), path
    for name in MANIFESTS:
        path = Path(settings.SLIPWAY_MANIFESTS) / name
        if not path.is_file():
            raise SlipwayError(f"{path}: no such file; run `python manage.py collectstatic` first")
        yield f"build/manifests/{name}", path
    for name, path in pull.files():
        yield f"build/{PULLED_FOLDER}/{name}", path
    for entry in settings.STATICFILES_DIRS:
        # Without its `..`: a name in a release has none.
        folder = Path(os.path.normpath(entry[1] if isinstance(entry, list | tuple) else entry))
        if folder.is_dir() and folder.is_relative_to(PROJECT):
            yield folder.relative_to(ROOT).as_posix(), folder


def _where_the_server_reads(path: Path) -> str:
    """A bundler's manifest by its name in the release, where its reader looks for it. Raises SlipwayError elsewhere."""
    if path.is_relative_to(settings.STATIC_ROOT):
        return f"build/static/{path.relative_to(settings.STATIC_ROOT).as_posix()}"
    if path.is_relative_to(ROOT):
        return path.relative_to(ROOT).as_posix()
    raise SlipwayError(f"{path}: is outside of this checkout, and the server has no such file; build it below project/")


def _code(path: Path) -> Iterator[tuple[str, Path]]:
    if path.is_file():
        yield path.relative_to(ROOT).as_posix(), path
    elif path.name not in ("__pycache__", "static"):
        for entry in path.iterdir():
            yield from _code(entry)


def _tar(members: dict[str, Path]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name in sorted(members):
            path = members[name]
            # Owner and time stay 0; of the mode only the executable bit is kept.
            member = tarfile.TarInfo(name)
            if path.is_dir():
                member.type, member.mode = tarfile.DIRTYPE, 0o755
                archive.addfile(member)
                continue
            body = path.read_bytes()
            member.size = len(body)
            member.mode = 0o755 if path.stat().st_mode & 0o100 else 0o644
            archive.addfile(member, io.BytesIO(body))
    return buffer.getvalue()


def _gzip(content: bytes) -> bytes:
    buffer = io.BytesIO()
    with gzip.GzipFile(filename="", fileobj=buffer, mode="wb", mtime=0) as file:
        file.write(content)
    return buffer.getvalue()
