"""Packs a release archive, and finds the paths that take a password, for nginx."""
