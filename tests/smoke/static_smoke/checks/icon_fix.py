"""Where a project names the icon of a package's pages: the template that it overrides, or the package's setting."""

from urllib.parse import urlsplit

from static_smoke.site.pages import CrawledPage

LINK = '<link rel="icon" href="{% static \'icon.svg\' %}">'
# Part of a path that a page loads -> the place. The first one counts: django-unfold's pages load the admin's files too.
PLACES = {
    "/unfold/": 'give UNFOLD["SITE_FAVICONS"] in the settings an icon by static()',
    "/rest_framework/": f"add {LINK} in {{% block meta %}} of your templates/rest_framework/api.html and login.html",
    "/admin/css/": f"add {LINK} in {{% block extrahead %}} of your templates/admin/base_site.html",
}


def icon_fix(crawled: CrawledPage) -> str:
    """What to do about a page without an icon; "" for a page of the project's own."""
    paths = [urlsplit(reference.url).path for reference in crawled.page.references if reference.kind == "style"]
    return next((fix for part, fix in PLACES.items() if any(part in path for path in paths)), "")
