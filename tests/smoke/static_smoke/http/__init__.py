"""Requests to the site and the CDN, and what their URLs and headers say."""
