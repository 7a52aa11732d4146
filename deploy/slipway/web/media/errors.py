"""The one exception of the upload path, and the sentences that a bucket and a folder share."""

GONE = "The upload is not complete or too old. Choose the photo again."
DOWN = "The photo storage does not answer at the moment. Try again in a minute."


class UploadError(Exception):
    """Why an upload failed and what to do about it, in a sentence that the page shows."""
