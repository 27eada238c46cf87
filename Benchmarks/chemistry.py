"""Measures the way from registered optical density to phases and their chemistry beside numpy, scipy, scikit-image and PyPI
dbscan, on the same data, by the same rules.

Each run is a process of its own, the programs in turn, files in the page cache; both may use all cores. The peer's optical
density is made from the same files with the true drift, before its clock starts. Its stages are what one would write with
these libraries:

    features   spectra divided by their mean; covariance and eigenvectors (numpy); scores, and the noise beyond rank 6; the average
               over neighbours that agree, twice (numpy, a shifted image a neighbour)
    cluster    gradients (scipy.ndimage), the 65 % of smallest gradient, DBSCAN at lodestone's radius and minimum points (PyPI dbscan:
               scikit-learn's needs more memory than there is), watershed (scikit-image). lodestone runs DBSCAN at three radii, rejects
               what is no mixture, and looks for small phases
    summarise  mean and standard deviation of each cluster's spectra. lodestone also fits elements, edges, depth and shape
    fit        three reference spectra in every pixel: numpy.linalg.lstsq of any sign in one call, and scipy.optimize.nnls, which does
               what lodestone does, on every 50th pixel, times 50

The agreement is the adjusted Rand index with the truth over all pixels of sample that have a label. Prints a markdown table.
"""
import argparse
import json
import statistics
import subprocess
import sys
import tempfile

PEER = r'''
import csv, json, os, sys, time
from concurrent.futures import ThreadPoolExecutor
import numpy, scipy.ndimage, scipy.optimize, skimage.segmentation, sklearn.metrics, tifffile
from dbscan import DBSCAN
folder, radius, least = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
pool = ThreadPoolExecutor(os.cpu_count())
scan, i0 = tifffile.imread(folder + "/scan.tif"), tifffile.imread(folder + "/references.tif")
dark = tifffile.imread(folder + "/dark.tif").astype(numpy.float32)
with open(folder + "/truth/drift.csv") as file:
    truth = [[float(row["dy_px"]), float(row["dx_px"])] for row in csv.DictReader(file)]
def density(index):
    od = -numpy.log(numpy.maximum((scan[index] - dark) / (i0[index] - dark), 1e-3)).astype(numpy.float32)
    return scipy.ndimage.shift(od, -numpy.array(truth[index]), order=3, mode="mirror")
stack = numpy.stack(list(pool.map(density, range(len(scan)))))
mean = stack.mean(axis=0)
mask = mean > 0.15 * numpy.quantile(mean, 0.95)
del scan, i0
seconds, clock = {}, time.perf_counter()
def done(stage):
    global clock
    now = time.perf_counter()
    seconds[stage] = now - clock
    clock = now

spectra = (stack[:, mask] / mean[mask]).T.astype(numpy.float64)
spectra -= spectra.mean(axis=0)
values, vectors = numpy.linalg.eigh(spectra.T @ spectra / (len(spectra) - 1))
values, vectors = values[::-1], vectors[:, ::-1]
dimensions = int(numpy.clip((values > 2 * numpy.median(numpy.sort(values)[: len(values) * 3 // 4])).sum(), 2, 4))
along = spectra @ vectors[:, :6]
noise = numpy.sqrt(numpy.maximum((spectra ** 2).sum(axis=1) - (along ** 2).sum(axis=1), 0) / (len(values) - 6))
unit = numpy.median(noise)
maps = numpy.full((dimensions,) + mask.shape, numpy.nan, numpy.float32)
maps[:, mask] = (along[:, :dimensions] / unit).T
variance = numpy.zeros(mask.shape, numpy.float32)
variance[mask] = (noise / unit) ** 2
own, estimate = variance, maps
for _ in range(2):
    padded = [numpy.pad(m, [(0, 0)] * (m.ndim - 2) + [(2, 2), (2, 2)], constant_values=numpy.nan) for m in (estimate, maps, variance)]
    sums, counts = numpy.zeros_like(maps), numpy.zeros(mask.shape, numpy.float32)
    for dy in range(5):
        for dx in range(5):
            near, value, other = (m[..., dy:dy + mask.shape[0], dx:dx + mask.shape[1]] for m in padded)
            agrees = ((near - estimate) ** 2).sum(axis=0) <= 5 * dimensions * (variance + other)
            sums += numpy.where(agrees, value, 0)
            counts += agrees
    with numpy.errstate(all="ignore"):
        estimate = sums / counts
        variance = own * (1 / counts + 0.0225)
done("features")

nearest = scipy.ndimage.distance_transform_edt(~mask, return_distances=False, return_indices=True)
filled = estimate[:, nearest[0], nearest[1]]
gradient = numpy.sqrt(sum((scipy.ndimage.sobel(m, axis) / 8) ** 2 for m in filled for axis in (0, 1)))
eligible = mask & (gradient <= numpy.quantile(gradient[mask], 0.65))
labels, _ = DBSCAN(numpy.ascontiguousarray(estimate[:, eligible].T, numpy.float64), radius, least)
markers = numpy.zeros(mask.shape, numpy.int32)
markers[eligible] = labels + 1
flooded = skimage.segmentation.watershed(gradient, markers, mask=mask)
done("cluster")

for label in range(1, flooded.max() + 1):
    own = stack[:, markers == label].astype(numpy.float64)
    own.mean(axis=1), own.std(axis=1, ddof=1)
done("summarise")

with open(folder + "/truth/spectra.csv") as file:
    rows = list(csv.reader(file))[1:]
table = numpy.array(rows, dtype=float)
line = (table[:, 0] - table[:, 0].mean()) / numpy.ptp(table[:, 0])
design = numpy.column_stack([table[:, 1:4], numpy.ones(len(line)), line])
pixels = stack[:, mask].astype(numpy.float64)
numpy.linalg.lstsq(design, pixels, rcond=None)
done("fit, any sign")
both = numpy.column_stack([design, -design[:, 3:]])
for pixel in range(0, pixels.shape[1], 50):
    scipy.optimize.nnls(both, pixels[:, pixel])
done("fit")
seconds["fit"] *= 50
inside = tifffile.imread(folder + "/truth/labels.tif").astype(int)
known = (inside >= 0) & (flooded > 0)
print(json.dumps({"seconds": seconds, "agreement": sklearn.metrics.adjusted_rand_score(inside[known], flooded[known])}))
'''

AGREEMENT = r'''
import sys
import sklearn.metrics, tifffile
truth, found = (tifffile.imread(path).astype(int) for path in sys.argv[1:])
known = (truth >= 0) & (found >= 0)
print(sklearn.metrics.adjusted_rand_score(truth[known], found[known]))
'''


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("lodestone", help="the program")
    parser.add_argument("--side", type=int, default=1024, help="rows and columns of a frame")
    parser.add_argument("--energies", type=int, default=120)
    parser.add_argument("--photons", type=int, default=6000)
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    ours, peers = {}, {}
    with tempfile.TemporaryDirectory() as folder:
        scan, catalog = folder + "/x", folder + "/t.lode"

        def run(*words):
            return subprocess.run(words, check=True, text=True, capture_output=True).stdout

        def ingest(number, *words):
            # A parameter that changes nothing else makes it another run.
            output = run(arguments.lodestone, "ingest", scan, "--sample", "x", "--catalog", catalog, "--json",
                         "--drift", scan + "/truth/drift.csv", "--set", f"flood.reject_distance={6 + number}", *words)
            return json.loads(output)

        side = str(arguments.side)
        run(arguments.lodestone, "example", scan, "--height", side, "--width", side, "--energies", str(arguments.energies),
            "--photons", str(arguments.photons))
        run(arguments.lodestone, "init", catalog)
        references = [word for number, name in enumerate(["grain", "boundary", "layer"])
                      for word in ("--spectrum", f"{name}={scan}/truth/spectra.csv:{number + 2}")]
        agreement = {}
        for number in range(arguments.runs):
            plain = ingest(number)
            labels = folder + "/labels.tif"
            run(arguments.lodestone, "export", plain["run"], "--catalog", catalog, "--labels", labels)
            agreement["lodestone"] = float(run(sys.executable, "-c", AGREEMENT, scan + "/truth/labels.tif", labels))
            fitted = ingest(number, *references)
            for stage in ("features", "cluster", "summarise"):
                ours.setdefault(stage, []).append(plain["seconds"][stage])
            ours.setdefault("fit", []).append(fitted["seconds"]["summarise"] - plain["seconds"]["summarise"])
            found = plain["found"]
            peer = json.loads(run(sys.executable, "-c", PEER, scan, str(found["dbscan.radius"]), str(int(found["dbscan.minimum_points"]))))
            agreement["peer"] = peer["agreement"]
            for stage, seconds in peer["seconds"].items():
                peers.setdefault(stage, []).append(seconds)

    def text(values):
        return f"{statistics.median(values):.3f} ({min(values):.3f} to {max(values):.3f}), {len(values)}"

    print("| stage | lodestone, median s (min to max) | numpy, scipy, scikit-image, PyPI dbscan | ratio |")
    print("|---|---|---|---|")
    for stage, values in peers.items():
        mine = ours[stage.split(",")[0]]
        print(f"| {stage} | {text(mine)} | {text(values)} | {statistics.median(values) / statistics.median(mine):.1f} |")
    print(f"| adjusted Rand index | {agreement['lodestone']:.4f} | {agreement['peer']:.4f} | |")


if __name__ == "__main__":
    main()
