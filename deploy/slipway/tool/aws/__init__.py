"""Who asks AWS, how its clients are set up, and what its errors mean: for the push, the prune and the CDN alike."""
