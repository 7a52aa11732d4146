"""site.yml: reads and checks it; an error is one line. Nothing else in Slipway opens the file.

site       the configuration, every default filled in
loading    ``load``: reads the keys in order, and checks them against each other
values     the file's keys with their types, and how a wrong value is reported
modules    the project's settings and WSGI modules, named or found
forms      the patterns of a domain, a bucket, a region
variables  environment variables that Slipway sets itself
role_variables  variables of the roles in ansible/
others     the sites that other files of the checkout describe
calendar   systemd's calendar expressions
hosts, server, provider, project, hooks, background, backups, alarms  the keys that need more than one pattern
"""

from slipway import ROOT
from slipway.tool.config.alarms import Alarms
from slipway.tool.config.loading import DEFAULT_PATH, load, read
from slipway.tool.config.site import MAX_BODY_MB, Site
from slipway.tool.config.values import KEYS

__all__ = ["DEFAULT_PATH", "KEYS", "MAX_BODY_MB", "ROOT", "Alarms", "Site", "load", "read"]
