"""The pages below /wall/."""

from django.urls import path

from wall import uploads, views

app_name = "wall"
urlpatterns = [
    path("", views.index, name="index"),
    path("add/", uploads.add, name="add"),
    path("<int:pk>/", views.photo, name="photo"),
    path("<int:pk>/delete/", views.delete, name="delete"),
]
