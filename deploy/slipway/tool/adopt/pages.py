"""What browsers and visitors ask for, and a project mostly does not have: an icon on each page, and error pages."""

import re
from collections.abc import Iterator
from pathlib import Path

APP = "site_pages"
# Above the settings line. First, since the admin has a template of the same name as ours.
INSTALLED = f"""# Error pages and the icon, as `make adopt` has written them: yours take their place.
INSTALLED_APPS = ["{APP}", *INSTALLED_APPS]
"""
ERRORS = {
    "400": ("Bad request", "The request could not be understood."),
    "403": ("Not allowed", "This page is not for you, or you have to sign in first."),
    "403_csrf": (
        "Not accepted",
        "The form has expired, or your browser sent no cookie. Go back, reload, and try again.",
    ),
    "404": ("Not found", "There is no such page."),
    "500": ("Something went wrong", "An error occurred. It has been noted."),
    "503": ("Closed for a moment", "The site is being worked on. Please come back in a few minutes."),
}
PAGE = """{{% load static %}}<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width">
    <title>{title}</title>
    <link rel="icon" href="{{% static 'favicon.svg' %}}">
    <style>
      body {{ margin: 20vh auto; max-width: 30rem; padding: 0 1rem; font: 1rem/1.5 system-ui, sans-serif }}
      @media (prefers-color-scheme: dark) {{ body {{ background: #111; color: #ddd }} }}
    </style>
  </head>
  <body>
    <h1>{title}</h1>
    <p>{text}</p>
  </body>
</html>
"""
ADMIN = """{% extends "admin/base_site.html" %}
{% load static %}
{% block extrahead %}{{ block.super }}<link rel="icon" href="{% static 'favicon.svg' %}">{% endblock %}
"""
ICON = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">
  <rect width="32" height="32" rx="7" fill="#456"/>
</svg>
"""
HAS_ICON = re.compile(r"rel=[\"']?(shortcut )?(icon|apple-touch-icon)", re.I)
HEAD = re.compile(r"^([ \t]*)</head>", re.M | re.I)
EXISTING = ("favicon.ico", "favicon.svg", "favicon.png")


def add(project: Path) -> tuple[list[str], str]:
    """Writes what is missing; returns what was done, and the lines that the settings need for it, or ""."""
    done = []
    templates = {path.name: path for path in _templates(project)}
    icon = next((name for name in map(_static_name, _icons(project)) if name), "")
    app = project / APP
    missing = [name for name in ERRORS if f"{name}.html" not in templates]
    if missing or not icon:
        (app / "templates" / "admin").mkdir(parents=True)
        (app / "__init__.py").write_text('"""Error pages and the icon, until the site has its own."""\n')
        if not icon:
            (app / "static").mkdir()
            (app / "static" / "favicon.svg").write_text(ICON)
            done.append(f"project/{APP}/static/favicon.svg: a plain icon; put your own there")
        for name in missing:
            page = PAGE.format(title=ERRORS[name][0], text=ERRORS[name][1])
            (app / "templates" / f"{name}.html").write_text(page.replace("favicon.svg", icon or "favicon.svg"))
        if missing:
            done.append(
                f"project/{APP}/templates/: {', '.join(f'{name}.html' for name in missing)}, which were missing"
            )
        done += _admin(project, app, icon or "favicon.svg")
    done += _add_icons(project, templates, icon or "favicon.svg")
    return done, INSTALLED if app.exists() else ""


def _admin(project: Path, app: Path, icon: str) -> Iterator[str]:
    if any(path.parent.name == "admin" and path.name == "base_site.html" for path in _templates(project)):
        return
    # An app of that name in its own folder extends the admin's template of the same name.
    (app / "templates" / "admin" / "base_site.html").write_text(ADMIN.replace("favicon.svg", icon))
    yield f"project/{APP}/templates/admin/base_site.html: the admin's pages have the icon"


def _add_icons(project: Path, templates: dict[str, Path], icon: str) -> Iterator[str]:
    link = f'{{% load static %}}<link rel="icon" href="{{% static \'{icon}\' %}}">'
    for file in sorted(path for path in _templates(project) if APP not in path.parts):
        text = file.read_text(errors="surrogateescape")
        if HEAD.search(text) and not HAS_ICON.search(text):
            text = HEAD.sub(lambda match: f"{match[1]}  {link}\n{match[0]}", text, count=1)
            file.write_text(text, errors="surrogateescape")
            yield f"project/{file.relative_to(project)}: its pages have an icon"


def _templates(project: Path) -> Iterator[Path]:
    return (path for path in project.rglob("*.html") if "templates" in path.parts and "node_modules" not in path.parts)


def _icons(project: Path) -> Iterator[Path]:
    for name in EXISTING:
        yield from (path for path in sorted(project.rglob(name)) if APP not in path.parts)


def _static_name(path: Path) -> str:
    """The name of a file below a folder of static files; "" elsewhere."""
    parts = path.parts
    places = [number for number, part in enumerate(parts) if part in ("static", "assets")]
    return "/".join(parts[places[-1] + 1 :]) if places else ""
