#!/usr/bin/env bash
# Counts the instructions of fixed small cases and compares them with the record (Benchmarks/instructions.json), a minute:
#
#   Scripts/instructions.sh            # fails where a case is more than 2 % from its record
#   Scripts/instructions.sh --write    # renews the record
#   Scripts/instructions.sh --noise 5  # how counts of the same program differ
set -euo pipefail
cd "$(dirname "$0")/.."

Scripts/install-packages.sh valgrind binutils python3 || true
if ! command -v valgrind > /dev/null; then
  echo "SKIPPED: counts of instructions: no valgrind to be had"
  exit 0
fi
swift build --configuration release --product lodestone --quiet
exec python3 -B Benchmarks/instructions.py "$(swift build --configuration release --show-bin-path)/lodestone" "$@"
