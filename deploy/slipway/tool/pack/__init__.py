"""Packs a release archive, and tells the server's nginx which of its paths take a password."""
