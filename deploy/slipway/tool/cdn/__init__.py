"""The CDN: provision it, describe it, purge it. CloudFront before two private buckets."""
