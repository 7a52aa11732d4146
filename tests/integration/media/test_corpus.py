"""Each picture that Chromium shows is taken: as the same picture, and without its metadata."""

import base64

import pytest

from slipway.web.media import header
from slipway.web.media.limits import MAX_PIXELS, MAX_SIDE, WIDTHS
from slipway.web.media.object_bytes import ObjectBytes
from tests.clone import ROOT
from tests.integration.media.corpus import CORPUS

SCRIPTS = ROOT / "deploy" / "slipway" / "web" / "static" / "slipway"
LIMITS = {"widths": WIDTHS, "maxBytes": 25_000_000, "maxPixels": MAX_PIXELS, "maxSide": MAX_SIDE}
# The shape of a file as the browser shows it and of the original that the page would upload, and how far apart two
# values of a pixel are.
PREPARE = """async ([encoded, limits]) => {
  const bytes = Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0));
  const shown = async (blob) => {
    const bitmap = await createImageBitmap(blob);
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height), context = canvas.getContext("2d");
    context.drawImage(bitmap, 0, 0);
    return [bitmap.width, bitmap.height, [...context.getImageData(0, 0, bitmap.width, bitmap.height).data]];
  };
  const base64 = async (blob) => {
    let text = "";
    for (const byte of new Uint8Array(await blob.arrayBuffer())) text += String.fromCharCode(byte);
    return btoa(text);
  };
  try {
    const files = await slipway.preparePhoto(new Blob([bytes]), limits);
    const [width, height, pixels] = await shown(new Blob([bytes])), after = await shown(files[0].blob);
    return {
      before: [width, height],
      after: after.slice(0, 2),
      apart: pixels.reduce((most, value, at) => Math.max(most, Math.abs(value - after[2][at])), 0),
      files: await Promise.all(files.map(async ({ name, blob }) => [name, blob.type, await base64(blob)])),
    };
  } catch (error) {
    return { error: error.message };
  }
}"""


@pytest.fixture(scope="module")
def page(browser):
    page = browser.new_page()
    for name in ("photo-metadata.js", "photo-variants.js", "bucket-upload.js"):
        page.add_script_tag(path=SCRIPTS / name)
    yield page
    page.close()


def prepared(page, body, **limits):
    return page.evaluate(PREPARE, [base64.b64encode(body).decode(), LIMITS | limits])


@pytest.mark.parametrize("name", CORPUS)
def test_a_picture_that_the_browser_shows_is_taken(page, name):
    found = prepared(page, CORPUS[name])
    assert "error" not in found, found
    assert found["after"] == found["before"]
    redrawn = name.startswith("other") or name.endswith(": turned")
    assert found["apart"] <= (40 if redrawn else 0)
    for file, kind, encoded in found["files"]:
        # What the server then says of it.
        read = header.read(ObjectBytes.of(base64.b64decode(encoded)))
        assert read.content_type == kind
        assert file != "original" or [read.width, read.height] == found["before"]


@pytest.mark.parametrize(
    ("body", "limits", "sentence"),
    (
        (CORPUS["jpeg: progressive"], {"maxBytes": 500}, "The photo has 0 MB; at most 0 MB are allowed."),
        (CORPUS["other: bmp"], {"maxBytes": 50}, "at most 0 MB are allowed"),
        (CORPUS["jpeg: grey"], {"maxPixels": 3000}, "The photo has 64 by 48 pixels; at most 0 million"),
        (CORPUS["png: mode L"], {"maxSide": 63}, "and 63 on a side, are allowed. Choose a smaller one."),
    ),
)
def test_a_photo_that_the_server_would_not_take_is_rejected_before_it_is_sent(page, body, limits, sentence):
    assert sentence in prepared(page, body, **limits)["error"]


@pytest.mark.parametrize("name", ("jpeg: progressive", "png: mode RGB", "webp: lossy", "webp: animated"))
def test_a_photo_that_is_cut_off_is_rejected_before_it_is_sent(page, name):
    whole = CORPUS[name]
    for end in (len(whole) - 20, len(whole) // 2):
        assert "cut off or damaged" in prepared(page, whole[:end])["error"]
