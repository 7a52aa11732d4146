"""The Content-Security-Policy that each CDN host answers with."""

# An upload opened as a page of its own may neither run nor load anything.
MEDIA_CSP = "default-src 'none'; sandbox"
# A page among the static files may run what lies beside it, nothing that is written into it: an SVG of some package,
# opened by itself, would set cookies for the site's domain. Not a sandbox: Chromium opens no PDF in one.
STATIC_CSP = "script-src 'self'; base-uri 'none'"
