"""A user at a browser: signs in, picks photos, and detects errors of a page."""

from playwright.sync_api import Browser, Page, expect

# Uploads and a busy machine take their time.
PATIENCE = 60_000  # milliseconds

REPORT_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`violation: ${event.violatedDirective} ${event.blockedURI}`));
"""

CHANGE_FORMS = """() => {
    const fetched = window.fetch;
    window.fetch = async (...request) => {
        const answer = await fetched(...request);
        const data = await answer.json();
        data.files[0] = await window.changedForm(data.files[0]);
        return new Response(JSON.stringify(data));
    };
}"""


class Visitor:
    """One browser context on one site; ``complaints`` collects violations, errors and failed requests."""

    def __init__(self, browser: Browser, site: str, **options) -> None:
        self.site = site
        self.context = browser.new_context(**options)
        self.context.set_default_timeout(PATIENCE)
        self.context.add_init_script(REPORT_VIOLATIONS)
        self.page: Page = self.context.new_page()
        self.complaints: list[str] = []
        self.posts: list[tuple[str, int]] = []
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("response", self._see)

    def _hear(self, message) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def _see(self, response) -> None:
        if response.status >= 400:
            self.complaints.append(f"{response.status} {response.url}")
        if response.request.method == "POST":
            self.posts.append((response.url, response.status))

    def go(self, path: str) -> None:
        self.page.goto(self.site + path)

    def sign_in(self, path: str, name: str, password: str) -> None:
        self.go(path)
        self.page.get_by_label("Username").fill(name)
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_label("Password").press("Enter")
        self.page.wait_for_url(lambda url: "login" not in url)

    def choose(self, body: bytes, name: str = "photo.jpg", kind: str = "image/jpeg") -> None:
        self.page.locator("image-upload input[type=file]").set_input_files(
            {"name": name, "mimeType": kind, "buffer": body}
        )

    def change_forms(self, change) -> None:
        """Lets ``change`` edit the original's form on its way from the site to the page now open."""

        def changed(form):
            change(form)
            return form

        self.page.expose_function("changedForm", changed)
        self.page.evaluate(CHANGE_FORMS)

    @property
    def status(self):
        return self.page.locator("image-upload").get_by_role("status")

    @property
    def error(self):
        return self.page.locator("image-upload").get_by_role("alert")

    def expect_uploaded(self) -> None:
        expect(self.status).to_contain_text("The photo is uploaded", timeout=PATIENCE)

    def expect_error(self, sentence: str) -> None:
        expect(self.error).to_contain_text(sentence, timeout=PATIENCE)

    def broken_images(self) -> list[str]:
        """Addresses of images on the page that do not show, once all have been tried."""
        return self.page.evaluate("""async () => {
            const images = [...document.images];
            for (const image of images) image.loading = "eager";
            await Promise.all(images.map((image) => image.decode().catch(() => 0)));
            return images.filter((image) => !image.naturalWidth).map((image) => image.currentSrc);
        }""")
