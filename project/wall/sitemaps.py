"""The pages that a search engine should know."""

from django.contrib.sitemaps import Sitemap
from django.urls import reverse

from wall.models import Photo


class Pages(Sitemap):
    def items(self):
        return ["home", "wall:index"]

    def location(self, item):
        return reverse(item)


class Photos(Sitemap):
    def items(self):
        return Photo.objects.all()

    def lastmod(self, photo):
        return photo.created


SITEMAPS = {"pages": Pages, "photos": Photos}
