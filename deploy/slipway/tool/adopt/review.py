"""What of a project a person must decide: each with its file and line, and what to do."""

import re
from collections.abc import Iterator
from pathlib import Path

# The line of a requirement, or of a setting, → what it means here.
PACKAGES = {
    "celery": "Celery: `workers` in site.yml runs its worker, and needs a broker; see docs/jobs.md",
    "channels": "Channels: WebSockets are not served, Gunicorn answers plain requests; see docs/README.md",
    "daphne": "Daphne: ASGI servers are not run, Gunicorn serves the WSGI application",
    "uvicorn": "uvicorn: ASGI servers are not run, Gunicorn serves the WSGI application",
    "redis": "Redis: no Redis server is set up; a cache in the database or in memory does without one",
    "django-redis": "django-redis: no Redis server is set up; a cache in the database or in memory does without one",
    "hiredis": "hiredis: no Redis server is set up",
    "django-pipeline": "django-pipeline: its bundles become `{% compress %}` blocks; see docs/static-files.md",
    "django-storages": "django-storages: uploads go to Slipway's own bucket, and AWS_* settings have no effect on it",
    "mysqlclient": "mysqlclient: PostgreSQL is set up; another database is named by DATABASE_URL in the secrets",
}
HARD_CODED = re.compile(r"[\"'(= ](/(?:static|media)/[\w./-]*)")
SEARCHED = {".html", ".txt", ".xml", ".css", ".scss", ".js", ".ts", ".py", ".json", ".webmanifest"}
SKIPPED = {"node_modules", "tests", "migrations", "__pycache__", "lock"}
SETTING = re.compile(r"^\s*(STATIC_URL|MEDIA_URL)\b")
LARGEST = 1 << 20  # bytes: more is built


def items(project: Path) -> Iterator[str]:
    """Each is a line: file:line: what, and what to do."""
    yield from _packages(project)
    yield from _front_end(project)
    yield from _hard_coded(project)


def _packages(project: Path) -> Iterator[str]:
    file = project / "requirements.in"
    for number, line in enumerate(file.read_text().splitlines() if file.exists() else (), start=1):
        name = re.split(r"[\s\[=<>~!;@]", line.strip(), maxsplit=1)[0].lower().replace("_", "-")
        if name in PACKAGES:
            yield f"project/requirements.in:{number}: {PACKAGES[name]}"


def _front_end(project: Path) -> Iterator[str]:
    for file in sorted(project.rglob("package.json")):
        if "node_modules" in file.parts:
            continue
        for number, line in enumerate(file.read_text(errors="replace").splitlines(), start=1):
            if re.match(r'\s*"build(:\w+)?"\s*:', line):
                where = file.parent.relative_to(project)
                change = "" if str(where) == "." else f"cd {where} && "
                shown = f"project/{file.relative_to(project)}:{number}"
                build = f"`build: {change}npm ci && npm run build` in site.yml"
                yield f"{shown}: a front end: {build}; see docs/front-ends.md"
                break


def _hard_coded(project: Path) -> Iterator[str]:
    for file in sorted(project.rglob("*")):
        parts = set(file.relative_to(project).parts)
        if file.suffix not in SEARCHED or parts & SKIPPED or file.name.startswith("test_") or not file.is_file():
            continue
        if file.stat().st_size > LARGEST:
            continue
        for number, line in enumerate(file.read_text(errors="replace").splitlines(), start=1):
            found = HARD_CODED.search(line)
            if found and not SETTING.match(line):
                how = "{% static '…' %}" if file.suffix in (".html", ".txt", ".xml") else "a name that Django makes"
                yield f"project/{file.relative_to(project)}:{number}: {found[1]} is the origin's own path; write {how}"
