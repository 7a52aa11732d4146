"""What bundlers have built, by their manifests: which names are kept, and which bases would ask the site."""

import json
from types import SimpleNamespace

import pytest
from django.template import engines
from django.test.utils import override_settings

from slipway.tool.assets.blocks.templates import TemplateFile
from slipway.tool.assets.bundlers import manifests as bundlers
from slipway.tool.assets.bundlers import reader_tags
from slipway.tool.assets.collect import Naming, Source
from slipway.tool.assets.hashing import Hasher
from slipway.tool.assets.naming import decide
from slipway.web.errors import SlipwayError

VITE = {
    "src/main.js": {
        "file": "assets/main-abcdefgh.js",
        "name": "main",
        "src": "src/main.js",
        "isEntry": True,
        "css": ["assets/main-CmtE_pzv.css"],
        "assets": ["assets/logo-CjnAYYVR.svg"],
    },
    "src/logo.svg": {"file": "assets/logo-CjnAYYVR.svg", "src": "src/logo.svg"},
    "_worker_assets/worker-Dz04Kb20.js": {
        "file": "assets/worker-Dz04Kb20.js",
        "name": "worker",
        "src": "src/worker.js",
    },
}
STATS = {
    "status": "done",
    "assets": {
        "main.32a254affc0efa565312.js": {"name": "main.32a254affc0efa565312.js", "path": "/elsewhere/main.js"},
        "242.js": {"name": "242.js", "path": "/elsewhere/242.js"},
    },
    "chunks": {"main": ["main.32a254affc0efa565312.js"]},
}
BUILT = {
    "assets/main-abcdefgh.js": "import('./panel-D4cc5Dd6.js')\n//# sourceMappingURL=main-abcdefgh.js.map\n",
    "assets/main-abcdefgh.js.map": "{}",
    "assets/main-CmtE_pzv.css": "a { background: url(./logo-CjnAYYVR.svg) }",
    "assets/logo-CjnAYYVR.svg": "<svg/>",
    "assets/worker-Dz04Kb20.js": "",
    "assets/panel-D4cc5Dd6.js": "export {}",
    "robot.svg": "<svg/>",
}
KEPT = {f"dist/{name}" for name in BUILT} - {"dist/robot.svg"}


class Site:
    """Static files on disk, below ``assets`` of the project."""

    def __init__(self, root):
        self.root = root / "assets"
        self.sources = {}

    def write(self, files, below="dist/", own=True):
        for name, body in files.items():
            path = self.root / below / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(body)
            if not name.startswith("."):
                self.sources[below + name] = Source(below + name, str(path), body.encode(), own)
        return self

    def naming(self):
        self.warnings = decide(self.sources)
        return {name: source.naming for name, source in self.sources.items()}


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


@pytest.fixture
def installed(monkeypatch):
    """``installed("django_vite")``: as if the package were in INSTALLED_APPS."""

    def install(*names):
        monkeypatch.setattr(bundlers, "apps", SimpleNamespace(is_installed=names.__contains__))

    return install


@pytest.mark.parametrize("place", [".vite/manifest.json", "manifest.json"])
def test_vite_s_manifest_beside_the_files_keeps_what_it_has_named(site, place):
    site.write(BUILT).write({place: json.dumps(VITE)}).write({"css/base.css": ""}, "")
    naming = site.naming()
    assert {name for name, kind in naming.items() if kind is Naming.KEPT} == KEPT
    # What the bundler has copied is requested by its plain name.
    assert naming["dist/robot.svg"] is Naming.BOTH
    assert naming["css/base.css"] is Naming.HASHED
    assert site.warnings == []


def test_a_folder_of_its_own_among_the_static_folders_is_no_other(site):
    """STATICFILES_DIRS = [BASE_DIR / "frontend" / "dist"]."""
    site.root /= "frontend/dist"
    site.write(BUILT, "").write({".vite/manifest.json": json.dumps(VITE)}, "")
    assert {f"dist/{name}" for name, kind in site.naming().items() if kind is Naming.KEPT} == KEPT


def test_a_kept_file_is_one_object_with_its_own_bytes(site):
    site.write(BUILT).write({"manifest.json": json.dumps(VITE)})
    site.naming()
    for name, file in Hasher(site.sources).all().items():
        if name in KEPT:
            assert (file.name, file.body) == (name, BUILT[name.removeprefix("dist/")].encode())


@pytest.mark.parametrize(
    "manifest",
    [
        {"main.js": "auto/main.a1b2c3d4.js", "main.css": "auto/main.b2c3d4e5.css"},
        {"main.js": "/static/dist/main.a1b2c3d4.js", "main.css": "https://cdn.example/dist/main.b2c3d4e5.css?x"},
        {
            "files": {"main.js": "main.a1b2c3d4.js", "main.css": "main.b2c3d4e5.css"},
            "entrypoints": ["main.a1b2c3d4.js"],
        },
        {"main.js": {"src": "main.a1b2c3d4.js", "file": "main.a1b2c3d4.js"}, "c": {"file": "main.b2c3d4e5.css"}},
    ],
    ids=["auto", "public path", "create-react-app", "objects"],
)
@pytest.mark.parametrize("name", ["manifest.json", "asset-manifest.json"])
def test_flat_manifests_are_known_too(site, manifest, name):
    site.write({"main.a1b2c3d4.js": "", "main.b2c3d4e5.css": "", name: json.dumps(manifest)})
    naming = site.naming()
    assert naming["dist/main.a1b2c3d4.js"] is naming["dist/main.b2c3d4e5.css"] is Naming.KEPT


@pytest.mark.parametrize("manifest", ['{"name": "A site", "start_url": "index.html", "icons": []}', "[1]", "no JSON"])
def test_another_file_called_manifest_is_none(site, manifest):
    site.write({"manifest.json": manifest, "index.html": "", "icon.png": ""}, "")
    assert set(site.naming().values()) == {Naming.HASHED}


def test_a_listed_file_without_a_hash_has_its_plain_name_alone_and_is_named(site):
    """Under a second name a module would run twice."""
    manifest = {"src/main.js": {"file": "main.js", "name": "main"}, "p": {"file": "panel-D4cc5Dd6.js", "name": "panel"}}
    site.write({"main.js": "", "panel-D4cc5Dd6.js": "import './main.js'", "manifest.json": json.dumps(manifest)})
    assert site.naming()["dist/main.js"] is Naming.PLAIN
    [warning] = site.warnings
    assert warning.endswith(
        "assets/dist/manifest.json:1: no hash in the names of 1 files, such as dist/main.js: they are cached for five "
        "minutes only; put [hash] into the bundler's file names"
    )
    with override_settings(SLIPWAY_PULL=True), pytest.raises(SlipwayError, match="a CDN that pulls needs one"):
        Site(site.root.parent).write({"main.js": "", "manifest.json": json.dumps(manifest)}).naming()


def test_a_name_in_slipway_unhashed_is_never_kept(site):
    site.write(BUILT).write({"manifest.json": json.dumps(VITE)})
    with override_settings(SLIPWAY_UNHASHED=["dist/assets/logo-*"]):
        assert site.naming()["dist/assets/logo-CjnAYYVR.svg"] is Naming.BOTH


def test_the_setting_keeps_names_without_any_manifest(site):
    site.write({"app-7XQZ4K2M.js": "", "app-7XQZ4K2M.js.map": "{}", "other-7XQZ4K2M.js": ""}, "out/")
    with override_settings(SLIPWAY_HASHED=["out/app-*.js"]):
        naming = site.naming()
    assert naming["out/app-7XQZ4K2M.js"] is naming["out/app-7XQZ4K2M.js.map"] is Naming.KEPT
    assert naming["out/other-7XQZ4K2M.js"] is Naming.HASHED


@pytest.mark.parametrize(
    "setting",
    [
        {"DJANGO_VITE": {"default": {"static_url_prefix": "dist", "manifest_path": "{}/there.json"}}},
        {"DJANGO_VITE_STATIC_URL_PREFIX": "dist/", "DJANGO_VITE_MANIFEST_PATH": "{}/there.json"},
    ],
    ids=["now", "before"],
)
def test_django_vite_s_settings_name_its_manifest(site, installed, setting, tmp_path):
    installed("django_vite")
    (tmp_path / "there.json").write_text(json.dumps(VITE))
    filled = json.loads(json.dumps(setting).replace("{}/", f"{tmp_path}/"))
    with override_settings(**filled):
        assert {name for name, kind in site.write(BUILT).naming().items() if kind is Naming.KEPT} == KEPT
        assert bundlers.manifests() == [tmp_path / "there.json"]


def test_a_manifest_that_is_read_below_static_root_is_brought_there(site, installed, tmp_path):
    """django-vite's default; collectstatic here writes no files."""
    installed("django_vite")
    site.write({"manifest.json": json.dumps(VITE)})
    reads = {"default": {"static_url_prefix": "dist"}}
    with override_settings(DJANGO_VITE=reads, STATIC_ROOT=str(tmp_path / "root"), STATICFILES_DIRS=[site.root]):
        bundlers.provide()
        assert bundlers.manifests() == [tmp_path / "root/dist/manifest.json"]
    assert json.loads((tmp_path / "root/dist/manifest.json").read_text()) == VITE


def test_what_an_earlier_build_has_brought_there_is_not_found_again(site, installed, tmp_path):
    installed("django_vite")
    stale = tmp_path / "root/dist/manifest.json"
    stale.parent.mkdir(parents=True)
    stale.write_text(json.dumps(VITE))
    finders = ["compressor.finders.CompressorFinder"]
    root = str(tmp_path / "root")
    reads = {"default": {"static_url_prefix": "dist"}}
    changed = override_settings(DJANGO_VITE=reads, STATIC_ROOT=root, COMPRESS_ROOT=root, STATICFILES_FINDERS=finders)
    with changed, pytest.raises(SlipwayError, match="does not exist; build the front end first"):
        site.naming()


def test_webpack_s_stats_file_is_named_by_its_loader(site, installed, tmp_path):
    installed("webpack_loader")
    (tmp_path / "stats.json").write_text(json.dumps(STATS))
    site.write({"main.32a254affc0efa565312.js": "", "242.js": "", "hand.js": ""}, "bundles/").write({"a.js": ""}, "")
    loader = {"DEFAULT": {"STATS_FILE": str(tmp_path / "stats.json"), "BUNDLE_DIR_NAME": "bundles/"}}
    with override_settings(WEBPACK_LOADER=loader):
        assert list(site.naming().values()) == [Naming.KEPT, Naming.PLAIN, Naming.BOTH, Naming.HASHED]


@pytest.mark.parametrize(
    ("app", "settings", "content", "message"),
    [
        (
            "django_vite",
            {"DJANGO_VITE": {"a": {"manifest_path": "gone.json"}}},
            None,
            r'DJANGO_VITE\["a"\]: its manifest',
        ),
        ("django_vite", {"DJANGO_VITE": {"a": {"dev_mode": True}}}, None, r'DJANGO_VITE\["a"\]: dev_mode is on'),
        ("django_vite", {"DJANGO_VITE": {"a": {"manifest_path": "{}"}}}, "{", "there.json:1: is not JSON"),
        ("webpack_loader", {"WEBPACK_LOADER": {"a": {"STATS_FILE": "{}"}}}, '{"status": "error"}', "status is error"),
        (
            "webpack_loader",
            {"WEBPACK_LOADER": {"a": {"STATS_FILE": "{}"}}},
            '{"status": "done", "publicPath": "/static/"}',
            "publicPath is /static/, not on the CDN; set webpack's to 'auto'",
        ),
    ],
)
def test_a_manifest_that_is_of_no_use_on_the_server_is_one_line(
    site, installed, tmp_path, app, settings, content, message
):
    installed(app)
    if content:
        (tmp_path / "there.json").write_text(content)
    filled = json.loads(json.dumps(settings).replace("{}", str(tmp_path / "there.json")))
    with override_settings(**filled), pytest.raises(SlipwayError, match=message):
        site.naming()


def reads(installed, tmp_path, manifest, prefix="dist"):
    """django-vite's settings, with this manifest outside of the static files."""
    installed("django_vite")
    (tmp_path / "there.json").write_text(json.dumps(manifest))
    reader = {"manifest_path": str(tmp_path / "there.json"), "static_url_prefix": prefix}
    return override_settings(DJANGO_VITE={"default": reader})


def test_a_forgotten_prefix_is_one_line_with_the_setting_and_its_value(site, installed, tmp_path):
    """The page would be a 500: the file is missing in the manifest of static files."""
    site.write(BUILT)
    with reads(installed, tmp_path, VITE, ""), pytest.raises(SlipwayError) as caught:
        site.naming()
    assert str(caught.value).startswith('DJANGO_VITE["default"]: its manifest ')
    assert str(caught.value).endswith(
        "there.json names assets/main-abcdefgh.js, which does not exist; set static_url_prefix to 'dist'"
    )


def test_a_file_that_is_not_in_the_build_is_one_line(site, installed, tmp_path):
    site.write({name: body for name, body in BUILT.items() if not name.endswith(".css")})
    message = (
        r'DJANGO_VITE\["default"\]: .* names dist/assets/main-CmtE_pzv\.css, which does not exist; build the front'
    )
    with reads(installed, tmp_path, VITE), pytest.raises(SlipwayError, match=message):
        site.naming()
    site.write({"manifest.json": json.dumps(VITE)})
    installed()
    site.naming()
    # A manifest that no package reads.
    assert [warning.rpartition("assets/")[2] for warning in site.warnings] == [
        "main-CmtE_pzv.css, which does not exist; build the front end again"
    ]


def test_a_file_that_webpack_s_stats_name_and_that_is_missing_is_one_line(site, installed, tmp_path):
    installed("webpack_loader")
    elsewhere = {"a.js": {"publicPath": "https://other.example/a.js"}}
    stats = {**STATS, "chunks": {"main": ["main.js.map", "a.js", "main.32a254affc0efa565312.js"]}, "assets": elsewhere}
    (tmp_path / "stats.json").write_text(json.dumps(stats))
    site.write({"main.32a254affc0efa565312.js": ""}, "bundles/")
    loader = {"STATS_FILE": str(tmp_path / "stats.json"), "BUNDLE_DIR_NAME": "bundles"}
    with override_settings(WEBPACK_LOADER={"DEFAULT": loader}):
        site.naming()
    loader.pop("BUNDLE_DIR_NAME")
    message = r'WEBPACK_LOADER\["DEFAULT"\]: .* names webpack_bundles/main\.32.*; set BUNDLE_DIR_NAME to \'bundles\''
    with override_settings(WEBPACK_LOADER={"DEFAULT": loader}), pytest.raises(SlipwayError, match=message):
        site.naming()


def page(body, own=True):
    return TemplateFile("page.html", "/there/page.html", own, body.encode(), engines["django"].engine)


@pytest.mark.parametrize(
    ("tag", "name"),
    [
        ("vite_asset 'src/Main.js'", "src/Main.js"),
        ('vite_asset_url "src/other.js" app="default"', "src/other.js"),
        ("vite_preload_asset 'other' 'default'", "other"),
    ],
)
def test_a_name_that_is_not_in_the_manifest_is_an_error_with_template_and_line(site, installed, tmp_path, tag, name):
    with reads(installed, tmp_path, VITE):
        with pytest.raises(SlipwayError) as caught:
            reader_tags.check([page(f"\n{{% {tag} %}}")])
        reader_tags.check([page(f"{{% {tag} %}}", own=False)])
    word = tag.split()[0]
    assert str(caught.value).startswith(f"/there/page.html:2: {{% {word} %}} names {name}, which is not in ")
    assert str(caught.value).endswith("; did you mean src/main.js?") == (name == "src/Main.js")


def test_names_of_the_manifest_and_those_known_at_run_time_are_fine(installed, tmp_path):
    tags = ("'src/main.js'", "'main' async='x'", "name", "'a.js' app=other", "'a.js' app='other'", "'a.js' 'other'")
    body = "{# {% vite_asset 'a' %} #}{% vite_react_refresh %}" + "".join(f"{{% vite_asset {tag} %}}" for tag in tags)
    with reads(installed, tmp_path, VITE):
        reader_tags.check([page(body)])


def test_a_bundle_that_is_not_in_webpack_s_stats_is_an_error(installed, tmp_path):
    installed("webpack_loader")
    (tmp_path / "stats.json").write_text(json.dumps(STATS))
    with override_settings(WEBPACK_LOADER={"A": {"STATS_FILE": str(tmp_path / "stats.json")}}):
        reader_tags.check([page("{% render_bundle 'main' 'js' 'A' %}{% render_bundle 'other' %}")])
        with pytest.raises(SlipwayError, match=r"page\.html:1: {% get_files %} names other, which is not in .*stats"):
            reader_tags.check([page("{% get_files 'other' config='A' as files %}")])


@pytest.mark.parametrize(
    "script",
    [
        # Vite with base: '/static/dist/', minified and not; with its default base; with another host's.
        "\nvar r=`modulepreload`,i=function(e){return`/static/dist/`+e}",
        "\nconst r = 'modulepreload', assetsURL = function(dep) { return \"/static/dist/\"+dep };",
        "\nvar r=`modulepreload`,i=function(e){return`/`+e}",
        "\nvar r=`modulepreload`,i=function(e){return`https://old.example.com/dist/`+e}",
        "\nvar t=`/static/dist/assets/logo-CjnAYYVR.svg`",
        "\nvar t='/assets/logo-CjnAYYVR.svg?x'",
        # webpack with publicPath: '/static/dist/', and '/'.
        '\nr.p="/static/dist/",r.f={}',
        "\n'ChunkLoadError';\nr.p = '/'",
    ],
)
def test_a_script_that_would_ask_the_site_is_rejected_with_its_line(site, script):
    site.write({**BUILT, "assets/main-abcdefgh.js": script, "manifest.json": json.dumps(VITE)})
    with pytest.raises(SlipwayError) as caught:
        site.naming()
    line = 3 if "ChunkLoadError" in script else 2
    assert f"assets/dist/assets/main-abcdefgh.js:{line}: " in str(caught.value)
    assert "set Vite's base to (process.env.STATIC_URL ?? '/static/') + 'dist/'" in str(caught.value)


@pytest.mark.parametrize(
    "script",
    [
        "var r=`modulepreload`,i=function(e,t){return new URL(e,t).href}",
        "var r=`modulepreload`,i=function(e){return`https://static.example.com/dist/`+e}",
        "var t=`https://static.example.com/dist/assets/logo-CjnAYYVR.svg`",
        "fetch('/api/panel/'); const f=function(e){return`/`+e}; a.p='/'; '/static/other/x.js'",
    ],
)
def test_a_script_with_the_cdn_as_its_base_or_none_is_fine(site, script):
    site.write({**BUILT, "assets/main-abcdefgh.js": script, "manifest.json": json.dumps(VITE)})
    assert site.naming()["dist/assets/main-abcdefgh.js"] is Naming.KEPT


def test_what_a_kept_stylesheet_names_has_that_name(site):
    site.write({"main-CmtE_pzv.css": "a{b:url(../img/sea.svg)} c{d:url(gone.png)}"}, "out/")
    site.write({"img/sea.svg": ""}, "").write({"out/gone.png": ""}, "")
    with override_settings(SLIPWAY_HASHED=["out/main-*"]):
        site.naming()
    Hasher(site.sources).all()
    assert site.sources["img/sea.svg"].naming is site.sources["out/gone.png"].naming is Naming.BOTH
    with override_settings(SLIPWAY_PULL=True):
        site.sources["img/sea.svg"].naming = Naming.HASHED
        with pytest.raises(SlipwayError, match=r"main-CmtE_pzv\.css:1: img/sea\.svg has no hash in its name"):
            Hasher(site.sources).all()


@pytest.mark.parametrize(
    ("css", "message"),
    [
        ("\na{b:url(/static/img/sea.svg)}", r"main-CmtE_pzv\.css:2: /static/img/sea\.svg is no URL on the CDN"),
        ("\na{b:url(/img/sea.svg)}", r"main-CmtE_pzv\.css:2: /img/sea\.svg is no URL on the CDN"),
        ("\na{b:url(gone.svg)}", r"main-CmtE_pzv\.css:2: gone\.svg points to out/gone\.svg, which does not exist"),
    ],
)
def test_what_a_kept_stylesheet_cannot_reach_is_one_line(site, css, message):
    site.write({"main-CmtE_pzv.css": css}, "out/").write({"img/sea.svg": ""}, "")
    with override_settings(SLIPWAY_HASHED=["out/main-*"]):
        site.naming()
    with pytest.raises(SlipwayError, match=message):
        Hasher(site.sources).all()


def test_a_kept_script_without_its_source_map_stays_as_it_is(site):
    body = "1\n//# sourceMappingURL=app-7XQZ4K2M.js.map\n"
    site.write({"app-7XQZ4K2M.js": body}, "out/")
    with override_settings(SLIPWAY_HASHED=["out/*"]):
        site.naming()
    hasher = Hasher(site.sources)
    assert hasher.all()["out/app-7XQZ4K2M.js"].body == body.encode()
    assert hasher.warnings[0].endswith("app-7XQZ4K2M.js.map does not exist; pages work without it")


def test_a_folder_that_build_has_not_made_is_one_line(tmp_path, monkeypatch):
    with override_settings(STATICFILES_DIRS=[tmp_path, ("vendor", tmp_path / "dist")]):
        bundlers.check_folders()
        monkeypatch.setenv("SLIPWAY_FRONT_END", "npm run build")
        with pytest.raises(SlipwayError, match="dist does not exist, and `npm run build` has not made it"):
            bundlers.check_folders()
        (tmp_path / "dist").mkdir()
        bundlers.check_folders()
