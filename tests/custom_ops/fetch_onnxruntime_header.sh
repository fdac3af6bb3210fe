#!/bin/sh
# Unpacks the official onnxruntime headers into build/onnxruntime-headers (or the folder given as
# the first argument), for the test that compares our declaration of the C ABI with them.
#
# They come from Debian 13's libonnxruntime-dev, on Debian 12 as well as on Debian 13: apt gets a
# private state folder and the machine's own package sources with the suite replaced, so that
# nothing on the system changes. No root is needed.
set -eu

suite=trixie
package=libonnxruntime-dev
target=${1:-$(dirname "$0")/../../build/onnxruntime-headers}

fail() {
  echo "fetch_onnxruntime_header: $1" >&2
  exit 1
}

if [ -n "$(find "$target" -name onnxruntime_c_api.h 2>/dev/null)" ]; then
  echo "The onnxruntime headers are already in $target."
  exit 0
fi
release=$(sed -n 's/^ID=//p' /etc/os-release 2>/dev/null || true)
codename=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release 2>/dev/null || true)
if [ "$release" != debian ] || [ -z "$codename" ]; then
  fail "the headers come as a Debian package, and this is not a Debian release; set \
ADDERSR_ONNXRUNTIME_INCLUDE to a folder that holds onnxruntime_c_api.h instead."
fi

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir -p "$scratch/sources" "$scratch/lists/partial" "$scratch/cache/archives/partial"
: >"$scratch/status"

# Both formats of package sources; files that do not speak of this release are not Debian's own.
found=no
for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
  if grep -Eqs "^deb .*[ ]$codename[ ]" "$file"; then
    sed -E "s/^(deb +(\[[^]]*\] +)?[^ ]+ +)$codename\b/\1$suite/" "$file" \
      >"$scratch/sources/$(basename "$file" .list).list"
    found=yes
  fi
done
for file in /etc/apt/sources.list.d/*.sources; do
  if grep -Eqs "^Suites:.*\b$codename\b" "$file"; then
    sed -E "/^Suites:/s/\b$codename\b/$suite/g" "$file" >"$scratch/sources/$(basename "$file")"
    found=yes
  fi
done
[ "$found" = yes ] || fail "no package source of Debian $codename is configured on this machine."

private_apt() {
  apt-get -qq \
    -o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts="$scratch/sources" \
    -o Dir::Etc::Preferences=/dev/null -o Dir::Etc::PreferencesParts=/dev/null \
    -o Dir::State::Lists="$scratch/lists" -o Dir::State::Status="$scratch/status" \
    -o Dir::Cache="$scratch/cache" -o APT::Sandbox::User=root \
    -o Acquire::Languages=none -o Acquire::Retries=3 "$@"
}

# An unreachable third-party source must not matter, so only the download decides.
private_apt update >"$scratch/log" 2>&1 || true
(cd "$scratch" && private_apt download "$package") >>"$scratch/log" 2>&1 ||
  fail "$package of Debian $suite could not be downloaded ($(tail -n 1 "$scratch/log")); \
is this machine online?"
mkdir -p "$target"
dpkg-deb -x "$scratch"/${package}_*.deb "$target"
echo "The onnxruntime headers are in $target."
