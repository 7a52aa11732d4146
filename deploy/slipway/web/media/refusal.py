"""The one exception of the upload path, and what both kinds of store say with it."""

GONE = "The upload is not complete or too old. Choose the photo again."
DOWN = "The photo storage does not answer at the moment. Try again in a minute."


class Refused(Exception):
    """Why an upload is not taken and what to do about it, in a sentence that the page shows."""
