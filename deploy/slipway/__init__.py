"""Slipway: ``web`` is what the server imports, ``tool`` what the deploying machine runs."""

from pathlib import Path

# The checkout; on the server, the release.
ROOT = Path(__file__).resolve().parents[2]
