"""site.yml: reads it, checks it, and says what is wrong in one line. Nothing else in Slipway opens it.

site       what it says, every default filled in
loading    ``load``: the order in which the keys are read, and what holds between two of them
values     the file's keys with their types, and how a wrong value is reported
modules    the project's settings and WSGI modules, named or found
forms      what a domain, a bucket, a region looks like
variables  environment variables that Slipway sets itself
hosts, server, provider, project  the keys that are more than one pattern
"""

from slipway import ROOT
from slipway.tool.config.loading import DEFAULT_PATH, load
from slipway.tool.config.site import Site
from slipway.tool.config.values import KEYS

__all__ = ["DEFAULT_PATH", "KEYS", "ROOT", "Site", "load"]
