#!/bin/sh
# Resolves the *.in files into hash-locked files. The files agree: each is constrained by the development lock.
# Usage: requirements/lock.sh [uv's options, like --upgrade]
set -eu
cd "$(dirname "$0")/.."

compile() {
    .venv/bin/uv pip compile --quiet --generate-hashes --no-emit-index-url --no-annotate \
        --custom-compile-command "make lock" "$@"
}

# Markers keep these right on any Python from 3.11 and on macOS.
compile --universal --python-version 3.11 "$@" requirements/dev.in -o requirements/dev.txt
for name in requirements requirements/demo requirements/smoke; do
    compile --universal --python-version 3.11 -c requirements/dev.txt "$name.in" -o "$name.txt"
done
# The VPS: fully resolved for its Python and platform, so that no marker is left to judge there.
for version in 3.11 3.12 3.13; do
    compile --python-version "$version" --python-platform x86_64-manylinux_2_28 -c requirements/dev.txt \
        requirements/web.in -o "requirements/web-$version.txt"
done
