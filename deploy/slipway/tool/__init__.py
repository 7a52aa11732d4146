"""What the deploying machine runs: it builds, pushes, provisions and deploys."""
