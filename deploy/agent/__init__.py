"""What Slipway does on the host itself: one command, `slipway`, that the deploying machine calls over SSH.

Standard library only, on the host's own Python. Each command is atomic: after a lost connection the old or the new
release serves.
"""
