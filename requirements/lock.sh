#!/bin/sh
# Resolves the *.in files into hash-locked files. The files agree: each is constrained by the development lock.
# Usage: requirements/lock.sh [uv's options, like --upgrade]
set -eu
cd "$(dirname "$0")/.."

compile() {
    # Wheels alone: what the .in files name with --no-binary may be asked by its sources, with no secret of this shell.
    .venv/bin/python -m slipway.tool.clean .venv/bin/uv pip compile --quiet --generate-hashes --no-emit-index-url \
        --no-annotate --only-binary :all: --emit-build-options --custom-compile-command "make lock" "$@"
}

# Markers keep these right on any Python from 3.11 and on macOS.
compile --universal --python-version 3.11 "$@" requirements/dev.in -o requirements/dev.txt
compile --universal --python-version 3.11 "$@" requirements/backends.in -o requirements/backends.txt
for name in requirements requirements/demo requirements/smoke; do
    compile --universal --python-version 3.11 -c requirements/dev.txt "$name.in" -o "$name.txt"
done
# The VPS: fully resolved for its Python and platform, so that no marker is left to judge there.
for version in 3.11 3.12 3.13; do
    compile --python-version "$version" --python-platform x86_64-manylinux_2_28 -c requirements/dev.txt \
        requirements/web.in -o "requirements/web-$version.txt"
done
