#!/usr/bin/env bash
# Pins every package with its hashes for Python 3.11 to 3.13 on any platform: `make pins`.
#
# pip-tools resolves for one interpreter only, so uv does it: the files hold environment markers.
# No index address and no path is written into them. `make pins PINS=--upgrade` takes newer versions.
set -euo pipefail
cd "$(dirname "$0")/.."
UV=${UV:-uv}
export UV_CUSTOM_COMPILE_COMMAND='make pins'

pin() {
    local file=$1
    shift
    "$UV" pip compile "$@" --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url --no-annotate --quiet ${PINS:-} --output-file "$file"
}

# The other two hold the same versions as the first: it is their constraint.
pin requirements-dev.txt pyproject.toml --all-extras --group build
pin requirements.txt pyproject.toml --constraint requirements-dev.txt
pin requirements-build.txt --group build --constraint requirements-dev.txt
