"""The wall in a browser."""

import pytest
from playwright.sync_api import expect


@pytest.mark.parametrize("width", [320, 768, 1440])
def test_no_page_scrolls_sideways(page, photos, width):
    page.set_viewport_size({"width": width, "height": 800})
    for path in ("/", "/wall/", photos[0], "/login/"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (path, width)


def test_the_fonts_are_ours(page):
    page.goto("/")
    page.evaluate("document.fonts.ready")
    loaded = page.evaluate("[...document.fonts].filter((f) => f.status === 'loaded').map((f) => f.family).sort()")
    assert [name.strip('"') for name in loaded] == ["Big Shoulders Display", "Familjen Grotesk"]


def test_the_lamp_is_remembered_and_lights_the_harbour(page):
    shown = "document.querySelector('.hero img').currentSrc"
    page.goto("/")
    lamp = page.get_by_role("button", name="Lamplight")
    expect(lamp).to_have_attribute("aria-pressed", "false")
    assert "day" in page.evaluate(shown)
    lamp.click()
    expect(lamp).to_have_attribute("aria-pressed", "true")
    page.wait_for_function(f"{shown}.includes('night')")

    page.goto("/wall/")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(7, 20, 29)"


def test_the_theme_follows_the_system_until_somebody_chooses(page):
    page.emulate_media(color_scheme="dark")
    page.goto("/")
    expect(page.get_by_role("button", name="Lamplight")).to_have_attribute("aria-pressed", "true")
    page.emulate_media(color_scheme="light")
    expect(page.get_by_role("button", name="Lamplight")).to_have_attribute("aria-pressed", "false")


def test_the_viewer_steps_through_the_wall(page):
    page.goto("/wall/")
    first, second = page.locator(".frame a").nth(0), page.locator(".frame a").nth(1)
    names = [frame.locator("span").text_content() for frame in (first, second)]
    first.click()
    viewer = page.get_by_role("dialog", name="Photo viewer")
    expect(viewer.get_by_role("link")).to_have_text(names[0])
    page.keyboard.press("ArrowRight")
    expect(viewer.get_by_role("link")).to_have_text(names[1])
    viewer.get_by_role("button", name="Previous").click()
    viewer.get_by_role("button", name="Previous").click()
    expect(viewer.get_by_role("link")).to_have_text("North fjord")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    viewer.get_by_role("button", name="Close").click()
    expect(viewer).to_be_hidden()
    expect(second).to_be_focused()


def test_a_photo_opens_in_a_tab_of_its_own_as_links_do(page):
    page.goto("/wall/")
    with page.context.expect_page() as opened:
        page.locator(".frame a").first.click(modifiers=["ControlOrMeta"])
    opened.value.wait_for_url("**/wall/*/")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_without_its_module_the_viewer_is_the_photo_s_page(page, complaints):
    page.route("**/stage*.js", lambda route: route.abort())
    page.goto("/wall/")
    page.locator(".frame a").first.click()
    page.wait_for_url("**/wall/*/")
    complaints.clear()  # the module that was aborted


def test_taking_a_photo_down_asks_first(owner_page, photos):
    page = owner_page
    page.goto(photos[6])
    title = page.get_by_role("heading", level=1).text_content()
    page.get_by_role("button", name="Take down").click()
    page.get_by_role("button", name="Keep").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    page.get_by_role("button", name="Take down").click()
    page.get_by_role("dialog").get_by_role("button", name="Take down").click()
    expect(page.get_by_role("status")).to_have_text(f"“{title}” is off the wall.")
    expect(page.locator(".frame")).to_have_count(11)


def test_the_admin_works_under_the_policy(owner_page):
    page = owner_page
    page.goto("/admin/auth/user/add/")
    page.get_by_label("Username").fill("bea")
    page.get_by_label("Password:", exact=True).fill("another long password")
    page.get_by_label("Password confirmation").fill("another long password")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_label("First name").fill("Beatrix")
    page.get_by_role("button", name="Save", exact=True).click()
    page.locator("#result_list").get_by_role("link", name="bea").click()
    expect(page.get_by_label("First name")).to_have_value("Beatrix")
    page.get_by_role("link", name="Delete").click()
    page.get_by_role("button", name="Yes").click()
    expect(page.get_by_text("was deleted successfully")).to_be_visible()
