#!/usr/bin/env bash
# Builds Lodestone and runs every test, against the release build that users run. Arguments go to
# `swift test`: `Scripts/test.sh --skip ByteMayBeWrong` leaves out the two minutes of damaged bytes.
set -euo pipefail
cd "$(dirname "$0")/.."

# strace makes system calls fail for the crash suite; setpriv runs the program as a user without rights; script is its terminal.
Scripts/install-packages.sh strace util-linux bsdutils sqlite3
if [ ! -e .build/python/requirements.txt ]; then
  echo "SKIPPED: the tests that ask Python (catalogs and exports read, scikit-learn's labels): make their tools with Scripts/python-tools.sh"
fi
if ! command -v chromium > /dev/null; then
  echo "SKIPPED: the tests that open pages of \`lodestone report\` in a browser: Scripts/install-packages.sh chromium (100 MB)"
fi
swift build --configuration release --build-tests --disable-xctest --quiet
swift test --configuration release --skip-build --disable-xctest "$@"
