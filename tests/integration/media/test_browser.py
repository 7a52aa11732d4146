"""Chromium adds photos to the whole site, under its own Content-Security-Policy."""

import io

import pytest
from PIL import Image
from playwright.sync_api import expect

from rehearsal.local_site import USER
from tests.integration.media.visitor import PATIENCE, Visitor
from tests.unit.media.pictures import exif, picture

PHOTO = picture(2400, 1600, exif=exif(orientation=6, gps=True), comment=b"private")


def add(visitor, title, body=PHOTO):
    """Fills the form in and sends it; leaves the visitor on the photo's page."""
    visitor.go("/photos/add/")
    visitor.choose(body)
    visitor.page.get_by_label("Title").fill(title)
    visitor.page.get_by_label("Description").fill("A gradient from black to white.")
    visitor.expect_uploaded()
    visitor.page.get_by_role("button", name="Add it").click()
    visitor.page.get_by_role("heading", name=title).wait_for()


def test_a_photo_goes_to_the_bucket_and_comes_back_from_the_media_host(visitor, local_site, stored, original):
    add(visitor, "Evening")
    image = visitor.page.get_by_role("main").get_by_role("img", name="A gradient")
    source, srcset = image.get_attribute("src"), image.get_attribute("srcset")
    assert (image.get_attribute("width"), image.get_attribute("height")) == ("1600", "2400")
    assert visitor.broken_images() == []
    assert [entry.split()[1] for entry in srcset.split(", ")] == ["480w", "960w", "1600w"]
    assert all(entry.startswith(local_site.site.media_url) for entry in [source, *srcset.split(", ")])
    bucket = [url for url, _ in visitor.posts if not url.startswith(local_site.site.site_url)]
    assert bucket == [f"http://127.0.0.1:{local_site.ports['s3']}/{local_site.site.media_bucket}"] * 4
    assert visitor.complaints == []

    body = original(source)["Body"].read()
    with Image.open(io.BytesIO(body)) as image, Image.open(io.BytesIO(PHOTO)) as sent:
        assert dict(image.getexif()) == {0x0112: 6}
        assert b"private" not in body
        assert image.tobytes() == sent.tobytes()
    small = stored(srcset.split()[0])
    with Image.open(io.BytesIO(small["Body"].read())) as image:
        assert (image.format, image.size) == ("WEBP", (480, 720))


@pytest.mark.parametrize(
    ("body", "name", "kind"),
    (
        (picture(300, 200, "PNG", "RGBA", exif=exif(gps=True)), "drawing.png", "image/png"),
        (picture(300, 200, "GIF", "P"), "drawing.gif", "image/webp"),
        (picture(300, 200, "AVIF"), "photo.avif", "image/webp"),
        (picture(300, 200, "PNG"), "really-a-png.jpg", "image/png"),
        (picture(300, 200, "WEBP"), "photo.webp", "image/webp"),
    ),
)
def test_other_formats_are_taken_as_one_that_every_browser_shows(visitor, original, body, name, kind):
    visitor.go("/photos/add/")
    visitor.choose(body, name, "image/jpeg" if name.endswith("jpg") else "")
    visitor.page.get_by_label("Title").fill(name)
    visitor.page.get_by_label("Description").fill("A gradient.")
    visitor.expect_uploaded()
    visitor.page.get_by_role("button", name="Add it").click()
    visitor.page.get_by_role("heading", name=name).wait_for()
    source = visitor.page.get_by_role("main").get_by_role("img").get_attribute("src")
    sent = original(source)
    assert sent["ContentType"] == kind
    with Image.open(io.BytesIO(sent["Body"].read())) as image:
        assert image.size == (300, 200)
        assert not image.getexif()
    assert visitor.complaints == []


def test_the_form_waits_for_the_upload(visitor):
    held, holding = [], True
    visitor.page.route(
        lambda url: "127.0.0.1" in url, lambda route: held.append(route) if holding else route.continue_()
    )
    visitor.go("/photos/add/")
    visitor.choose(PHOTO)
    visitor.page.get_by_label("Title").fill("Patience")
    visitor.page.get_by_label("Description").fill("A gradient.")
    expect(visitor.page.get_by_role("progressbar")).to_be_visible(timeout=PATIENCE)
    visitor.page.get_by_role("button", name="Add it").click()
    expect(visitor.status).to_contain_text("Still uploading")
    holding = False
    for route in held:
        route.continue_()
    visitor.page.get_by_role("heading", name="Patience").wait_for()
    assert visitor.complaints == []


def another_type(form):
    form["fields"]["Content-Type"] = "text/html"


def another_key(form):
    form["fields"]["key"] = "media/public/x.jpg"


def another_policy(form):
    form["fields"]["policy"] = "e30="


REJECTED = {
    "wrong type": (another_type, "not what was announced (AccessDenied)"),
    "other key": (another_key, "not what was announced (AccessDenied)"),
    "tampered": (another_policy, "The photo storage rejected the file"),
}


@pytest.mark.parametrize(("change", "sentence"), REJECTED.values(), ids=REJECTED)
def test_the_page_says_why_the_bucket_rejected(visitor, change, sentence):
    visitor.go("/photos/add/")
    visitor.change_forms(change)
    visitor.choose(PHOTO)
    visitor.expect_error(sentence)
    # The page may read the bucket's response; otherwise it could not show the reason.
    assert any("127.0.0.1" in url and status >= 400 for url, status in visitor.posts)


@pytest.fixture
def sign(local_s3, local_site):
    """Signs a form of the site's anew, with other bounds."""

    def again(form, seconds=300, limit=10**9):
        kind = {"Content-Type": form["fields"]["Content-Type"]}
        conditions = [kind, ["content-length-range", 1, limit]]
        key = form["fields"]["key"]
        form["fields"] = local_s3.generate_presigned_post(local_site.site.media_bucket, key, kind, conditions, seconds)[
            "fields"
        ]

    return again


def test_the_page_says_that_the_bucket_found_a_photo_too_large(visitor, sign):
    visitor.go("/photos/add/")
    visitor.change_forms(lambda form: sign(form, limit=1000))
    visitor.choose(PHOTO)
    visitor.expect_error("are allowed. Choose a smaller one.")
    assert any("127.0.0.1" in url and status == 400 for url, status in visitor.posts)


def test_a_form_that_has_expired_is_reported_and_tried_again(visitor, sign):
    lifetimes = iter((-1, 300))
    visitor.go("/photos/add/")
    visitor.change_forms(lambda form: sign(form, seconds=next(lifetimes)))
    visitor.choose(PHOTO)
    visitor.expect_error("took longer than its five minutes")
    visitor.page.get_by_role("button", name="Try again").focus()
    visitor.page.keyboard.press("Enter")
    visitor.expect_uploaded()
    expect(visitor.error).to_be_hidden()


def test_a_photo_too_large_is_rejected_before_it_is_sent(visitor):
    visitor.go("/photos/add/")
    visitor.change_forms(lambda form: form.update(limit=60_000))
    visitor.choose(PHOTO)
    visitor.expect_error("at most 0.1 MB are allowed")
    assert all(status < 400 for _, status in visitor.posts)


def test_a_bucket_that_cannot_be_reached_is_reported_and_tried_again(visitor):
    visitor.page.route(lambda url: "127.0.0.1" in url, lambda route: route.abort("connectionrefused"))
    visitor.go("/photos/add/")
    visitor.choose(PHOTO)
    visitor.expect_error("The photo storage cannot be reached.")
    visitor.page.unroute_all()
    visitor.page.get_by_role("button", name="Try again").click()
    visitor.expect_uploaded()


@pytest.mark.parametrize(
    ("body", "name", "sentence"),
    (
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'>", "x.svg", "cannot read the file as a photo"),
        (b"just words", "notes.jpg", "cannot read the file as a photo"),
        (PHOTO[:-2], "cut.jpg", "cut off or damaged"),
    ),
)
def test_what_is_no_photo_is_an_error_on_the_page(visitor, body, name, sentence):
    visitor.go("/photos/add/")
    visitor.choose(body, name)
    visitor.expect_error(sentence)
    expect(visitor.page.get_by_role("button", name="Try again")).to_be_hidden()
    visitor.choose(PHOTO)
    visitor.expect_uploaded()


def test_a_user_who_was_signed_out_meanwhile_gets_an_error(visitor):
    visitor.go("/photos/add/")
    visitor.context.clear_cookies(name="sessionid")
    visitor.choose(PHOTO)
    visitor.expect_error("Sign in again")


def test_without_javascript_the_page_says_what_it_needs(browser, local_site):
    visitor = Visitor(browser, local_site.site.site_url, java_script_enabled=False)
    visitor.sign_in("/login/", USER, local_site.password)
    visitor.go("/photos/add/")
    expect(visitor.page.locator("image-upload noscript p")).to_be_visible()
    expect(visitor.page.locator("image-upload input[type=file]")).to_be_hidden()
    visitor.context.close()
