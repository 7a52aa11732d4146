"""Where uploads are stored: a bucket or a folder, chosen by the settings."""

from functools import cache

from django.conf import settings

from slipway.web.media.contract import Media


@cache
def media() -> Media:
    """The bucket under production settings, MEDIA_ROOT in development."""
    if settings.SLIPWAY_OFFLOAD:
        from slipway.web.media.bucket import S3Media

        return S3Media(settings.SLIPWAY_MEDIA_BUCKET, settings.MEDIA_URL)
    from slipway.web.media.folder import LocalMedia

    return LocalMedia(settings.MEDIA_ROOT, settings.MEDIA_URL)
