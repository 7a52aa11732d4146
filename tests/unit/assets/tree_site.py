"""A site of a few templates: its bundles as stock django-compressor makes them and as ours does, and its pages."""

import io
from dataclasses import dataclass
from pathlib import Path

import compressor.cache
import compressor.storage
import pytest
from compressor.exceptions import OfflineGenerationError
from compressor.management.commands.compress import Command
from django.contrib.staticfiles.storage import StaticFilesStorage
from django.template import engines
from django.test import RequestFactory
from django.test.utils import override_settings
from django.utils import translation

from slipway.tool.assets import verify
from slipway.tool.assets.blocks import bundles
from slipway.tool.assets.blocks.templates import all_templates
from slipway.tool.assets.hashing import Hashed
from tests.unit.assets.sources import STATIC, sources
from tests.unit.assets.template_trees import Tree

FILES = {
    "js/a.js": b"window.a = 1",
    "js/b.js": b"window.b = 2",
    "js/c.js": b"window.c = 3",
    "css/a.css": b"a { color: red }",
    "css/b.css": b"b { color: blue }",
}

SOURCES = sources(FILES)


@dataclass
class Site:
    """A tree on disk, in ``directory``."""

    tree: Tree
    directory: Path

    def stock(self) -> dict[str, str]:
        forget()
        try:
            return Command().compress(self.tree.engine, {".html"}, 0, True, io.StringIO())[0]
        except OfflineGenerationError:  # no block at all
            return {}

    def ours(self) -> bundles.Bundles:
        forget()
        found = all_templates()
        made = bundles.compress({name: Hashed(source, name, source.body) for name, source in SOURCES.items()}, found)
        made.warnings += verify.check_blocks(found, made)
        return made

    def served(self, manifest: dict[str, str]) -> dict[tuple[str, str], str]:
        """The pages that a request renders with this manifest: HTML by name and language."""
        forget()
        compressor.cache._offline_manifest = manifest
        pages = {}
        for language in self.tree.languages:
            for name, values in self.tree.pages.items():
                with translation.override(language):
                    try:
                        page = engines[self.tree.engine].get_template(name)
                        pages[name, language] = page.render(values, RequestFactory().get("/"))
                    except OfflineGenerationError:
                        pass
        return pages


def forget() -> None:
    """Stock's walk changes the templates that Django has compiled and keeps."""
    for loader in engines["django"].engine.template_loaders:
        loader.reset()


@pytest.fixture
def site(tmp_path, monkeypatch):
    """Makes the tree, with its settings."""
    static, templates = tmp_path / "static", tmp_path / "templates"
    for name, body in FILES.items():
        (static / name).parent.mkdir(parents=True, exist_ok=True)
        (static / name).write_bytes(body)
    monkeypatch.setattr(StaticFilesStorage, "url", lambda self, name: STATIC + name)
    storage = compressor.storage.CompressorFileStorage(location=str(static), base_url=STATIC)
    monkeypatch.setattr(compressor.storage.default_storage, "_wrapped", storage)
    monkeypatch.setattr(compressor.cache, "_offline_manifest", {})

    def make(tree: Tree) -> Site:
        templates.mkdir()
        folder = tmp_path / "jinja2" if tree.engine == "jinja2" else templates
        for name, text in tree.templates.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
        for name, target in tree.links.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).symlink_to(target)
        settings.update(COMPRESS_OFFLINE_CONTEXT=tree.offline, TEMPLATES=configured(templates, tree.options))
        override.enable()
        return Site(tree, templates)

    settings: dict = {
        "COMPRESS_ENABLED": True,
        "COMPRESS_OFFLINE": True,
        "COMPRESS_CSS_HASHING_METHOD": None,
        "COMPRESS_FILTERS": {"css": [], "js": []},
        "MIDDLEWARE": ["slipway.web.inline_bundles.InlineBundles"],
        "LANGUAGE_CODE": "en",
        "LANGUAGES": [("en", "English"), ("de", "Deutsch"), ("fr", "Français")],
    }
    override = override_settings()
    override.options = settings
    yield make
    override.disable()


def configured(templates, options) -> list[dict]:
    django = {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        # In place of all apps': those of the compressor itself, for the tags that it writes.
        "DIRS": [templates, Path(compressor.__file__).parent / "templates"],
        "OPTIONS": {
            "context_processors": ["django.template.context_processors.request"],
            "libraries": {"component_tags": "tests.unit.assets.component_tags"},
            **options,
        },
    }
    jinja = {
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "DIRS": [templates.parent / "jinja2"],
        "OPTIONS": {"environment": "tests.unit.assets.component_tags.environment"},
    }
    return [django, jinja]
