"""The exchange: project/ and site.yml are those of before, or whole."""

import subprocess

import pytest

from slipway.tool.adopt import exchange
from slipway.web.errors import SlipwayError
from slipway.web.guard import LINE
from tests.unit.adopt.conftest import MANAGE


def files(root):
    return {str(path.relative_to(root)): path.read_text() for path in root.rglob("*") if path.is_file()}


def lock():
    return []


def test_the_project_takes_the_examples_place_and_nothing_else_changes(site, clone):
    before, tracked = files(site), {"site.yml", ".gitignore"}
    told = exchange.adopt(site, clone, lock)
    assert files(site) == before
    project = files(clone / "project")
    assert project["shop/settings.py"].rstrip().endswith(LINE)
    assert project["requirements.in"].splitlines()[1:] == ["Django~=5.2.0"]
    assert not [name for name in project if name == exchange.EXAMPLE]
    assert "#seed: seed_wall" in (clone / "site.yml").read_text()
    assert files(clone / ".slipway/adopt/before")[f"project/{exchange.EXAMPLE}"] == "# the example\n"
    assert {path.name for path in clone.iterdir()} == {*tracked, "project", ".git", ".slipway"}
    assert told.done[0].startswith("project/: 4 files of ")
    assert "not taken: manage.py, requirements.txt" in told.left


def test_a_second_time_changes_nothing_and_says_whose_project_is_there(site, clone):
    exchange.adopt(site, clone, lock)
    before = files(clone / "project")
    told = exchange.adopt(site, clone, lambda: pytest.fail("nothing is to be resolved"))
    assert told.done == ["project/ has shop.settings already: it is judged, and nothing is copied"]
    assert files(clone / "project") == before


def test_another_project_is_not_lost(site, clone, write):
    exchange.adopt(site, clone, lock)
    before = files(clone / "project")
    other = write(clone.parent / "other", {"manage.py": MANAGE.format("blog"), "requirements.txt": "Django"})
    with pytest.raises(SlipwayError, match=r"project/ has a project already, shop\.settings"):
        exchange.adopt(other, clone, lock)
    assert files(clone / "project") == before


def test_one_that_was_killed_in_its_exchange_is_put_back_first(site, clone):
    before = clone / ".slipway" / "adopt" / "before"
    before.mkdir(parents=True)
    (clone / "project").rename(before / "project")
    exchange.adopt(site, clone, lock)
    assert files(before)[f"project/{exchange.EXAMPLE}"] == "# the example\n"
    assert (clone / "project/shop/settings.py").exists()


@pytest.mark.parametrize("error", [SlipwayError("foo==1 and bar exclude each other"), KeyboardInterrupt()])
def test_packages_that_do_not_resolve_leave_everything_as_it_was(error, site, clone):
    before = files(clone / "project") | {"site.yml": (clone / "site.yml").read_text()}

    def unresolved():
        raise error

    with pytest.raises(type(error)) as failed:
        exchange.adopt(site, clone, unresolved)
    assert files(clone / "project") | {"site.yml": (clone / "site.yml").read_text()} == before
    if isinstance(error, SlipwayError):
        assert str(failed.value) == f"{error}; project/ is what it was"


def test_an_example_that_is_changed_and_not_committed_is_not_lost(site, clone):
    (clone / "project" / exchange.EXAMPLE).write_text("# mine\n")
    with pytest.raises(SlipwayError, match=f"project/{exchange.EXAMPLE} is changed and not committed"):
        exchange.adopt(site, clone, lock)
    assert (clone / "project" / exchange.EXAMPLE).read_text() == "# mine\n"
    # A site.yml that is filled in stays so.
    subprocess.run(["git", "-C", clone, "checkout", "-q", "project"], check=True)
    (clone / "site.yml").write_text((clone / "site.yml").read_text().replace("example.com", "mysite.org"))
    exchange.adopt(site, clone, lock)
    assert "domain: mysite.org" in (clone / "site.yml").read_text()


def test_a_folder_of_the_clone_is_no_source(clone, write):
    write(clone, {"deeper/manage.py": MANAGE.format("x")})
    with pytest.raises(SlipwayError, match="is in this clone"):
        exchange.adopt(clone / "deeper", clone, lock)


def test_two_settings_modules_are_told_apart_by_manage_py(site, clone, write):
    write(site, {"other/settings.py": "INSTALLED_APPS = []\n", "other/wsgi.py": ""})
    exchange.adopt(site, clone, lock)
    assert "settings: shop.settings\n" in (clone / "site.yml").read_text()


def test_a_package_of_settings_has_the_line_in_both_modules_that_are_used(site, clone, write):
    (site / "shop/settings.py").unlink()
    names = ("__init__", "base", "production", "local")
    write(site, {f"shop/settings/{name}.py": f"{name.upper()} = 1\n" for name in names})
    exchange.adopt(site, clone, lock)
    has = [name for name in names if LINE in (clone / f"project/shop/settings/{name}.py").read_text()]
    assert has == ["production", "local"]


def test_a_project_without_wsgi_is_one_line_and_nothing_is_done(site, clone):
    (site / "shop/wsgi.py").unlink()
    with pytest.raises(SlipwayError, match=r"no wsgi\.py"):
        exchange.adopt(site, clone, lock)
    assert (clone / "project" / exchange.EXAMPLE).exists()


def test_wagtail_gets_its_hosts_and_what_its_admin_draws(site, clone, write):
    write(
        site,
        {
            "requirements.txt": "wagtail>=7,<8\n",
            "shop/urls.py": 'urlpatterns = [path("cms/", include(wagtailadmin_urls))]\n',
        },
    )
    exchange.adopt(site, clone, lock)
    assert "releases.wagtail.org" in (clone / "project/shop/settings.py").read_text()
    assert 'allow: {/cms/sprite/: "Wagtail draws' in (clone / "site.yml").read_text()
