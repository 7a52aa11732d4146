"""Looking at photos and taking one's own down. Adding one is in uploads.py."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Q
from django.shortcuts import get_object_or_404, redirect, render

from photowall.errors import allow
from wall.models import Photo

LATEST = 6
PER_PAGE = 24


@allow("GET", "HEAD")
def home(request):
    return render(request, "wall/home.html", {"photos": Photo.objects.all()[:LATEST]})


@allow("GET", "HEAD")
def index(request):
    paginator = Paginator(Photo.objects.all(), PER_PAGE)
    page = paginator.get_page(request.GET.get("page"))
    pages = paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1)
    return render(request, "wall/index.html", {"page": page, "pages": pages})


@allow("GET", "HEAD")
def photo(request, pk):
    photo = get_object_or_404(Photo.objects.select_related("owner"), pk=pk)
    same_time = Q(created=photo.created)
    newer = Photo.objects.filter(Q(created__gt=photo.created) | same_time & Q(pk__gt=pk))
    older = Photo.objects.filter(Q(created__lt=photo.created) | same_time & Q(pk__lt=pk))
    context = {"photo": photo, "newer": newer.last(), "older": older.first()}
    return render(request, "wall/photo.html", context)


@allow("POST")
@login_required
def delete(request, pk):
    photo = get_object_or_404(Photo, pk=pk)
    if photo.owner_id != request.user.pk:
        raise PermissionDenied
    photo.delete()
    messages.success(request, f"“{photo.title}” is off the wall.")
    return redirect("wall:index")
