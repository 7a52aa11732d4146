"""A real Chromium: how it starts, loads pages and is watched."""
