"""The site's URLs."""

from django.conf import settings
from django.conf.urls.static import static
from django.contrib import admin
from django.contrib.auth import views as auth
from django.contrib.sitemaps.views import sitemap
from django.urls import include, path

from photowall import robots
from photowall.errors import allow
from wall import views as wall
from wall.sitemaps import SITEMAPS

urlpatterns = [
    path("", wall.home, name="home"),
    path("wall/", include("wall.urls")),
    path("uploads/", include("slipway.web.media.urls")),
    path("login/", auth.LoginView.as_view(redirect_authenticated_user=True), name="login"),
    path("logout/", allow("POST")(auth.LogoutView.as_view()), name="logout"),
    path("admin/", admin.site.urls),
    path("favicon.ico", robots.favicon),
    path("robots.txt", robots.robots),
    path(
        "sitemap.xml",
        sitemap,
        {"sitemaps": SITEMAPS, "template_name": "sitemap.xml"},
        name="sitemap",
    ),
    # Development only: with DEBUG off this is an empty list.
    *static(settings.MEDIA_URL, document_root=settings.MEDIA_ROOT),
]

handler400 = "photowall.errors.bad_request"
handler403 = "photowall.errors.permission_denied"
handler404 = "photowall.errors.page_not_found"
handler500 = "photowall.errors.server_error"
