"""Adding a photo."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.shortcuts import redirect, render

from photowall.errors import allow
from slipway.web.media.errors import UploadError
from slipway.web.media.forms import ImageUploadForm
from wall.models import Photo


class PhotoForm(ImageUploadForm):
    class Meta:
        model = Photo
        fields = ("image", "title", "alt")
        labels = {"image": "Photo"}  # noqa: RUF012


@allow("GET", "HEAD", "POST")
@login_required
def add(request):
    form = PhotoForm(request.POST or None, user=request.user)
    form.instance.owner = request.user
    if form.is_valid():
        try:
            photo = form.save()
        except UploadError as error:  # the bucket has failed since the form was checked
            form.add_error("image", str(error))
        else:
            messages.success(request, f"“{photo.title}” hangs on the wall.")
            return redirect(photo)
    return render(request, "wall/add.html", {"form": form}, status=422 if form.errors else 200)
