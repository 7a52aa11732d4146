"""Each broken upload is caught by an upload: by what the bucket says to a file that fits and to one that does not."""

import re

import pytest
import requests

from deploy.media.limits import VARIANT_BYTES
from rehearsal.stage import USER, Stage
from tests.integration.stack.broken import UPLOAD_BREAKS

FILES = {"original": "image/jpeg", "480": "image/webp"}
SOUND = {"a file that fits": (204, ""), "a file that is too large": (400, "EntityTooLarge")}
# The bucket knows no form of the old signature, and takes any size where none is bounded.
CAUGHT = {
    "m28": dict.fromkeys(SOUND, (400, "InvalidRequest")),
    "m34": dict.fromkeys(SOUND, (204, "")),
}


def round_trip(stage: Stage) -> dict[str, tuple[int, str]]:
    """What the bucket answers to two files, each with a form that the site signed for somebody signed in."""
    site = f"http://127.0.0.1:{stage.ports['www']}"
    with requests.Session() as session:
        host = {"Host": stage.site.site_url.partition("//")[2]}
        session.headers.update(host | {"Origin": stage.site.site_url, "Referer": f"{stage.site.site_url}/"})
        form = session.get(f"{site}/login/").text
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', form)[1]
        # By hand: the cookies are of a host that this machine may not resolve.
        cookies = {cookie.name: cookie.value for cookie in session.cookies}
        entered = session.post(
            f"{site}/login/",
            {"username": USER, "password": stage.password, "csrfmiddlewaretoken": token},
            cookies=cookies,
            allow_redirects=False,
        )
        assert entered.status_code == 302, entered.status_code
        cookies |= {cookie.name: cookie.value for cookie in entered.cookies}
        signed = session.post(
            f"{site}/uploads/sign/",
            json={"files": [{"name": name, "type": kind} for name, kind in FILES.items()]},
            headers={"X-CSRFToken": cookies["csrftoken"]},
            cookies=cookies,
        ).json()["files"]
    variant = next(file for file in signed if file["name"] == "480")
    bodies = (b"x", b"x" * (VARIANT_BYTES + 1))
    return dict(zip(SOUND, (_post(variant, body, stage) for body in bodies), strict=True))


def _post(form: dict, body: bytes, stage: Stage) -> tuple[int, str]:
    answer = requests.post(
        form["url"], form["fields"], files={"file": body}, headers={"Origin": stage.site.site_url}, timeout=30
    )
    code = re.search(r"<Code>(\w+)</Code>", answer.text)
    return answer.status_code, code[1] if code else ""


@pytest.mark.parametrize("name", UPLOAD_BREAKS)
def test_broken_upload(name, stage):
    assert round_trip(stage) == SOUND
    with UPLOAD_BREAKS[name](stage):
        assert round_trip(stage) == CAUGHT[name]
