from collections.abc import Callable, Iterator

import pytest

from tests.integration.smoke.stack import LOGIN, Stack
from tests.smoke.options import Options, find_browser
from tests.smoke.run import run
from tests.smoke.verdict import Verdict


@pytest.fixture
def stack(tmp_path) -> Iterator[Stack]:
    with Stack(tmp_path) as stack:
        yield stack


@pytest.fixture
def prove(stack) -> Callable[..., Verdict]:
    """Runs the whole suite against the stack as it is now."""

    def play(**changes) -> Verdict:
        given = {
            "static": stack.static_url,
            "media": stack.media_url,
            "origin_log": stack.log,
            "manifests": (stack.manifest,),
            "login": LOGIN,
            "browser": find_browser(),
            "full_pages": 1,
        }
        return run(Options(stack.site_url, **{**given, **changes}))

    return play
