"""Measures every stage of an ingest, and the whole, beside the same path in Python (python_path.py) on the same files, in one run.

The scan is synthetic: uint16 counts with a reference for each energy and a dark, in the page cache. Each run is a process of
its own, the programs in turn, lodestone into a new catalog each time and without its cache; all may use all cores. A turn that
is not counted goes before, in which memory is sampled. The stages:

    read        every frame and reference (tifffile.imread, the files at once); lodestone digests them too (SHA-256)
    correct     -ln((I - dark) / (I0 - dark)), 3 x 3 median, outliers beyond max(1, 8 x 1.4826 MAD) replaced; lodestone also finds
                the empty field and takes the beam's flicker off, and reads the frames a second time here
    register    drift measured, and the frames moved back by cubic splines (scipy.ndimage.shift); Python chains neighbours
                (scikit-image's phase_cross_correlation, blur 1 px, upsampling 20, on frames binned by two), which is what leaves
                0.05 px and more; lodestone measures magnification too
    mask        Python: a threshold of the mean; lodestone: also the steps of two edges, each with its deviation, for each pixel
    depth       the exact distance to the empty field (scipy.ndimage); lodestone also finds which empty field is open
    features    spectra divided by their mean; covariance and eigenvectors; scores, and the noise beyond rank 6; the average
                over neighbours that agree, twice
    cluster     gradients, the 65 % of smallest gradient, DBSCAN at the radius and minimum points that lodestone found (PyPI dbscan:
                scikit-learn's needs more memory than there is), watershed (scikit-image); lodestone runs DBSCAN at seven
                radii, rejects what is no mixture, and looks for small phases
    summarise   mean and standard deviation of each cluster's spectra; lodestone also fits elements, edges, depth and shape
    store       labels, drifts and spectra to an .npz; lodestone: all it knows, into a catalog, to the disk
    rest        the process from start to end, less all that: modules to load, arguments, memory to give back

Another run of each with drifts that are known and reference spectra to fit gives

    interpolate    `register` without measuring
    fit            three spectra in every pixel, not negative: the rest of lodestone's `summarise` against that without them;
                   scipy.optimize.nnls on every 50th pixel, times 50
    fit, any sign  beside the same of lodestone: numpy.linalg.lstsq in one call

Ratio: how many times as long as lodestone: of the medians, and the least and the most of the turns. Bound: what a stage must
at least read and write (the files; the stack as 32-bit floats; of spectra, those of the sample), at the best rate that copying
memory on all cores reached in this run, and for `read` that of reading these files. `whole` must do all of these. Prints tables
in markdown; --record keeps them.
"""
import argparse
import csv
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

import record

STAGES = ["read", "correct", "register", "mask", "depth", "features", "cluster", "summarise", "store", "rest", "whole"]
HERE = os.path.dirname(os.path.abspath(__file__))


class Run:
    """A process that has ended: its seconds by stage, its memory and its processor time."""

    def __init__(self, command, sampled=False, memory=0):
        subprocess.run([sys.executable, "-c", f"import numpy; numpy.ones({memory}, numpy.uint8)"], check=True)
        environment = dict(os.environ, LODESTONE_CACHE_SIZE="0")
        with tempfile.TemporaryFile("w+") as output:
            start = time.perf_counter()
            process = subprocess.Popen(command, stdout=output, stderr=subprocess.PIPE, text=True, env=environment)
            self.anonymous = sampled_memory(process) if sampled else None
            # What it says on stderr is a few lines, which the pipe holds.
            _, status, usage = os.wait4(process.pid, 0)
            wall = time.perf_counter() - start
            process.returncode = os.waitstatus_to_exitcode(status)
            with process.stderr as errors:
                if process.returncode:
                    sys.exit(f"{' '.join(command)}: exit code {process.returncode}: {errors.read()}")
            output.seek(0)
            self.told = json.load(output)
        self.seconds = dict(self.told["seconds"])
        self.seconds["read"] += self.seconds.pop("find", 0)
        self.seconds["rest"] = wall - sum(self.seconds.values())
        self.seconds["whole"] = wall
        self.busy = (usage.ru_utime + usage.ru_stime) / wall
        self.peak = usage.ru_maxrss * 1024


def sampled_memory(process):
    """The most anonymous memory that a process was seen to hold, every 2 ms: without the pages of files."""
    most = 0
    while not os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
        with open(f"/proc/{process.pid}/status") as status:
            held = next((line for line in status if line.startswith("RssAnon")), "RssAnon: 0 kB")
        most = max(most, int(held.split()[1]) * 1024)
        time.sleep(0.002)
    return most


class Bench:
    """A scan, and the programs that take their turns on it."""

    def __init__(self, arguments, folder):
        self.program = arguments.lodestone
        self.folder = folder
        self.scan = folder + "/x"
        self.truth = self.scan + "/truth/"
        self.alone = arguments.alone
        self.memory = arguments.memory
        side = str(arguments.side)
        self.lodestone("example", self.scan, "--height", side, "--width", side, "--energies", str(arguments.energies),
                       "--photons", str(arguments.photons))
        self.files = [f"{self.scan}/{name}" for name in ("scan.tif", "references.tif", "dark.tif")]
        # More than three times the stack as floats, which is what Python takes.
        self.touched = 7 * sum(map(os.path.getsize, self.files)) // 2
        # Nothing is left to write while the clocks run.
        os.sync()
        self.runs = {}
        self.rates = {"copy": 0, "read": 0, "digest": 0}
        self.answers = {}

    def lodestone(self, *words):
        return subprocess.run([self.program, *words], check=True, text=True, capture_output=True).stdout

    def python(self, script, *words):
        """A process of its own: one that starts others would lend them its peak of memory."""
        command = [sys.executable, f"{HERE}/{script}", *words]
        return subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE).stdout

    def take_turn(self, counted):
        references = [word for number, name in enumerate(["grain", "boundary", "layer"])
                      for word in ("--spectrum", f"{name}={self.truth}spectra.csv:{number + 2}")]
        drift = ["--drift", self.truth + "drift.csv"]
        turn = {"lodestone": self.ingest("lodestone", not counted)}
        found = turn["lodestone"].told["found"]
        if self.memory:
            turn["limited"] = self.ingest("limited", not counted, "--memory", self.memory)
        if not self.alone:
            turn["Python"] = self.peer("Python", not counted, found)
        turn["lodestone, given"] = self.ingest("lodestone, given", not counted, *drift, *references)
        if not self.alone:
            turn["Python, given"] = self.peer("Python, given", not counted, found, *drift, "--spectra", self.truth + "spectra.csv")
        for rate, value in json.loads(self.python("bounds.py", *self.files)).items():
            self.rates[rate] = max(self.rates[rate], value)
        for name, run in turn.items():
            own = self.runs.setdefault(name, {"counted": [], "sampled": None})
            if counted:
                own["counted"].append(run)
            else:
                own["sampled"] = run

    def ingest(self, name, sampled, *words):
        """A run of lodestone, and what it found: drifts, labels, spectra and the id of the result."""
        catalog = f"{self.folder}/new.lode"
        self.lodestone("init", catalog)
        run = Run([self.program, "ingest", self.scan, "--sample", "x", "--catalog", catalog, "--json", *words], sampled,
                  self.touched)
        labels = f"{self.folder}/{name}.tif"
        self.lodestone("export", "@last", "--catalog", catalog, "--labels", labels)
        queries = [self.lodestone("query", query, "--param", "run=@last", "--format", "csv", "--catalog", catalog)
                   for query in ("run-frames", "run-spectra")]
        with open(f"{self.folder}/{name}.csv", "w") as file:
            file.write(queries[0])
        run.stored = os.path.getsize(catalog)
        os.remove(catalog)
        answer = run.told["result"], *queries
        if self.answers.setdefault(name, answer) != answer:
            sys.exit(f"{name}: another result than in an earlier turn")
        return run

    def peer(self, name, sampled, found, *words):
        command = [sys.executable, f"{HERE}/python_path.py", self.scan, "--radius", str(found["dbscan.radius"]), "--minimum",
                   str(int(found["dbscan.minimum_points"])), "--output", f"{self.folder}/{name}.npz", *words]
        return Run(command, sampled, self.touched)

    def times(self, name, stage):
        return [run.seconds[stage] for run in self.runs[name]["counted"]] if name in self.runs else []

    def bounds(self):
        """Of each stage, the bytes that it must read and write over the rate of doing so, s."""
        run = self.runs["lodestone"]["counted"][0]
        frames = sum(map(os.path.getsize, self.files))
        pixels, sample = run.told["pixels"]["total"], run.told["pixels"]["analysed"]
        dimensions = run.told["found"]["pca.components"]
        stack = self.stack_bytes()
        of_sample, scores = stack * sample / pixels, 4 * dimensions * sample
        # Principal components take two passes: the covariance, and the scores.
        moved = {"correct": frames + stack, "register": 2 * stack, "mask": stack, "depth": 5 * pixels,
                 "features": 2 * of_sample + scores, "cluster": scores + 4 * pixels, "summarise": of_sample,
                 "store": run.stored, "interpolate": 2 * stack, "fit": of_sample, "fit, any sign": of_sample}
        seconds = {stage: size / self.rates["copy"] for stage, size in moved.items()}
        seconds["read"] = frames / self.rates["read"]
        seconds["whole"] = sum(seconds[stage] for stage in STAGES if stage in seconds)
        return seconds

    def stack_bytes(self):
        """The scan as 32-bit floats: twice what its file of 16 bits holds."""
        with open(self.scan + "/energies.txt") as file:
            energies = sum(1 for line in file if line.strip() and not line.startswith("#"))
        return 4 * energies * self.runs["lodestone"]["counted"][0].told["pixels"]["total"]

    def accuracy(self, name):
        found = f"{self.folder}/{name}" + (".csv" if name.startswith("lodestone") else ".npz")
        labels = f"{self.folder}/{name}" + (".tif" if name.startswith("lodestone") else ".npz")
        return json.loads(self.python("whole_path.py", "--judge", self.truth, found, labels))


def judge(truth, drifts, labels):
    """The rms distance of drifts from the truth about their mean, px; the adjusted Rand index over pixels that have labels."""
    import numpy
    import sklearn.metrics
    import tifffile

    def rows(path):
        if path.endswith(".npz"):
            return numpy.load(path)["drifts"]
        with open(path) as file:
            return numpy.array([[float(row["dy_px"]), float(row["dx_px"])] for row in csv.DictReader(file)])

    rest = rows(drifts) - rows(truth + "drift.csv")
    rest -= rest.mean(axis=0)
    found = numpy.load(labels)["labels"] if labels.endswith(".npz") else tifffile.imread(labels)
    known = tifffile.imread(truth + "labels.tif")
    both = (known >= 0) & (found >= 0)
    print(json.dumps({"drift": float(numpy.sqrt((rest ** 2).sum(axis=1).mean())),
                      "agreement": float(sklearn.metrics.adjusted_rand_score(known[both], found[both]))}))


def spread(values, digits=3):
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f} to {max(values):.{digits}f})"


def ratio(mine, others, digits=1):
    """Of the medians, and the least and the most of the turns."""
    pairs = [other / own for own, other in zip(mine, others)]
    middle = statistics.median(others) / statistics.median(mine)
    return f"{middle:.{digits}f} ({min(pairs):.{digits}f} to {max(pairs):.{digits}f})"


def stage_table(bench):
    bounds = bench.bounds()
    rows = [(stage, bench.times("lodestone", stage), bench.times("Python", stage)) for stage in STAGES]
    rows.append(("interpolate", bench.times("lodestone, given", "register"), bench.times("Python, given", "register")))
    # Never less than a millisecond: on a small scan the difference is lost in what it is taken from.
    fit = [max(own - plain, 0.001) for own, plain in
           zip(bench.times("lodestone, given", "summarise"), bench.times("lodestone", "summarise"))]
    rows.append(("fit", fit, bench.times("Python, given", "fit")))
    if not bench.alone:
        rows.append(("fit, any sign", fit, bench.times("Python, given", "fit, any sign")))
    yield ["stage", "lodestone, s", "bound, s", "lodestone / bound", "Python, s", "ratio"][:4 if bench.alone else 6]
    for stage, mine, others in rows:
        bound = bounds.get(stage)
        row = [stage, spread(mine), f"{bound:.4f}" if bound else "", f"{statistics.median(mine) / bound:.1f}" if bound else ""]
        yield row + ([] if bench.alone else [spread(others), ratio(mine, others)])


def process_table(bench):
    yield ["process", "wall, s", "to lodestone", "cores busy", "peak, MB", "anonymous, MB", "peak / stack", "same bits"]
    stack, first = bench.stack_bytes(), bench.times("lodestone", "whole")
    for name, label in (("lodestone", "lodestone"), ("limited", f"lodestone --memory {bench.memory}"), ("Python", "Python")):
        if name not in bench.runs:
            continue
        runs, seconds = bench.runs[name]["counted"], bench.times(name, "whole")
        peak = statistics.median(run.peak for run in runs)
        same = "" if name != "limited" else "yes" if bench.answers[name] == bench.answers["lodestone"] else "NO"
        yield [label, spread(seconds, 2), "1" if name == "lodestone" else ratio(first, seconds, 2),
               f"{statistics.median(run.busy for run in runs):.2f}", f"{peak / 1e6:.0f}",
               f"{bench.runs[name]['sampled'].anonymous / 1e6:.0f}", f"{peak / stack:.2f}", same]


def accuracy_table(bench):
    yield ["", "error of the drifts, px", "adjusted Rand index"]
    for name in bench.runs:
        if name != "limited":
            told = bench.accuracy(name)
            yield [name, "" if "given" in name else f"{told['drift']:.3f}", f"{told['agreement']:.4f}"]


def markdown(table):
    """A table in markdown, of its rows, the first its head."""
    head, *rows = (f"| {' | '.join(row)} |" for row in table)
    return "\n".join([head, "|---" * (head.count("|") - 1) + "|", *rows])


def report(bench, arguments):
    size = sum(map(os.path.getsize, bench.files))
    command = " ".join(["Benchmarks/run.sh path", *sys.argv[2:]])
    packages = [] if arguments.alone else ["tifffile", "numpy", "scipy", "scikit-image", "dbscan"]
    yield f"{record.machine()}. {record.versions(*packages)}."
    yield f"`{command}`"
    yield (f"uint16 counts and references, {arguments.side} x {arguments.side} x {arguments.energies}, {arguments.photons} "
           f"photons, {size / 1e6:.0f} MB in the page cache; {bench.stack_bytes() / 1e6:.0f} MB as 32-bit floats. Medians (least "
           f"to most), n = {arguments.runs}. All cores copy {bench.rates['copy'] / 1e9:.1f} GB/s of memory, read and written, and "
           f"read {bench.rates['read'] / 1e9:.1f} GB/s of these files; SHA-256 of {bench.rates['digest'] / 1e9:.1f} GB/s makes "
           f"{size / bench.rates['digest']:.3f} s of lodestone's `read`, which the bound leaves out.")
    for table in (stage_table, process_table, accuracy_table):
        yield markdown(table(bench))
    yield ("Peak: ru_maxrss, with the pages of files that the process maps; anonymous: without them, sampled in the turn that is "
           "not counted. Same bits: the result's id, every drift, every mean spectrum.")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("lodestone", help="the program")
    parser.add_argument("--side", type=int, default=1024, help="rows and columns of a frame")
    parser.add_argument("--energies", type=int, default=120)
    parser.add_argument("--photons", type=int, default=6000)
    parser.add_argument("--runs", type=int, default=5, help="turns that count")
    parser.add_argument("--memory", default="1GB", help="also with this limit of memory; none for no such run")
    parser.add_argument("--alone", action="store_true", help="lodestone only, where Python has not the memory")
    parser.add_argument("--record", action="store_true", help="keep the tables in records/")
    if sys.argv[1:2] == ["--judge"]:
        return judge(*sys.argv[2:])
    arguments = parser.parse_args()
    arguments.memory = None if arguments.memory == "none" else arguments.memory
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(arguments, folder)
        for turn in range(arguments.runs + 1):
            bench.take_turn(counted=turn > 0)
        text = "\n\n".join(report(bench, arguments))
    print(text)
    if arguments.record:
        title = f"The whole path, {arguments.side} x {arguments.side} x {arguments.energies}"
        print("\nKept in " + os.path.relpath(record.write(title, text)), file=sys.stderr)


if __name__ == "__main__":
    main()
