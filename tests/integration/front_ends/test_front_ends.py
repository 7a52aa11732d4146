"""Vite with django-vite, webpack with django-webpack-loader, Tailwind: real packages, built, pushed and clicked."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from rehearsal.local_site import LocalSite
from rehearsal.processes import Processes
from tests.clone import clone

PROJECT = Path(__file__).parent / "project"
# What Vite 8 needs. Debian 12's own is older.
NODE = (20, 19)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The site, built by `build` and served; its packages are installed once."""
    require_node()
    directory = tmp_path_factory.mktemp("front_ends")
    checkout = clone(
        directory / "clone", "settings: pages.settings\nwsgi: pages.wsgi\nbuild: npm ci && npm run build\n"
    )
    shutil.copytree(PROJECT, checkout / "project", ignore=shutil.ignore_patterns("__pycache__", "node_modules", "dist"))
    with Processes(directory / "log") as processes:
        local = LocalSite(directory, processes, source=checkout)
        local.start()
        yield local


def require_node():
    """Never skips: a machine without it has not tested what is here."""
    node = shutil.which("npm") and shutil.which("node")
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout if node else "none"
    found = tuple(map(int, re.findall(r"\d+", version)))
    assert found >= NODE, (
        f"Node.js {'.'.join(map(str, NODE))} or newer and npm are needed, here is {version}: https://nodejs.org"
    )


@pytest.fixture
def page(browser):
    page = browser.new_page()
    page.requests, page.failures = [], []
    page.on("request", lambda request: page.requests.append(request.url))
    page.on("requestfailed", lambda request: page.failures.append(request.url))
    page.on("response", lambda response: page.failures.append(response.url) if response.status >= 400 else None)
    page.on("pageerror", lambda error: page.failures.append(str(error)))
    yield page
    page.close()


def opened(page, site, path):
    """Opens a page of the site, and waits for what it loads."""
    page.goto(f"{site.site.site_url}{path}", wait_until="networkidle")
    return page


def colour(page, selector):
    return page.locator(selector).evaluate("element => getComputedStyle(element).color")


def width(page, selector):
    """That of an image that was loaded; 0 for one that was not."""
    page.wait_for_function(f"document.querySelector('{selector}').complete")
    return page.locator(selector).evaluate("image => image.naturalWidth")


def require_cdn(page, site, path):
    """All but the page itself came from the CDN, and no module under two names: it would run twice."""
    assert page.failures == []
    own = f"{site.site.site_url}{path}"
    assert page.requests[0] == own
    assert [url for url in page.requests[1:] if not url.startswith(f"{site.site.static_url}/")] == []
    scripts = [re.sub(r"[.-][\w-]{8,20}(?=\.js$)", "", url) for url in page.requests if url.endswith(".js")]
    assert sorted(scripts) == sorted(set(scripts))


@pytest.mark.parametrize("path", ["/vite/", "/webpack/"])
def test_a_chunk_that_a_click_loads_comes_from_the_cdn_with_its_style_and_its_images(site, page, path):
    opened(page, site, path)
    assert width(page, "#logo") == 9
    before = len(page.requests)
    page.click("#open")
    page.wait_for_selector(".panel")
    assert page.inner_text(".panel") == "shared shared"
    assert (colour(page, ".panel"), width(page, "#picture")) == ("rgb(1, 2, 3)", 9)
    page.wait_for_load_state("networkidle")
    loaded = {Path(url).suffix for url in page.requests[before:]}
    assert loaded == {".js", ".css", ".svg"}
    assert page.get_attribute("body", "data-runs") == "1"
    require_cdn(page, site, path)


def test_so_does_one_whose_name_is_put_together_and_a_file_that_vite_has_copied(site, page):
    opened(page, site, "/vite/")
    page.click("#choose")
    page.wait_for_selector("#page")
    assert (page.inner_text("#page"), colour(page, "#page")) == ("one", "rgb(4, 5, 6)")
    assert width(page, "#copied") == 9
    require_cdn(page, site, "/vite/")


def test_a_stylesheet_of_tailwind_has_the_classes_of_the_templates(site, page):
    opened(page, site, "/")
    assert colour(page, "#tailwind") == "rgb(1, 2, 3)"
    require_cdn(page, site, "/")


def test_what_a_bundler_has_named_is_one_object_and_the_proof_agrees(site):
    objects = json.loads((site.build / "manifests" / "objects.json").read_text())["objects"]
    for bundler, kept in (("vite", 12), ("webpack", 12)):
        names = [key for key in objects if key.startswith(f"static/{bundler}/")]
        hashed = [key for key in names if objects[key].get("kept")]
        assert len(hashed) >= kept, names
        assert {objects[key]["cache_control"] for key in hashed} == {"public, max-age=31536000, immutable"}
    assert site.smoke(quiet=True) == 0, (site.directory / "log" / "smoke.log").read_text()


def test_the_command_s_log_has_what_it_printed_and_none_of_the_site_s_secrets(site):
    log = (site.directory / "log" / "front-end.log").read_text()
    assert "webpack" in log and "tailwindcss" in log
