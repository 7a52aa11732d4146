"""AWS identities, clients and errors, for the push, the prune and the CDN alike."""
