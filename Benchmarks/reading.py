"""Measures reading a scan beside cat and tifffile, on the same file in the page cache.

Each run is a process of its own, the programs in turn. `decode` is the time that `lodestone ingest --dry-run` spends on
getting pixels out of the file, summed over its workers; `dry run` is its whole process, which also digests every frame (SHA-256); cat is
the whole process, writing to /dev/null; tifffile's is that of imread alone.

Prints a markdown table.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

TIFFFILE = """
import sys, time, tifffile
start = time.perf_counter()
tifffile.imread(sys.argv[1])
print(time.perf_counter() - start)
"""


def process(command, stdout=subprocess.DEVNULL):
    start = time.perf_counter()
    done = subprocess.run(command, stdout=stdout, check=True, text=True)
    return time.perf_counter() - start, done.stdout


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("lodestone", help="the program")
    parser.add_argument("--side", type=int, default=1024, help="rows and columns of a frame")
    parser.add_argument("--energies", type=int, default=120)
    parser.add_argument("--runs", type=int, default=9)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        side = str(arguments.side)
        process([arguments.lodestone, "example", folder + "/x", "--height", side, "--width", side,
                 "--energies", str(arguments.energies)])
        scan, energies = folder + "/x/scan.tif", folder + "/x/energies.txt"
        size = os.path.getsize(scan)
        seconds = {"cat": [], "lodestone: decode": [], "lodestone: dry run": [], "tifffile imread": []}
        for _ in range(arguments.runs):
            seconds["cat"].append(process(["cat", scan])[0])
            whole, output = process([arguments.lodestone, "ingest", scan, "--energies", energies, "--signal", "od",
                                     "--dry-run", "--json"], subprocess.PIPE)
            seconds["lodestone: decode"].append(json.loads(output)["seconds"]["decode"])
            seconds["lodestone: dry run"].append(whole)
            output = process([sys.executable, "-c", TIFFFILE, scan], subprocess.PIPE)[1]
            seconds["tifffile imread"].append(float(output))
    print(f"uint16, {side} x {side} x {arguments.energies}, uncompressed, {size / 1e6:.0f} MB, in the page cache\n")
    print("| program | median s (min to max), runs | GB/s | ratio to cat |\n|---|---|---|---|")
    cat = statistics.median(seconds["cat"])
    for name, values in seconds.items():
        median = statistics.median(values)
        print(f"| {name} | {median:.3f} ({min(values):.3f} to {max(values):.3f}), {len(values)} "
              f"| {size / median / 1e9:.1f} | {median / cat:.2f} |")


if __name__ == "__main__":
    main()
