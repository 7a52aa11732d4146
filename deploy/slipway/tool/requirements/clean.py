"""The environment of pip and uv, which may run code of a package's sources: without this shell's secrets.

    python -m slipway.tool.requirements.clean COMMAND …

Standard library only: the Makefile runs it before anything is installed.
"""

import os
import sys

KEPT = ("HOME", "LANG", "LANGUAGE", "LOGNAME", "NETRC", "PATH", "SOURCE_DATE_EPOCH", "TMPDIR", "TZ", "USER")
# Trusted authorities, the places of settings and caches, and the tools' own settings.
KEPT += ("CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "SSL_CERT_DIR", "SSL_CERT_FILE")
KEPT += ("XDG_CACHE_HOME", "XDG_CONFIG_DIRS", "XDG_CONFIG_HOME")
PREFIXES = ("LC_", "PIP_", "UV_")
PROXIES = ("all_proxy", "http_proxy", "https_proxy", "no_proxy")


def environment() -> dict[str, str]:
    """Those of this process's variables that a tool for packages needs."""
    return {
        name: value
        for name, value in os.environ.items()
        if name in KEPT or name.startswith(PREFIXES) or name.lower() in PROXIES
    }


if __name__ == "__main__":
    os.execvpe(sys.argv[1], sys.argv[1:], environment())
