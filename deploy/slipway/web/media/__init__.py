"""Uploads that never pass through the origin.

1. The browser makes the smaller widths and asks ``views.sign`` for a form for each file.
2. It posts the files to the bucket, under media/incoming/, which no CDN serves. The bucket rejects what a form
   does not allow: another key or type, too many bytes, more than five minutes. A store without POST Object (see
   slipway.web.stores) gets each file by PUT instead, with its type and its exact length signed.
3. The page's form submits one signed token, the ticket. ``review`` reads each file once, in windows of 1 MB, and
   decodes nothing.
4. Saving the model's row copies the files inside the bucket to media/public/. A lifecycle rule removes incoming
   ones after a day.

A photo's metadata (place, time, camera, embedded thumbnails) never leaves the visitor's machine: the browser removes it
from the original, whose pixels stay bit for bit. A file that arrives another way is rejected if it has any part that
showing the picture does not need.
"""

from slipway.web.media.seeding import store_image

__all__ = ["store_image"]
