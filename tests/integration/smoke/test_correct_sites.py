"""No false alarm: sites of third-party packages, built and pushed by Slipway, pass; their own leaks are named."""

import json

import pytest

from rehearsal.local_site import LocalSite
from rehearsal.processes import Processes
from tests.integration.smoke.sites import LINK, SITES, clone_with

# A page of every kind, and one of them on every screen.
NARROW = ("--max-pages", "8", "--full-pages", "1")


@pytest.fixture
def play(tmp_path):
    """Builds, pushes and serves one of the sites; gives its local_site and the proof."""
    with Processes(tmp_path / "local_site" / "log") as processes:

        def begin(site):
            local_site = LocalSite(tmp_path / "local_site", processes, source=clone_with(site, tmp_path / "clone"))
            local_site.start()

            def prove(*further):
                arguments = [*NARROW, "--login-path", site.login, *(f"--path={path}" for path in site.paths), *further]
                status = local_site.smoke(arguments, quiet=True)
                log = (local_site.directory / "log" / "smoke.log").read_text()
                assert status in (0, 1), log
                return status, json.loads((local_site.report / "smoke.json").read_text())

            return local_site, prove

        yield begin


@pytest.mark.parametrize("name", SITES)
def test_a_correct_site_is_green(name, play):
    site = SITES[name]
    local_site, prove = play(site)
    status, report = prove()
    found = [finding for finding in report["findings"] if not (site.leaks and site.leaks in finding["url"])]
    assert found == [] and status == bool(site.leaks), report["sentence"]
    assert any(site.shows in asset["url"] for asset in report["assets"])
    assert any(page["signed_in"] for page in report["pages"])
    scripts = sum(asset["kind"] in ("script", "module") for asset in report["assets"])
    assert len(report["maybes"]) <= scripts / 50, report["maybes"]
    if site.leaks:
        the_package_itself_leaks(site, report)
        assert prove("--allow", f"{site.leaks}=the package draws it", "--full-pages", "0")[0] == 0
    if name == "admin":
        the_report_is_right_about_an_admin_without_an_icon(local_site, prove)


def the_package_itself_leaks(site, report):
    """Static bytes from the origin, and the report says how many."""
    (finding,) = report["findings"]
    assert finding["check"] == "O" and "access.log:" in finding["place"]
    assert "image/svg+xml" in finding["what"] and " bytes" in finding["what"]
    public = [load for load in report["page_loads"] if "/admin/" not in load["url"]]
    assert public and not any(site.leaks in asked["url"] for load in public for asked in load["timings"])


def the_report_is_right_about_an_admin_without_an_icon(local_site, prove):
    template = local_site.current / "project" / "brand" / "templates" / "admin" / "base_site.html"
    template.write_text(template.read_text().replace(LINK, ""))
    local_site.restart_gunicorn()
    status, report = prove("--max-pages", "3", "--full-pages", "0")
    assert status == 1
    assert {finding["check"] for finding in report["findings"]} == {"N"}
    assert all("/favicon.ico" in it["url"] and "/admin/" in it["place"] for it in report["findings"])
