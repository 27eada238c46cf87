#!/usr/bin/env bash
# Makes the virtual environment of the tests that read catalogs and exports with Python and ask scikit-learn, in .build/python
# (640 MB, half a minute).
# Without it these tests are skipped, and say so.
set -euo pipefail
cd "$(dirname "$0")/.."

requirements=Tests/Python/requirements.txt
larch=Tests/Python/larch.txt
wanted="$(cat "$requirements" "$larch")"
if [ "$wanted" = "$(cat .build/python/requirements.txt 2> /dev/null)" ]; then exit 0; fi
echo "Installing Python packages in .build/python: $(grep -v '^#' <<< "$wanted" | tr '\n' ' ')"
if ! python3 -c "import ensurepip, venv" 2> /dev/null; then
  as_root=()
  if [ "$(id -u)" -ne 0 ]; then as_root=(sudo); fi
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv > /dev/null
fi
python3 -m venv --clear .build/python
.build/python/bin/pip install --quiet --disable-pip-version-check --requirement "$requirements"
.build/python/bin/pip install --quiet --disable-pip-version-check --no-deps --requirement "$larch"
# Last: its being there says that all the above went well.
echo "$wanted" > .build/python/requirements.txt
