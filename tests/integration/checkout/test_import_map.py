"""A page that loads a module without the import map that its imports need."""

import pytest

SCRIPT = """{% load static slipway %}
<script src="{% static 'js/a.js' %}"></script>
<script type="module" src="{% static 'js/app.js' %}"></script>
"""


@pytest.mark.parametrize(
    ("above", "script", "warned"),
    [
        ("", "import { b } from './b.js'", True),
        ("", "import('./b.js')", True),
        ("", "document.title = 'alone'", False),
        ("{% load slipway %}{% importmap %}", "import { b } from './b.js'", False),
    ],
    ids=["static", "dynamic", "no import", "with a map in another template"],
)
def test_it_is_named_with_its_line(checkout, above, script, warned):
    checkout.write("templates/base.html", above)
    checkout.write("templates/module.html", SCRIPT)
    checkout.write("assets/js/app.js", script)
    checkout.write("assets/js/b.js", "export const b = 1")
    done = checkout.manage("collectstatic", "--noinput", "--build-only")
    assert done.returncode == 0, done.stderr
    line = (
        "warning: project/templates/module.html:3: js/app.js imports js/b.js by its plain name, which the CDN does not "
        "have; put {% importmap %} before the first module (docs/static-files.md)"
    )
    assert (line in done.stdout + done.stderr) is warned
    assert warned or "by its plain name" not in done.stdout + done.stderr
