"""The CDN: provision it, describe it, purge it. CloudFront before one private bucket."""
