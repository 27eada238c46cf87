"""The way from a scan's counts to phases with tifffile, numpy, scipy, scikit-image and PyPI dbscan, as one would write it with
them: threads over frames, rows or labels, 32-bit floats, arrays that are changed in place. whole_path.py runs it and explains
its stages.

Prints the seconds of each stage as JSON; writes labels, drifts and mean spectra to an .npz.
"""
import argparse
import csv
import json
import os
import time
from concurrent.futures import ThreadPoolExecutor

import numpy
import scipy.fft
import scipy.ndimage
import scipy.optimize
import tifffile
from dbscan import DBSCAN
from skimage.registration import phase_cross_correlation
from skimage.segmentation import watershed

REACH = 2
"""How far away, px, the neighbours are over which scores are averaged."""


class Stages:
    """The seconds from the end of each stage to the end of the next."""

    def __init__(self):
        self.seconds = {}
        self.last = time.perf_counter()

    def end(self, stage):
        now = time.perf_counter()
        self.seconds[stage] = now - self.last
        self.last = now


def optical_density(counts, reference, dark):
    """-ln((I - dark) / (I0 - dark)), outliers replaced by the median of their 3 x 3."""
    with numpy.errstate(all="ignore"):
        density = -numpy.log((counts - dark) / (reference - dark))
    density[~numpy.isfinite(density)] = 0
    median = scipy.ndimage.median_filter(density, 3)
    rest = numpy.abs(density - median)
    return numpy.where(rest > max(1, 8 * 1.4826 * numpy.median(rest)), median, density)


def spectrum_of_small(frame):
    """The Fourier transform of a frame binned by two and blurred."""
    height, width = (side // 2 * 2 for side in frame.shape)
    binned = frame[:height, :width].reshape(height // 2, 2, width // 2, 2).mean(axis=(1, 3))
    return scipy.fft.fft2(scipy.ndimage.gaussian_filter(binned, 1))


def measured_drifts(stack, pool):
    """The drift of each frame against the first, a chain of neighbours."""
    small = list(pool.map(spectrum_of_small, stack))

    def link(index):
        return phase_cross_correlation(
            small[index], small[index + 1], space="fourier", upsample_factor=20, normalization=None)[0]

    links = list(pool.map(link, range(len(small) - 1)))
    return -2 * numpy.vstack([[0, 0], numpy.cumsum(links, axis=0)])


def move_back(stack, drifts, pool):
    """Moves each frame by its drift, in place, by cubic splines."""

    def move(index):
        stack[index] = scipy.ndimage.shift(stack[index], -drifts[index], order=3, mode="mirror")

    list(pool.map(move, range(len(stack))))


def averaged(scores, variance, pool):
    """Maps of scores averaged twice over the neighbours that agree, within the noise, with the estimate so far."""
    height, width = variance.shape
    rows = [slice(first, min(first + 32, height)) for first in range(0, height, 32)]

    def pad(maps):
        margin = [(0, 0)] * (maps.ndim - 2) + [(REACH, REACH)] * 2
        return numpy.pad(maps, margin, constant_values=numpy.nan)

    estimate, own, error = scores, variance, variance
    for _ in range(2):
        padded = [pad(estimate), pad(scores), pad(error)]
        sums, counts = numpy.zeros_like(scores), numpy.zeros_like(variance)

        def add_neighbours(band):
            here = estimate[:, band], error[band]
            for dy in range(2 * REACH + 1):
                for dx in range(2 * REACH + 1):
                    place = (..., slice(band.start + dy, band.stop + dy), slice(dx, dx + width))
                    near, value, other = (maps[place] for maps in padded)
                    agrees = ((near - here[0]) ** 2).sum(axis=0) <= 5 * len(scores) * (here[1] + other)
                    sums[:, band] += numpy.where(agrees, value, 0)
                    counts[band] += agrees

        list(pool.map(add_neighbours, rows))
        with numpy.errstate(all="ignore"):
            estimate = sums / counts
            error = own * (1 / counts + 0.0225)
    return estimate


def features(stack, mean, mask, pool):
    """Maps of principal components of the spectra divided by their mean, in units of the median noise."""
    spectra = (stack[:, mask] / mean[mask]).T
    spectra -= spectra.mean(axis=0)
    values, vectors = numpy.linalg.eigh((spectra.T @ spectra / (len(spectra) - 1)).astype(numpy.float64))
    values, vectors = values[::-1], vectors[:, ::-1]
    above_noise = values > 2 * numpy.median(numpy.sort(values)[: len(values) * 3 // 4])
    dimensions = int(numpy.clip(above_noise.sum(), 2, 4))
    along = spectra @ vectors[:, :6].astype(numpy.float32)
    beyond = numpy.einsum("ij,ij->i", spectra, spectra) - numpy.einsum("ij,ij->i", along, along)
    noise = numpy.sqrt(numpy.maximum(beyond, 0) / (len(values) - 6))
    unit = numpy.median(noise)
    scores = numpy.full((dimensions,) + mask.shape, numpy.nan, numpy.float32)
    scores[:, mask] = (along[:, :dimensions] / unit).T
    variance = numpy.zeros(mask.shape, numpy.float32)
    variance[mask] = (noise / unit) ** 2
    return averaged(scores, variance, pool)


def clusters(scores, mask, radius, least, pool):
    """The labels of DBSCAN over the pixels of smallest gradient (-1 where there is none), and those of all pixels."""
    nearest = scipy.ndimage.distance_transform_edt(~mask, return_distances=False, return_indices=True)
    filled = scores[:, nearest[0], nearest[1]]

    def squared_slope(image):
        return sum((scipy.ndimage.sobel(image, axis) / 8) ** 2 for axis in (0, 1))

    gradient = numpy.sqrt(sum(pool.map(squared_slope, filled)))
    eligible = mask & (gradient <= numpy.quantile(gradient[mask], 0.65))
    labels, _ = DBSCAN(numpy.ascontiguousarray(scores[:, eligible].T, numpy.float64), radius, least)
    # Those of less than 0.5 % are no clusters.
    labels[numpy.bincount(labels + 1)[labels + 1] < 0.005 * mask.sum()] = -1
    markers = numpy.zeros(mask.shape, numpy.int32)
    markers[eligible] = numpy.unique(numpy.append(labels, -1), return_inverse=True)[1][:-1]
    flooded = watershed(gradient, markers, mask=mask)
    return markers - 1, flooded - 1


def statistics(stack, labels, pool):
    """The mean and the standard deviation of each cluster's spectra."""

    def of_one(label):
        own = stack[:, labels == label].astype(numpy.float64)
        return own.mean(axis=1), own.std(axis=1, ddof=1)

    return list(pool.map(of_one, range(labels.max() + 1)))


def fit(stack, mask, table, stages):
    """Fits reference spectra and a line to every pixel: of any sign, and not negative (every 50th pixel, times 50)."""
    line = (table[:, 0] - table[:, 0].mean()) / numpy.ptp(table[:, 0])
    design = numpy.column_stack([table[:, 1:4], numpy.ones(len(line)), line])
    pixels = stack[:, mask].astype(numpy.float64)
    numpy.linalg.lstsq(design, pixels, rcond=None)
    stages.end("fit, any sign")
    both = numpy.column_stack([design, -design[:, 3:]])
    for pixel in range(0, pixels.shape[1], 50):
        scipy.optimize.nnls(both, pixels[:, pixel])
    stages.end("fit")
    stages.seconds["fit"] *= 50


def columns(path, *names):
    with open(path) as file:
        return numpy.array([[float(row[name]) for name in names] for row in csv.DictReader(file)])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("scan", help="a folder of scan.tif, references.tif and dark.tif")
    parser.add_argument("--radius", type=float, required=True)
    parser.add_argument("--minimum", type=int, required=True, help="minimum points")
    parser.add_argument("--output", required=True, help="the .npz to write")
    parser.add_argument("--drift", help="drifts that are known: a CSV with dy_px and dx_px")
    parser.add_argument("--spectra", help="reference spectra to fit: a CSV of energies and three of them")
    arguments = parser.parse_args()
    stages = Stages()
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        paths = [os.path.join(arguments.scan, name) for name in ("scan.tif", "references.tif", "dark.tif")]
        scan, references, dark = pool.map(tifffile.imread, paths)
        dark = dark.astype(numpy.float32)
        stages.end("read")

        stack = numpy.empty(scan.shape, numpy.float32)

        def correct(index):
            stack[index] = optical_density(scan[index], references[index], dark)

        list(pool.map(correct, range(len(scan))))
        del scan, references
        stages.end("correct")

        drifts = columns(arguments.drift, "dy_px", "dx_px") if arguments.drift else measured_drifts(stack, pool)
        move_back(stack, drifts, pool)
        stages.end("register")

        mean = stack.mean(axis=0)
        mask = mean > 0.15 * numpy.quantile(mean, 0.95)
        stages.end("mask")

        scipy.ndimage.distance_transform_edt(mask)
        stages.end("depth")

        scores = features(stack, mean, mask, pool)
        stages.end("features")

        markers, labels = clusters(scores, mask, arguments.radius, arguments.minimum, pool)
        stages.end("cluster")

        spectra = statistics(stack, markers, pool)
        stages.end("summarise")
        if arguments.spectra:
            with open(arguments.spectra) as file:
                rows = list(csv.reader(file))[1:]
            fit(stack, mask, numpy.array(rows, dtype=float), stages)

        numpy.savez(arguments.output, labels=labels.astype(numpy.int16), drifts=drifts, spectra=spectra)
        stages.end("store")
    print(json.dumps({"seconds": stages.seconds}))


if __name__ == "__main__":
    main()
