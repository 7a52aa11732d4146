"""The Content-Security-Policy of each CDN host."""

# An upload opened as a page of its own may neither run nor load anything.
MEDIA_CSP = "default-src 'none'; sandbox"
# A page among the static files may run scripts of its host, but no inline ones: an SVG of some package, opened by
# itself, could set cookies for the site's domain. Not a sandbox: Chromium opens no PDF in one.
STATIC_CSP = "script-src 'self'; base-uri 'none'"
