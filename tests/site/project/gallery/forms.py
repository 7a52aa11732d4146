from gallery.models import Photo
from slipway.web.media.forms import ImageUploadForm


class PhotoForm(ImageUploadForm):
    class Meta:
        model = Photo
        fields = ("image", "title", "alt")
