#!/usr/bin/env bash
# Builds Lodestone and runs every test, against the release build that users run.
set -euo pipefail
cd "$(dirname "$0")/.."

Scripts/install-packages.sh
swift test --configuration release --disable-xctest "$@"
