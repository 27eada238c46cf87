"""Measures the way from counts to registered optical density beside numpy, scipy and scikit-image, on the same files.

Each run is a process of its own, the programs in turn, files in the page cache; both may use all cores (the peer's loops over
frames run on as many threads, which numpy and scipy allow). Its stages are what one would write with these libraries:

    read      every frame and reference; lodestone digests them too (SHA-256)
    correct   -ln((I - dark) / (I0 - dark)), 3 x 3 median, outliers beyond max(1, 8 x 1.4826 MAD) replaced; lodestone also finds
              the empty field and takes the beam's flicker off. It reads the frames a second time here.
    interpolate  cubic splines by given drifts (lodestone: --drift, the peer: scipy.ndimage.shift)
    register  drift measured, and the frames moved back; the peer chains skimage's phase_cross_correlation (blur 1 px, upsampling
              20) of neighbours on frames binned by two, which is what leaves 0.05 px and more. lodestone measures magnification
              too.
    mask      lodestone: mean optical density and the steps of two edges, each with its deviation, for each pixel; the peer: the mean
    depth     the exact distance to the empty field: scipy.ndimage.distance_transform_edt of the mask; lodestone also finds which
              empty field is open

The error is the rms distance of the drifts from the truth, about their mean, px. Prints a markdown table.
"""
import argparse
import csv
import json
import os
import statistics
import subprocess
import sys
import tempfile

PEER = r'''
import csv, json, os, sys, time
from concurrent.futures import ThreadPoolExecutor
import numpy, scipy.ndimage, skimage.registration, tifffile
folder = sys.argv[1]
pool = ThreadPoolExecutor(os.cpu_count())
seconds, clock = {}, time.perf_counter()
def done(stage):
    global clock
    now = time.perf_counter()
    seconds[stage] = now - clock
    clock = now
scan, i0 = tifffile.imread(folder + "/scan.tif"), tifffile.imread(folder + "/references.tif")
dark = tifffile.imread(folder + "/dark.tif").astype(numpy.float32)
done("read")
def density(index):
    with numpy.errstate(all="ignore"):
        od = -numpy.log((scan[index] - dark) / (i0[index] - dark))
    od[~numpy.isfinite(od)] = 0
    median = scipy.ndimage.median_filter(od, 3)
    rest = numpy.abs(od - median)
    return numpy.where(rest > max(1, 8 * 1.4826 * numpy.median(rest)), median, od)
frames = list(pool.map(density, range(len(scan))))
done("correct")
with open(folder + "/truth/drift.csv") as file:
    truth = numpy.array([[float(row["dy_px"]), float(row["dx_px"])] for row in csv.DictReader(file)])
def move(index, drift):
    return scipy.ndimage.shift(frames[index], -drift, order=3, mode="mirror")
list(pool.map(move, range(len(frames)), truth))
done("interpolate")
def small(frame):
    height, width = (side // 2 * 2 for side in frame.shape)
    binned = frame[:height, :width].reshape(height // 2, 2, width // 2, 2).mean(axis=(1, 3))
    return scipy.ndimage.gaussian_filter(binned, 1)
binned = list(pool.map(small, frames))
def link(index):
    return -skimage.registration.phase_cross_correlation(
        binned[index], binned[index + 1], upsample_factor=20, normalization=None)[0]
drifts = 2 * numpy.vstack([[0, 0], numpy.cumsum(list(pool.map(link, range(len(frames) - 1))), axis=0)])
registered = list(pool.map(move, range(len(frames)), drifts))
done("register")
mask = numpy.mean(registered, axis=0) > 0.3
done("mask")
scipy.ndimage.distance_transform_edt(mask)
done("depth")
print(json.dumps({"seconds": seconds, "drifts": drifts.tolist()}))
'''


def error(found, truth):
    """The rms distance about the mean, px."""
    rest = [(a[0] - b[0], a[1] - b[1]) for a, b in zip(found, truth)]
    mean = [sum(r[k] for r in rest) / len(rest) for k in (0, 1)]
    return (sum((r[0] - mean[0]) ** 2 + (r[1] - mean[1]) ** 2 for r in rest) / len(rest)) ** 0.5


def rows(text):
    return [(float(r["dy_px"]), float(r["dx_px"])) for r in csv.DictReader(text)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("lodestone", help="the program")
    parser.add_argument("--side", type=int, default=1024, help="rows and columns of a frame")
    parser.add_argument("--energies", type=int, default=120)
    parser.add_argument("--photons", type=int, default=6000)
    parser.add_argument("--runs", type=int, default=5)
    arguments = parser.parse_args()
    ours, peers, errors = {}, {}, {}
    with tempfile.TemporaryDirectory() as folder:
        scan, catalog = folder + "/x", folder + "/t.lode"

        def lodestone(*words):
            return subprocess.run([arguments.lodestone, *words], check=True, text=True, capture_output=True).stdout

        def ingest(run, *words):
            # A parameter that changes nothing else makes it another run.
            output = lodestone("ingest", scan, "--sample", "x", "--catalog", catalog, "--json", "--set",
                               f"flood.reject_distance={6 + run}", *words)
            return json.loads(output)["seconds"]

        side = str(arguments.side)
        lodestone("example", scan, "--height", side, "--width", side, "--energies", str(arguments.energies), "--photons",
                  str(arguments.photons))
        lodestone("init", catalog)
        with open(scan + "/truth/drift.csv") as file:
            truth = rows(file)
        for run in range(arguments.runs):
            seconds = ingest(run)
            output = lodestone("query", "run-frames", "--param", "run=@last", "--format", "csv", "--catalog", catalog)
            errors["lodestone"] = error(rows(output.splitlines()), truth)
            given = ingest(run, "--drift", scan + "/truth/drift.csv")
            for stage in ("read", "correct", "register", "mask", "depth"):
                ours.setdefault(stage, []).append(seconds[stage])
            ours.setdefault("interpolate", []).append(given["register"])
            peer = json.loads(subprocess.run([sys.executable, "-c", PEER, scan], check=True, text=True,
                                             capture_output=True).stdout)
            errors["peer"] = error(peer["drifts"], truth)
            for stage, value in peer["seconds"].items():
                peers.setdefault(stage, []).append(value)
        size = os.path.getsize(scan + "/scan.tif") + os.path.getsize(scan + "/references.tif")
    for table in (ours, peers):
        table["all: read, correct, register"] = [sum(v) for v in zip(table["read"], table["correct"], table["register"])]
    print(f"uint16 counts and references, {side} x {side} x {arguments.energies}, {arguments.photons} photons, "
          f"{size / 1e6:.0f} MB, in the page cache\n")
    print("| stage | lodestone, median s (min to max) | numpy, scipy, scikit-image | ratio |\n|---|---|---|---|")

    def words(values):
        return f"{statistics.median(values):.3f} ({min(values):.3f} to {max(values):.3f}), {len(values)}"

    for stage in ("read", "correct", "interpolate", "register", "all: read, correct, register", "mask", "depth"):
        mine, other = ours[stage], peers[stage]
        ratio = statistics.median(other) / statistics.median(mine)
        print(f"| {stage} | {words(mine)} | {words(other)} | {ratio:.1f} |")
    print(f"| error of the drifts, px | {errors['lodestone']:.3f} | {errors['peer']:.3f} | |")


if __name__ == "__main__":
    main()
