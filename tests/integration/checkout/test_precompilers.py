"""Sass, Less, PostCSS and TypeScript in a block, by the real compilers; stock django-compressor says what is right."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.integration.checkout.checkout import SETTINGS, STATIC
from tests.integration.checkout.test_rejected import rejected

NPM = Path(__file__).with_name("npm")
HASH = re.compile(r"\.[0-9a-f]{12}(?=\.)")
PRECOMPILERS = {
    "text/x-scss": "django_libsass.SassCompiler",
    "text/dart-sass": "{npm}/sass --no-source-map {{infile}} {{outfile}}",
    "text/less": "{npm}/lessc {{infile}} {{outfile}}",
    "text/less-stdin": "{npm}/lessc -",
    "text/postcss": "{npm}/postcss --no-map --config {config} {{infile}} -o {{outfile}}",
    "text/typescript": "{npm}/esbuild {{infile}} --bundle --outfile={{outfile}} --log-level=error",
    "module": "{npm}/esbuild --loader=ts --log-level=error",
}
IMG = "url('../img/sea.svg')"
# A block: its kind, the type of its file, the file that it names, and the files that this one needs.
BLOCKS = {
    "beside": ("css", "text/x-scss", {"b/a.scss": f'@import "x"; a {{ c: $x; b: {IMG} }}', "b/_x.scss": "$x: red;"}),
    "root": ("css", "text/x-scss", {"r/a.scss": f'@import "r/x"; a {{ c: $x; b: {IMG} }}', "r/_x.scss": "$x: red;"}),
    "above": ("css", "text/x-scss", {"u/a.scss": '@import "../up/x"; a { c: $x }', "up/_x.scss": "$x: red;"}),
    "package": ("css", "text/x-scss", {"p/a.scss": '@import "../skin/skin"; a { c: $skin }'}),
    "theme": ("css", "text/x-scss", {"skin/main.scss": "", "skin/_ink.scss": "$ink: blue;"}),
    "comment": ("css", "text/x-scss", {"c/a.scss": f"// it's {{\n@mixin m {{ b: {IMG} }} a {{ @include m; }}"}),
    "letters": ("css", "text/x-scss", {"l/a.scss": "a::after { content: 'é' }"}),
    "space": ("css", "text/x-scss", {"s/a b.scss": f"a {{ b: {IMG} }}"}),
    "dart": ("css", "text/dart-sass", {"d/a.scss": f"@use 'x'; a {{ c: x.$x 'é'; b: {IMG} }}", "d/_x.scss": "$x: 1;"}),
    "less": ("css", "text/less", {"e/a.less": f"@import 'x'; a {{ c: @x; b: {IMG} }}", "e/x.less": "@x: red;"}),
    "less-stdin": ("css", "text/less-stdin", {"n/a.less": f"@x: red; a {{ c: @x; b: {IMG} }}"}),
    "postcss": ("css", "text/postcss", {"o/a.css": f"@import './x.css'; a {{ b: {IMG} }}", "o/x.css": "x { y: z }"}),
    "typescript": ("js", "text/typescript", {"t/a.ts": "import './x'; y = 2 as number", "t/x.ts": "x = 1 as number"}),
    "module": ("js", "module", {"m/a.ts": "window.z = 1 as number"}),
}
STOCK = (
    SETTINGS
    + """
STATIC_URL = "/static/"
STATIC_ROOT = COMPRESS_ROOT = BASE_DIR / "stock"
STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder",
                       "django.contrib.staticfiles.finders.AppDirectoriesFinder", "compressor.finders.CompressorFinder"]
INSTALLED_APPS += ["compressor"]
COMPRESS_ENABLED = COMPRESS_OFFLINE = True
COMPRESS_FILTERS = {"css": ["compressor.filters.css_default.CssAbsoluteFilter",
                            "compressor.filters.cssmin.rCSSMinFilter"],
                    "js": ["slipway.tool.assets.blocks.minify.JsFilter"]}
COMPRESS_CSS_HASHING_METHOD = None
"""
)


@pytest.fixture(scope="module")
def npm(tmp_path_factory) -> Path:
    """The folder of npm's commands, installed once."""
    root = tmp_path_factory.mktemp("npm")
    for name in ("package.json", "package-lock.json"):
        shutil.copy(NPM / name, root)
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (root / "postcss.config.js").write_text("module.exports = { plugins: [require('postcss-import')] }\n")
    return root / "node_modules" / ".bin"


def setting(npm: Path) -> str:
    commands = {kind: command.format(npm=npm, config=npm.parent.parent) for kind, command in PRECOMPILERS.items()}
    commands["text/x-scss"] = PRECOMPILERS["text/x-scss"]
    return f"COMPRESS_PRECOMPILERS = {tuple(commands.items())!r}\n"


def block(kind: str, mimetype: str, file: str, name: str = "") -> str:
    url = f"{{% static '{file}' %}}"
    tag = f'<link rel="stylesheet" type="{mimetype}" href="{url}">'
    if kind == "js":
        tag = f'<script type="{mimetype}" src="{url}"></script>'
    return f"{{% load static compress %}}{{% compress {kind} file {name} %}}{tag}{{% endcompress %}}\n"


def test_each_block_gives_what_stock_gives(npm, checkout, bucket):
    checkout.package(
        "skin",
        **{
            "static/skin/_skin.scss": "$skin: green;",
            "static/skin/main.scss": '@import "ink"; a { color: $ink }',
            "static/skin/_ink.scss": "$ink: red;",
        },
    )
    for _, _, files in BLOCKS.values():
        for name, content in files.items():
            if content:
                checkout.write(f"assets/{name}", content)
    page = "".join(block(kind, mime, next(iter(files)), name) for name, (kind, mime, files) in BLOCKS.items())
    checkout.write("templates/page.html", page)
    app = "INSTALLED_APPS += ['skin']\n"
    checkout.settings(app + setting(npm))
    checkout.write("stock_settings.py", STOCK + app + setting(npm))
    done = checkout.manage("collectstatic", "--noinput")
    assert (done.returncode, done.stderr) == (0, "")
    path = f"project:deploy:{checkout.environment['PYTHONPATH']}"
    for command in (["collectstatic", "--noinput"], ["compress"]):
        done = checkout.python("-m", "django", *command, DJANGO_SETTINGS_MODULE="stock_settings", PYTHONPATH=path)
        assert done.returncode == 0, done.stderr
    ours, theirs = {}, {}
    for key, (body, _) in bucket.objects.items():
        if "/CACHE/" in key:
            ours[Path(key).name.partition(".")[0]] = HASH.sub("", body.decode()).replace(STATIC, "/static/")
    for file in (checkout.root / "stock" / "CACHE").rglob("*.*s"):
        theirs[file.name.partition(".")[0]] = file.read_text()
    # Ours is served as UTF-8, whatever it says.
    assert ours == {name: text.replace('@charset "UTF-8";', "") for name, text in theirs.items()}
    assert ours.keys() == BLOCKS.keys()
    assert ours["postcss"].count("/static/img/sea.svg") == 1


def test_a_partial_that_changed_changes_the_bundle(checkout, bucket, npm):
    checkout.settings(setting(npm) + "COMPRESS_CACHEABLE_PRECOMPILERS = ['text/less']\n")
    checkout.write("templates/page.html", block("css", "text/less", "e/a.less"))
    checkout.write("assets/e/a.less", "@import 'x'; a { color: @x }")
    for colour in ("red", "blue"):
        checkout.write("assets/e/x.less", f"@x: {colour};")
        done = checkout.manage("collectstatic", "--noinput")
        assert (done.returncode, done.stderr) == (0, "")
    bundles = [body for key, (body, _) in bucket.objects.items() if "/CACHE/css/" in key]
    assert bundles == [b"a{color:red}", b"a{color:blue}"]


FAILURES = {
    "libsass": (
        block("css", "text/x-scss", "x/a.scss"),
        {"x/a.scss": "a {\n  color: $nope }"},
        'project/assets/x/a.scss: Error: Undefined variable: "$nope". on line 2:10 of project/assets/x/a.scss >>',
    ),
    "esbuild": (
        block("js", "text/typescript", "x/a.ts"),
        {"x/a.ts": "let x: = 1"},
        'project/assets/x/a.ts: [ERROR] Unexpected "=" project/assets/x/a.ts:1:7: 1 let x: = 1',
    ),
    "a url that points nowhere": (
        block("css", "text/x-scss", "x/a.scss"),
        {"x/a.scss": "$x: red;\na { b: url(../img/sae.svg) }"},
        "project/assets/x/a.scss:2: ../img/sae.svg points to img/sae.svg, which does not exist; did you mean",
    ),
}


@pytest.mark.parametrize("case", FAILURES)
def test_a_compiler_s_error_is_one_line_with_template_and_file(case, checkout, bucket, npm):
    page, files, line = FAILURES[case]
    checkout.settings(setting(npm))
    checkout.write("templates/page.html", page)
    for name, content in files.items():
        checkout.write(f"assets/{name}", content)
    kind = "js" if "{% compress js" in page else "css"
    done = checkout.manage("collectstatic", "--noinput")
    rejected(done, bucket, f"project/templates/page.html:1: {{% compress {kind} %}}: {line}")
    assert "/tmp/" not in done.stderr.replace(str(checkout.root), "")
