from collections.abc import Callable, Iterator

import pytest

from rehearsal.local_site import LocalSite
from static_smoke.options import Options, find_browser
from static_smoke.run import run
from static_smoke.verdict import Verdict
from tests.integration.smoke.deployment import WITH_PHOTOS, Deployment
from tests.integration.smoke.stack import LOGIN, Stack


@pytest.fixture(scope="session")
def deployment(local_site: LocalSite, tmp_path_factory) -> Iterator[Deployment]:
    """The fixture site. Whoever changes it changes it back, and the end of the session looks whether they did."""
    deployment = Deployment(local_site, tmp_path_factory.mktemp("deployment"))
    yield deployment
    left = deployment.prove(browser=None)
    assert left["verdict"] == "passed", left["findings"]


@pytest.fixture(scope="session")
def sound(deployment: Deployment) -> dict:
    """What the proof says of the deployment as it is before any change."""
    return deployment.prove(**WITH_PHOTOS)


@pytest.fixture
def stack(tmp_path) -> Iterator[Stack]:
    with Stack(tmp_path) as stack:
        yield stack


@pytest.fixture
def prove(stack) -> Callable[..., Verdict]:
    """Runs the whole suite against the stack as it is now."""

    def play(**changes) -> Verdict:
        given = {
            "site": stack.site_url,
            "static": stack.static_url,
            "media": stack.media_url,
            "origin_log": stack.log,
            "manifests": (stack.manifest,),
            "login": LOGIN,
            "browser": find_browser(),
            "full_pages": 1,
        }
        return run(Options(**{**given, **changes}))

    return play
