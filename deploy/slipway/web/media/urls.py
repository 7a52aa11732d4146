"""Include these under any prefix: ``path("uploads/", include("slipway.web.media.urls"))``."""

from django.urls import path

from slipway.web.media import views

app_name = "slipway-media"
urlpatterns = [
    path("sign/", views.sign, name="sign"),
    path("receive/", views.receive, name="receive"),
]
