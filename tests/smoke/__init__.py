"""The proof that no static request reaches a site's origin. It works on any site, and imports nothing of Slipway."""
