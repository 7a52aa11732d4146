"""A build that would break a page fails with one line and sends nothing."""

import pytest


def page(inside: str) -> dict[str, str | bytes]:
    return {"templates/page.html": "{% load static compress %}\n" + inside}


def block(inside: str, kind: str = "js") -> dict[str, str | bytes]:
    return page(f"{{% compress {kind} %}}{inside}{{% endcompress %}}")


SCRIPT = """<script src="{% static 'js/a.js' %}"></script>"""

REJECTED = {
    "static names a missing file": (
        page("{% static 'css/bsae.css' %}"),
        "project/templates/page.html:2: {% static %} names css/bsae.css, which does not exist; "
        "did you mean css/base.css?",
    ),
    "static names a missing file inside a block": (
        block("<script src=\"{% static 'js/gone.js' %}\"></script>"),
        "project/templates/page.html:2: {% static %} names js/gone.js, which does not exist",
    ),
    "static names a folder": (
        page("{% static 'css/' %}"),
        "project/templates/page.html:2: {% static %} names css/, which is a folder",
    ),
    "a variable in a block": (
        block("<script src='{{ theme }}.js'></script>"),
        "project/templates/page.html:2: {% compress %} uses the variable theme, and a bundle is built before any",
    ),
    "a condition in a block": (
        block("{% if user.is_staff %}" + SCRIPT + "{% endif %}"),
        "project/templates/page.html:2: {% compress %} uses the variable user, and",
    ),
    "a nonce in a block": (
        block("<script nonce='{{ request.csp_nonce }}'>a()</script>"),
        "project/templates/page.html:2: {% compress %} uses the variable request, and",
    ),
    "a module in a block": (
        block("<script type='module' src=\"{% static 'js/a.js' %}\"></script>"),
        'project/templates/page.html:2: {% compress js %}: a script of type="module" would become a classic script',
    ),
    "a script from elsewhere in a block": (
        block("<script src='https://elsewhere.example/x.js'></script>"),
        "project/templates/page.html:2: {% compress js %}: 'https://elsewhere.example/x.js' isn't accessible",
    ),
    "a script that does not parse": (
        block(SCRIPT) | {"assets/js/a.js": "fine()\nlet = = 1\n"},
        "project/templates/page.html:2: {% compress js %}: project/assets/js/a.js:2: SyntaxError",
    ),
    "two scripts that declare one name": (
        block(SCRIPT + "<script>const twice = 2</script>") | {"assets/js/a.js": "const twice = 1"},
        "project/templates/page.html:2: {% compress js %}: the bundle does not parse, its line 2: SyntaxError",
    ),
    "a template that cannot be compiled": (
        page("{% compress js %}{% endcompress %}{% nonsense %}"),
        "project/templates/page.html:2: cannot be compiled: Invalid block tag",
    ),
    "a template that is not utf-8": (
        {"templates/page.html": "{% load static compress %}\n{% compress js %}<script>'é'".encode("latin-1")},
        "project/templates/page.html:2: is not UTF-8; save it as UTF-8",
    ),
    "a template in utf-16": (
        {"templates/page.html": "{% load static %}".encode("utf-16")},
        "project/templates/page.html:1: is not UTF-8; save it as UTF-8",
    ),
    "css points nowhere": (
        {"assets/css/base.css": "a{}\nb { c: url(../img/gone.svg) }"},
        "project/assets/css/base.css:2: ../img/gone.svg points to img/gone.svg, which does not exist",
    ),
    "css imports itself in a circle": (
        {"assets/css/base.css": "@import 'print.css';", "assets/css/print.css": "@import 'base.css';"},
        "project/assets/css/print.css:1: stylesheets import each other in a circle: "
        "css/base.css → css/print.css → css/base.css",
    ),
    "a module imports a missing file": (
        {"assets/js/m.js": "import './gone.js'"},
        "project/assets/js/m.js:1: imports ./gone.js, which does not exist",
    ),
    "a web manifest is no json": (
        {"assets/site.webmanifest": "{\n'a': 1}"},
        "project/assets/site.webmanifest:2: is not JSON",
    ),
}


@pytest.mark.parametrize("case", REJECTED)
def test_the_build_rejects(case, checkout, bucket):
    files, line = REJECTED[case]
    for name, content in files.items():
        checkout.write(name, content)
    rejected(checkout.manage("collectstatic", "--noinput"), bucket, line)
    assert not (checkout.root / "build/manifests").exists()


SETTINGS = {
    "COMPRESS_CSS_HASHING_METHOD = 'mtime'": "COMPRESS_CSS_HASHING_METHOD: is 'mtime' and must be None",
    "COMPRESS_OFFLINE = False": "COMPRESS_OFFLINE: is False and must be True",
    "COMPRESS_ENABLED = False": "COMPRESS_ENABLED: is False and must be True",
    "COMPRESS_URL = '/static/'": "COMPRESS_URL: is '/static/' and must be 'https://static.example.com/'",
    "STORAGES['staticfiles'] = {'BACKEND': 'django.contrib.staticfiles.storage.ManifestStaticFilesStorage'}": (
        'STORAGES["staticfiles"]: is django.contrib.staticfiles.storage.ManifestStaticFilesStorage and must be'
    ),
    "SLIPWAY_IMPORTS = {'lit': 'vendor/lit.js'}": "SLIPWAY_IMPORTS: lit names vendor/lit.js, which does not exist",
}


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.partition(" ")[0])
def test_a_setting_that_breaks_the_offload_is_rejected(setting, checkout, bucket):
    checkout.settings(after=f"{setting}\n")
    rejected(checkout.manage("collectstatic", "--noinput"), bucket, SETTINGS[setting])


def rejected(done, bucket, line):
    assert done.returncode == 1
    assert done.stderr.startswith(f"slipway: {line}"), done.stderr
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stdout
    assert bucket.puts == []


def test_a_package_s_mistakes_stop_nothing(checkout, bucket):
    checkout.package(
        "thirdparty",
        **{
            "static/thirdparty/a.css": "@import 'b.css'; c{d:url(gone.png)}",
            "static/thirdparty/b.css": "@import 'a.css';",
            "static/thirdparty/a.js": "import './gone.js'; syntax error",
            "static/thirdparty/site.webmanifest": "no json",
            "templates/thirdparty/a.html": "{% load static compress nonsense %}{% static 'gone.css' %}"
            "{% compress js %}<script>{{ theme }}</script>{% endcompress %}",
            "templates/thirdparty/b.html": "{% load compress %}{% compress js %}{{ theme }}{% endcompress %}",
        },
    )
    done = checkout.manage("collectstatic", "--noinput")
    assert (done.returncode, done.stderr) == (0, "")
    assert "5 warnings" in done.stdout
    assert bucket.puts


def test_a_text_that_no_page_can_render_is_a_warning(checkout):
    checkout.write("templates/mail.txt", "Tag\nGrüße".encode("latin-1"))
    checkout.write("templates/picture.png", b"\x89PNG\0{%\xff")
    checkout.write("templates/unused.html", "<p>\n{% if x %}")
    done = checkout.manage("collectstatic", "--noinput")
    assert (done.returncode, done.stderr) == (0, "")
    assert "project/templates/mail.txt:2: is not UTF-8; save it as UTF-8" in done.stdout
    assert "project/templates/unused.html:2: cannot be compiled: Unclosed tag on line 2: 'if'." in done.stdout
    assert "picture.png" not in done.stdout


def test_a_plain_name_after_static_url_is_a_warning(checkout):
    checkout.settings(after="SLIPWAY_UNHASHED = ['css/print.css']\n")
    checkout.write("assets/css/print.css", "a{}")
    checkout.write(
        "templates/page.html",
        "{% load static compress %}{% get_static_prefix as there %}\n<script src='{{ STATIC_URL }}js/a.js'></script>\n"
        "<script src='{% get_static_prefix %}js/a.js?v=1'></script>\n<script src='{{ there }}js/a.js'></script>"
        "{# {{ STATIC_URL }}js/a.js #}{% comment %}{{ STATIC_URL }}js/a.js{% endcomment %}{{ STATIC_URL }}css/print.css"
        "{% compress js %}<script src='{% get_static_prefix %}js/a.js'></script>{% endcompress %}"
        "{{ STATIC_URL }} js/a.js",
    )
    done = checkout.manage("collectstatic", "--noinput")
    assert (done.returncode, done.stderr) == (0, "")
    what = "js/a.js is missing on the CDN, where the file's name has a hash; write {% static 'js/a.js' %}"
    assert [line for line in done.stdout.splitlines() if "missing on the CDN" in line] == [
        f"warning: project/templates/page.html:{line}: {written}{what}"
        for line, written in ((2, "{{ STATIC_URL }}"), (3, "{% get_static_prefix %}"), (4, "{{ there }}"))
    ]


def test_variables_that_the_offline_context_gives_are_fine(checkout, bucket):
    checkout.write("templates/page.html", block("{% if dark %}" + SCRIPT + "{% endif %}")["templates/page.html"])
    checkout.settings(after="COMPRESS_OFFLINE_CONTEXT = [{'dark': True}, {'dark': False}]\n")
    assert checkout.manage("collectstatic", "--noinput").returncode == 0


def test_a_jinja2_environment_without_compressor_s_extension_is_rejected(checkout, bucket):
    checkout.settings(
        "TEMPLATES.append({'BACKEND': 'django.template.backends.jinja2.Jinja2', 'DIRS': [BASE_DIR / 'project/jinja2']})"
    )
    checkout.write("jinja2/shop.html", "<p>\n{%- compress js %}{% endcompress %}")
    line = "project/jinja2/shop.html:2: cannot be compiled: Encountered unknown tag 'compress'."
    rejected(checkout.manage("collectstatic", "--noinput"), bucket, line)


def test_a_comment_may_name_what_does_not_exist(checkout):
    checkout.write(
        "templates/page.html",
        "{% load static %}{# {% static 'gone.css' %} #}{% comment %}{% static 'gone.css' %}{% endcomment %}"
        "{% verbatim %}{% static 'gone.css' %}{% endverbatim %}<!-- -->",
    )
    assert checkout.manage("collectstatic", "--noinput").returncode == 0


@pytest.mark.parametrize(
    ("folder", "what"), [("project", "the settings"), ("project/shop", "the app shop"), (".", "the settings")]
)
def test_a_static_folder_with_code_is_not_published(folder, what, checkout, bucket):
    checkout.write("shop/__init__.py", "")
    apps = "INSTALLED_APPS += ['shop']\n" if "shop" in what else ""
    checkout.settings(f"{apps}STATICFILES_DIRS = [BASE_DIR / {folder!r}]\n")
    done = checkout.manage("collectstatic", "--noinput")
    assert (done.returncode, bucket.objects) == (1, {})
    assert f"{folder}: is a static folder with the code of {what} in it" in done.stderr
    assert done.stderr.count("\n") == 1
