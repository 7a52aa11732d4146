"""The upload widget in Django's admin, under the Content-Security-Policy."""

import pytest
from botocore.exceptions import ClientError
from playwright.sync_api import expect

from tests.unit.media.pictures import picture


def test_adding_editing_and_deleting_a_photo_breaks_no_rule_of_the_policy(visitor, stored):
    page = visitor.page
    visitor.go("/admin/gallery/photo/add/")
    visitor.choose(picture(1000, 700))
    page.get_by_label("Title").fill("From the admin")
    page.get_by_label("Description").fill("A gradient.")
    page.get_by_label("Owner").select_option(index=1)
    # Sent while the upload may still run: the form waits for it.
    page.get_by_role("button", name="Save and continue editing").click()
    page.get_by_text("was added successfully").wait_for()

    present = page.get_by_role("img", name="The present photo")
    first = present.get_attribute("src")
    assert visitor.broken_images() == []
    assert stored(first)["ContentType"] == "image/jpeg"

    page.get_by_label("Title").fill("Edited in the admin")
    page.get_by_role("button", name="Save and continue editing").click()
    page.get_by_text("was changed successfully").wait_for()
    assert present.get_attribute("src") == first

    visitor.choose(picture(700, 1000, "PNG"), "tall.png", "image/png")
    visitor.expect_uploaded()
    expect(page.get_by_role("img", name="Preview of the chosen photo")).to_be_visible()
    page.get_by_role("button", name="Save and continue editing").click()
    page.get_by_text("was changed successfully").wait_for()
    second = present.get_attribute("src")
    assert stored(second)["ContentType"] == "image/png"
    with pytest.raises(ClientError, match="NoSuchKey"):
        stored(first)

    page.get_by_role("link", name="Delete").click()
    page.get_by_role("button", name="Yes").click()
    page.get_by_text("was deleted successfully").wait_for()
    with pytest.raises(ClientError, match="NoSuchKey"):
        stored(second)
    assert visitor.complaints == []


def test_a_form_whose_upload_failed_is_not_sent(visitor):
    visitor.go("/admin/gallery/photo/add/")
    visitor.choose(b"just words", "notes.jpg")
    visitor.expect_error("cannot read the file as a photo")
    visitor.page.get_by_role("button", name="Save", exact=True).click()
    # The admin's forms are `novalidate`, so the browser itself would have let it go.
    expect(visitor.page.locator("image-upload input[type=file]")).to_be_focused()
    expect(visitor.error).to_be_visible()
