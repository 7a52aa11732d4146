"""What Slipway does on the host itself: one command, `slipway`, that the deploying machine calls over SSH.

Python's standard library alone, and whatever Python the host has. Each command is whole in itself: a connection that
drops half-way leaves the old release or the new one, never a mixture.
"""
