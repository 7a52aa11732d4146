"""The offload machinery: builds static files, pushes them to the bucket, provisions the CDN."""
