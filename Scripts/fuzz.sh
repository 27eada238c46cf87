#!/usr/bin/env bash
# Feeds each reader of StackIO with damaged input, by libFuzzer with the address sanitizer:
#
#   Scripts/fuzz.sh                # every reader, 10 minutes each
#   Scripts/fuzz.sh tiff 3600      # one reader, an hour
#   Scripts/fuzz.sh all 60         # every reader, a minute each
#
# Inputs that crash a reader are left in .build/fuzz/READER/finds, and the script fails.
set -euo pipefail
cd "$(dirname "$0")/.."

readers=(tiff energies spectrum names description points)
if [ "${1:-all}" != all ]; then readers=("$1"); fi
seconds=${2:-600}
data=../shared/data
build=.build/fuzz
mkdir -p "$build"

Scripts/install-packages.sh
flags=(
  -O -parse-as-library -swift-version 6 -package-name lodestone -sanitize=address
  -enable-upcoming-feature ExistentialAny -enable-upcoming-feature InternalImportsByDefault
  -enable-upcoming-feature MemberImportVisibility -I "$build"
  -I Sources/CTIFF -I Sources/CXraylib -I Sources/CKissFFT
)
for flag in $(pkg-config --cflags libtiff-4 libxrl); do flags+=(-Xcc "$flag"); done

echo "Building the readers"
swiftc "${flags[@]}" -wmo -module-name Spectra -emit-module -emit-module-path "$build/Spectra.swiftmodule" \
  -emit-object -o "$build/Spectra.o" Sources/Spectra/*.swift

# The corpus to start from: real files where they are there, and one small input of each kind always.
corpus() {
  local folder=$1 reader=$2
  mkdir -p "$folder"
  case $reader in
    tiff)
      find Tests/Fuzzing/corpus/tiff "$data/tiff" -type f -size -64k 2> /dev/null | while read -r file; do
        cp "$file" "$folder/$(sha1sum < "$file" | cut -c1-16)"
      done ;;
    energies) printf '7100\n7112.5\n' > "$folder/plain"; printf '# e\n* f\r\n7.1,1\n7.2,2\n' > "$folder/csv" ;;
    spectrum)
      printf '# XDI/1.0\n# Column.1: energy eV\n# Column.2: mutrans\n#---\n# energy mutrans\n7100 1\n7112 2\n' > "$folder/xdi"
      find "$data/xdi" "$data/references" -type f -size -64k -exec cp {} "$folder/" \; 2> /dev/null || true ;;
    names)
      printf 'rep01_000051_ref_20161456_NAT1_08324.0_eV_001of010.xrm\nrep01_NAT1_08324.0_eV_001of003.tif\n' > "$folder/ssrl"
      printf 'fov03_xanesocv_8250_0eV.xrm\na_7.1120keV.tif\ns_E7112.50.tif\nREFABBA 1\nFILES\nx.xrm\n' > "$folder/others" ;;
    description)
      printf '<OME><Image><Pixels DimensionOrder="XYCZT" SizeC="2" SizeZ="3" PhysicalSizeX="0.08" PhysicalSizeY="80" PhysicalSizeYUnit="nm"><Plane TheC="1" TheZ="2" ExposureTime="5" ExposureTimeUnit="ms"/></Pixels></Image></OME>' > "$folder/ome"
      printf '\x0c\x04\x04aaaaaIJIJlabl\0\0\0\x02\0a\0b\0c\0d' > "$folder/imagej" ;;
    points)
      printf "\x93NUMPY\x01\x00\x46\x00{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }           \n0123456789abcdef" > "$folder/npy"
      printf 'a,b\n1,2\n3,4\n' > "$folder/csv" ;;
  esac
}

failed=0
# Foundation keeps about 1 kB of each error in XML.
memory() { if [ "$1" = description ]; then echo 8192; else echo 2048; fi; }
for reader in "${readers[@]}"; do
  place="$build/$reader"
  mkdir -p "$place/finds"
  rm -f "$place/fuzzer"
  if ! swiftc "${flags[@]}" -sanitize=fuzzer -wmo -module-name StackIO -D "FUZZ_${reader^^}" -o "$place/fuzzer" \
    Sources/StackIO/*.swift Tests/Fuzzing/FuzzTargets.swift "$build/Spectra.o" \
    $(pkg-config --libs libtiff-4 libxrl) -lkissfft-float > "$place/build.log" 2>&1; then
    grep error "$place/build.log" >&2
    exit 70
  fi
  corpus "$place/corpus" "$reader"
  echo "$reader: $seconds s; its log is $place/log"
  # The backtrace of a crash would hang under the sanitizer; libFuzzer's own handlers write the find.
  if ! SWIFT_BACKTRACE=enable=no ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1 \
    timeout -k 10 $((seconds + 120)) "$place/fuzzer" "$place/corpus" -artifact_prefix="$place/finds/" \
    -max_total_time="$seconds" -timeout=20 -rss_limit_mb="$(memory "$reader")" -max_len=65536 -print_final_stats=1 \
    > "$place/log" 2>&1; then
    echo "$reader: FAILED: $(grep -m1 -E 'ERROR|Fatal|ALARM|timeout' "$place/log" || tail -1 "$place/log")"
    failed=1
  fi
  grep -E 'stat::number_of_executed_units|stat::peak_rss_mb' "$place/log" || true
done
exit "$failed"
