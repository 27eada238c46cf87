#!/usr/bin/env bash
# Measures `lodestone cluster` beside its peers on the same files, in one run: Benchmarks/run.sh --help
# reading a scan beside cat and tifffile: Benchmarks/run.sh reading --help
# every stage of an ingest and the whole, beside the same path in Python: Benchmarks/run.sh path --help
# and stored queries beside the sqlite3 shell: Benchmarks/run.sh catalog --help
# Needs Python 3.11 or later; R's dbscan takes part where Rscript and r-cran-dbscan are installed.
set -euo pipefail
cd "$(dirname "$0")/.."

requirements=Benchmarks/requirements.txt
if ! cmp --quiet "$requirements" .build/benchmarks/requirements.txt; then
  echo "Installing the peers in .build/benchmarks: $(grep -v '^#' "$requirements" | tr '\n' ' ')" >&2
  python3 -m venv --clear .build/benchmarks
  .build/benchmarks/bin/pip install --quiet --disable-pip-version-check --requirement "$requirements"
  cp "$requirements" .build/benchmarks/requirements.txt
fi
swift build --configuration release --product lodestone --quiet >&2
# Nothing is left beside the scripts.
export PYTHONDONTWRITEBYTECODE=1
script=benchmark
case "${1:-}" in
  reading | catalog)
    script=$1
    shift
    ;;
  path)
    script=whole_path
    shift
    ;;
esac
exec .build/benchmarks/bin/python "Benchmarks/$script.py" \
  "$(swift build --configuration release --show-bin-path)/lodestone" "$@"
