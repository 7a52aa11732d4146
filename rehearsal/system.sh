#!/bin/sh
# Installs the system packages that the demo and the tests need; goes on without those that cannot be installed.
# Usage: rehearsal/system.sh COMMAND:PACKAGE[:WHY] ...
set -eu
# nginx is in sbin, which an ordinary user's PATH does not have.
PATH="$PATH:/usr/sbin:/sbin"

have() {
    command -v "$1" >/dev/null 2>&1 && return 0
    case $1 in
    chromium) command -v chromium-browser >/dev/null 2>&1 || command -v google-chrome >/dev/null 2>&1 ;;
    mke2fs) [ -x /sbin/mke2fs ] ;; # not in an ordinary user's PATH
    libatomic) ls /usr/lib/*/libatomic.so.1 >/dev/null 2>&1 ;;
    initdb) ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 ;;
    *) return 1 ;;
    esac
}

# Playwright's own driver needs libatomic; Debian 12's Chromium does not bring it.
case " $* " in
*" chromium:"*) set -- "$@" libatomic:libatomic1 ;;
esac

missing=""
for wanted in "$@"; do
    have "${wanted%%:*}" || missing="$missing $wanted"
done
[ -n "$missing" ] || exit 0

packages=""
for wanted in $missing; do
    rest=${wanted#*:}
    packages="$packages ${rest%%:*}"
done

become=""
[ "$(id -u)" = 0 ] || become="sudo"
if ! command -v apt-get >/dev/null 2>&1; then
    echo "slipway: not installed, and no apt-get here to install it:$packages"
    exit 0
fi
if [ -n "$become" ] && ! command -v sudo >/dev/null 2>&1; then
    echo "slipway: not installed, and no sudo here to install it; as root: apt-get install$packages"
    exit 0
fi
echo "slipway: installing from the system's packages${become:+ with sudo}:$packages"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
if $become apt-get update -q >"$log" 2>&1 && $become apt-get install -q -y --no-install-recommends $packages >>"$log" 2>&1; then
    rm -f "$log"
else
    echo "slipway: could not be installed:$packages ($(tail -n 1 "$log"); all of it: $log)"
fi
