from django.urls import path
from django.views.generic import TemplateView

urlpatterns = [
    path("", TemplateView.as_view(template_name="tailwind.html")),
    path("vite/", TemplateView.as_view(template_name="vite.html")),
    path("webpack/", TemplateView.as_view(template_name="webpack.html")),
]
