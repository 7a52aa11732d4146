"""What the site answers."""

from django.conf import settings
from django.conf.urls.static import static
from django.contrib import admin
from django.contrib.auth import views as auth
from django.contrib.sitemaps.views import sitemap
from django.urls import include, path

from project import robots
from project.errors import allow
from project.wall import views as wall
from project.wall.sitemaps import SITEMAPS

urlpatterns = [
    path("", wall.home, name="home"),
    path("wall/", include("project.wall.urls")),
    path("uploads/", include("deploy.media.urls")),
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
    # Development alone: with DEBUG off this is an empty list.
    *static(settings.MEDIA_URL, document_root=settings.MEDIA_ROOT),
]

handler400 = "project.errors.bad_request"
handler403 = "project.errors.permission_denied"
handler404 = "project.errors.page_not_found"
handler500 = "project.errors.server_error"
