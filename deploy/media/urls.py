"""Include these where you like: ``path("uploads/", include("deploy.media.urls"))``."""

from django.urls import path

from deploy.media import views

app_name = "slipway-media"
urlpatterns = [
    path("sign/", views.sign, name="sign"),
    path("receive/", views.receive, name="receive"),
]
