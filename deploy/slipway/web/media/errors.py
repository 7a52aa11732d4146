"""The one exception of the upload path, and the sentences that several of its modules share."""

GONE = "The upload is not complete or too old. Choose the photo again."
DOWN = "The photo storage does not answer at the moment. Try again in a minute."
UNREADABLE = "The file is damaged: its header cannot be read. Choose the photo again, or another one."
CUT = "The photo is cut off or damaged: its end is missing. Choose it again."
BEHIND = "The photo goes on behind its end, with data that may be private. Add it through the page, which removes that."
LOCATED = "The photo's metadata has its location. Add it through the page, which removes that first."
DESCRIBED = "The image carries metadata that may be private. Add it through the page, which removes that first."


class UploadError(Exception):
    """Why an upload failed and what to do about it, in a sentence that the page shows."""
