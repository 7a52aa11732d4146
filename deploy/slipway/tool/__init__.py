"""The deploying machine's part: builds, pushes, provisions and deploys."""

from slipway import ROOT

VERSION = (ROOT / "VERSION").read_text().strip()
