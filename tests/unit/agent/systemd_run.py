#!/usr/bin/python3 -IS
"""In systemd-run's place where no systemd runs: root drops to a user of no rights, then becomes what follows.

The properties are written to the file that SYSTEMD_RUN_LOG names, a line for each call.
"""

import json
import os
import sys

at = next(n for n, word in enumerate(sys.argv) if n and not word.startswith("--"))
properties = [word.removeprefix("--property=") for word in sys.argv[1:at] if word.startswith("--property=")]
if "SYSTEMD_RUN_LOG" in os.environ:
    with open(os.environ["SYSTEMD_RUN_LOG"], "a") as file:  # noqa: PTH123
        file.write(json.dumps([properties, sys.argv[at:]]) + "\n")
if os.getuid() == 0 and "SYSTEMD_RUN_LOG" in os.environ:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
os.execvp(sys.argv[at], sys.argv[at:])
