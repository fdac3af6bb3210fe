#!/bin/sh
# Fetches onnxruntime-web from the npm registry into build/web (or the folder given as the first
# argument), for the test that runs exported files in WebAssembly. Nothing else on the system changes.
set -eu

version=1.30.0
target=${1:-$(dirname "$0")/../../../build/web}

fail() {
  echo "web: $1" >&2
  exit 1
}

command -v node >/dev/null || fail "needs node (Debian: apt-get install nodejs)."
command -v npm >/dev/null || fail "needs npm (Debian: apt-get install npm)."
mkdir -p "$target"
if grep -qs "\"version\": \"$version\"" "$target/node_modules/onnxruntime-web/package.json"; then
  echo "onnxruntime-web $version is already in $target."
  exit 0
fi
npm install --prefix "$target" --no-audit --no-fund --ignore-scripts --no-package-lock \
  --loglevel=error "onnxruntime-web@$version" || fail "npm could not install onnxruntime-web."
