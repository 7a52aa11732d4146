"""The proof that no static request reaches a site's origin. Works on any site, imports nothing else."""
