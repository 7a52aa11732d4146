"""The proof that no static request reaches a site's origin. It works on any site, and imports nothing of Slipway."""

__version__ = "1.0.0"
