#!/usr/bin/env bash
# The main job on an example made on the spot: a magnet's section, from detector counts to phases
# that can be asked about. Everything it makes lies in the folder example/; running it again is safe.
set -euo pipefail
cd "$(dirname "$0")/.."

Scripts/install-packages.sh
echo "Building (a few minutes the first time)"
swift build --configuration release --quiet
PATH="$(swift build --configuration release --show-bin-path):$PATH"
export LODESTONE_CATALOG=example/magnets.lode

say() { printf '\n%s\n' "$*"; }
run() {
  printf '\n$ %s\n' "$*"
  "$@"
}

say "1. A synthetic scan of a sintered NdFeB magnet, over Nd L3 and Fe K, with known truth:"
run lodestone example example --force

say "2. A catalog, and the scan in it. No parameter is tuned:"
if [ -e example/magnets.lode ]; then
  # Of an earlier time, perhaps of an earlier version.
  run lodestone migrate --catalog example/magnets.lode
else
  run lodestone init example/magnets.lode
fi
run lodestone ingest example/scan.tif --energies example/energies.txt \
  --reference example/references.tif --dark example/dark.tif --pixel-size 0.028 --sample M1

say "3. Where the phases are (the truth: 0 Nd2Fe14B grains, an Nd-rich phase between them, and an"
echo "   altered layer along the surface, with Nd/(Nd+Fe) of 0.125, 0.55 and 0.714):"
run lodestone show @last

say "4. The surface against the bulk: is it richer in Nd?"
run lodestone query surface-vs-bulk --param surface_depth_um=0.5

say "   Names for the clusters, by what they are made of, here and in every scan to come; then the same question by phase:"
run lodestone phase define Nd2Fe14B --where nd_fraction=0.05..0.25
run lodestone phase define Nd-rich --where nd_fraction=0.4..0.62
run lodestone phase define altered --where nd_fraction=0.63..1
run lodestone compare M1 --surface-depth 0.3

say "5. Where one of those numbers comes from:"
run lodestone audit @last:0:nd_fraction

say "All of it lies in example/. The program: $(command -v lodestone)"
