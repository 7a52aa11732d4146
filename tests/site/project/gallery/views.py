from django.contrib.auth.decorators import login_required
from django.shortcuts import get_object_or_404, redirect, render

from gallery.forms import PhotoForm
from gallery.models import Photo


def home(request):
    return render(request, "gallery/home.html", {"photos": Photo.objects.all()[:6]})


def index(request):
    return render(request, "gallery/index.html", {"photos": Photo.objects.all()})


def photo(request, pk):
    return render(request, "gallery/photo.html", {"photo": get_object_or_404(Photo, pk=pk)})


@login_required
def add(request):
    form = PhotoForm(request.POST or None, user=request.user)
    form.instance.owner = request.user
    if form.is_valid():
        return redirect(form.save())
    return render(request, "gallery/add.html", {"form": form}, status=422 if form.errors else 200)
