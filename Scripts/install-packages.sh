#!/usr/bin/env bash
# Installs the Debian packages that Lodestone is built on, where they are missing, and says so first. Arguments are further packages.
set -euo pipefail

if ! command -v swift > /dev/null; then
  echo "Lodestone needs Swift 6.2 or later: https://www.swift.org/install/linux/" >&2
  exit 69
fi

packages=(
  pkg-config libsqlite3-dev libtiff-dev libpng-dev libxrl-dev liblapack-dev libssl-dev
  libkissfft-dev librsvg2-bin
  "$@"
)
missing=()
for package in "${packages[@]}"; do
  if ! dpkg-query --show --showformat='${db:Status-Status}' "$package" 2> /dev/null \
    | grep -qx installed; then
    missing+=("$package")
  fi
done
if [ "${#missing[@]}" -eq 0 ]; then exit 0; fi

echo "Installing Debian packages: ${missing[*]}"
as_root=()
if [ "$(id -u)" -ne 0 ]; then as_root=(sudo); fi
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" > /dev/null
