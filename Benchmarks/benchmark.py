"""Measures `lodestone cluster` beside its peers, on the same files in one run.

Each run is a process of its own; its time is that of the clustering call with the points in memory, and its memory is
what the process peaked at beyond a run on 1,000 points. The programs take turns. Every answer is compared with
scikit-learn's where that is there, else with ours, and ours with a straight scan for sampled points.

Prints a markdown table, and a line of remarks under it.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np

import make_points
import record

# shape, points, dimensions, radius, minimum points. The radii of xanes at 1M are those of a mean of 50, 500 and 5,000
# neighbours (make_points.py eps).
CASES = [
    ("xanes", 50_000, 4, 0.012, 10),
    ("xanes", 300_000, 4, 0.00883, 100),
    ("xanes", 1_000_000, 4, 0.0036124142352491617, 10),
    ("xanes", 1_000_000, 4, 0.0065404861234128475, 100),
    ("xanes", 1_000_000, 4, 0.012043334543704987, 1000),
    ("xanes", 1_000_000, 2, 0.0013341912999749184, 100),
    ("xanes", 1_000_000, 6, 0.0077568842098116875, 10),
    ("xanes", 1_000_000, 8, 0.012226667255163193, 10),
    ("xanes", 4_000_000, 4, 0.00237, 10),
    ("xanes-norm", 1_000_000, 4, 0.0179, 100),
    ("xanes-noisy", 1_000_000, 4, 0.02, 50),
    ("gauss", 50_000, 8, 1.28, 25),
    ("uniform", 1_000_000, 4, 0.02, 10),
    ("blob", 1_000_000, 4, 1.0, 20),
    ("dup", 1_000_000, 4, 0.02, 20),
    ("lattice", 1_000_000, 4, 1.0, 9),
    ("line", 1_000_000, 4, 0.0001, 10),
    ("plates", 1_000_000, 4, 0.9995, 20),
    ("quant", 1_000_000, 4, 1.0, 50),
    ("simden", 1_000_000, 4, 100.0, 10),
    ("varden", 1_000_000, 4, 268.0, 10),
    ("spiral", 1_000_000, 4, 0.05, 10),
]
PEERS = ["lodestone", "scikit-learn", "PyPI dbscan", "R dbscan", "fast_hdbscan"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("lodestone", help="the program")
    parser.add_argument("--shapes", nargs="+", help="only these shapes")
    parser.add_argument("--dimensions", type=int, nargs="+", help="only points of so many dimensions")
    parser.add_argument("--most", type=int, default=4_000_000, help="no case of more points")
    parser.add_argument("--peers", nargs="+", default=PEERS, choices=PEERS)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--limit", type=float, default=120, help="seconds for one run of a peer")
    parser.add_argument("--run", nargs=5, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.run:
        return run_here(*arguments.run)
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(arguments, folder)
        print("| points | radius, minimum | program | median s (min to max), runs | ratio | bytes a point | exact |")
        print("|---|---|---|---|---|---|---|")
        for case in CASES:
            if (case[1] <= arguments.most and case[0] in (arguments.shapes or [case[0]])
                    and case[2] in (arguments.dimensions or [case[2]])):
                bench.measure(case)
    print(f"\n{record.cores()} cores; {record.processor()}; Python {sys.version.split()[0]}. Ratio: how many times as long as "
          "lodestone. Bytes a point: peak of the process beyond one of 1,000 points, input included. Exact: core "
          "points, their partition, noise, and (=) every label as scikit-learn's.")


class Bench:
    def __init__(self, arguments, folder):
        self.arguments = arguments
        self.folder = folder
        self.gone = set()
        self.base = {}

    def measure(self, case):
        shape, n, d, radius, minimum = case
        points = make_points.make(shape, n, d, 1)
        path = os.path.join(self.folder, "points.npy")
        np.save(path, points)
        runs = {peer: [] for peer in self.arguments.peers}
        answers = {}
        left = set(self.arguments.peers) - self.gone
        if n > 50_000:
            left.discard("fast_hdbscan")
        for turn in range(self.arguments.runs):
            for peer in self.arguments.peers:
                # A peer that takes long runs once.
                if peer not in left or (turn > 0 and runs[peer] and runs[peer][0]["seconds"] > 20):
                    continue
                outcome = self.run(peer, path, radius, minimum)
                if "seconds" in outcome:
                    runs[peer].append(outcome)
                    answers[peer] = outcome.pop("answer", None)
                else:
                    left.discard(peer)
                    runs[peer] = [outcome]
        self.report(case, points, runs, answers)

    def run(self, peer, path, radius, minimum):
        out = os.path.join(self.folder, "answer.npz")
        if peer == "lodestone":
            labels = os.path.join(self.folder, "labels.csv")
            command = [self.arguments.lodestone, "cluster", path, "--radius", repr(radius), "--min-points",
                       str(minimum), "--labels", labels, "--json"]
        elif peer == "R dbscan":
            command = ["Rscript", os.path.join(os.path.dirname(__file__), "peer.R"), path, repr(radius),
                       str(minimum), os.path.join(self.folder, "labels.csv")]
            write_binary(path)
        else:
            command = [sys.executable, __file__, "-", "--run", peer, path, repr(radius), str(minimum), out]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=self.arguments.limit)
        except subprocess.TimeoutExpired:
            return {"failure": f"over {self.arguments.limit:g} s"}
        except FileNotFoundError:
            self.gone.add(peer)
            return {"failure": "not installed"}
        if done.returncode != 0:
            last = (done.stderr.strip().splitlines() or ["failed"])[-1]
            if "there is no package" in done.stderr:
                self.gone.add(peer)
            return {"failure": "out of memory" if done.returncode == -9 else last[:60]}
        told = json.loads(done.stdout)
        if peer == "lodestone":
            return {"seconds": told["seconds"]["cluster"], "peak": told["peak_memory_bytes"],
                    "answer": (np.loadtxt(labels, dtype=np.int64, ndmin=1), None)}
        if peer == "R dbscan":
            labels = np.loadtxt(os.path.join(self.folder, "labels.csv"), dtype=np.int64, ndmin=1) - 1
            return {"seconds": told["seconds"], "peak": told["peak"], "answer": (labels, None)}
        with np.load(out) as file:
            core = file["core"] if "core" in file else None
            return {"seconds": told["seconds"], "peak": told["peak"], "answer": (file["labels"], core)}

    def base_memory(self, peer, d):
        """The peak of a run on 1,000 points."""
        if (peer, d) not in self.base:
            path = os.path.join(self.folder, "small.npy")
            np.save(path, make_points.make("gauss", 1000, d, 1))
            self.base[peer, d] = self.run(peer, path, 0.5, 10).get("peak", 0)
        return self.base[peer, d]

    def report(self, case, points, runs, answers):
        shape, n, d, radius, minimum = case
        reference = answers.get("scikit-learn") or answers.get("lodestone")
        ours = statistics.median(run["seconds"] for run in runs["lodestone"]) if "lodestone" in runs else None
        for peer, done in runs.items():
            if not done:
                continue
            name = f"{shape} {n:,} x {d}" if peer == self.arguments.peers[0] else ""
            head = f"| {name} | {radius:.4g}, {minimum} | {peer} |" if name else f"| | | {peer} |"
            if "failure" in done[0]:
                print(f"{head} {done[0]['failure']} | | | |")
                continue
            seconds = sorted(run["seconds"] for run in done)
            median = statistics.median(seconds)
            ratio = f"{median / ours:.3g}" if ours else ""
            memory = (max(run["peak"] for run in done) - self.base_memory(peer, d)) / n
            exact = exactness(peer, answers[peer], reference, points, radius, minimum)
            print(f"{head} {median:.3f} ({seconds[0]:.3f} to {seconds[-1]:.3f}), {len(seconds)} | {ratio} | "
                  f"{memory:.0f} | {exact} |", flush=True)


def exactness(peer, answer, reference, points, radius, minimum):
    labels, core = answer
    if peer == "fast_hdbscan":
        return "other algorithm"
    expected, expected_core = reference
    if peer == "lodestone":
        note = "yes =" if np.array_equal(labels, expected) and expected_core is not None else ""
        return note or ("yes, sampled" if holds_for_sample(labels, points, radius, minimum) else "NO")
    if peer == "scikit-learn":
        return "reference"
    if core is not None and expected_core is not None and (core != expected_core).any():
        return f"NO: {(core != expected_core).sum()} core points"
    if ((labels < 0) != (expected < 0)).any():
        return f"NO: {((labels < 0) != (expected < 0)).sum()} points of noise"
    known = expected_core if expected_core is not None else expected >= 0
    pairs = np.unique(np.stack([labels[known], expected[known]]), axis=1)
    one_to_one = len(np.unique(pairs[0])) == pairs.shape[1] == len(np.unique(pairs[1]))
    return "yes" if one_to_one or expected_core is None else "NO: the partition"


def holds_for_sample(labels, points, radius, minimum):
    """Whether sampled points' labels are those of a straight scan: noise has no core neighbour, core points agree."""
    rng = np.random.default_rng(0)
    x = points.astype(np.float64)

    def neighbours(i):
        return np.flatnonzero(((x - x[i]) ** 2).sum(1) <= radius * radius)

    for i in rng.choice(len(x), 40, replace=False):
        near = neighbours(i)
        if len(near) >= minimum:
            if labels[i] < 0 or (labels[near] < 0).any():
                return False
        elif labels[i] < 0 and len(near) > 1:
            if any(len(neighbours(j)) >= minimum for j in near[:20] if j != i):
                return False
    return True


def run_here(peer, path, radius, minimum, out):
    points = np.load(path)
    radius, minimum = float(radius), int(minimum)
    core = None
    if peer == "scikit-learn":
        from sklearn.cluster import DBSCAN

        points = points.astype(np.float64)
        start = time.perf_counter()
        found = DBSCAN(eps=radius, min_samples=minimum, algorithm="kd_tree", n_jobs=os.cpu_count()).fit(points)
        seconds = time.perf_counter() - start
        labels = found.labels_
        core = np.zeros(len(points), bool)
        core[found.core_sample_indices_] = True
    elif peer == "PyPI dbscan":
        from dbscan import DBSCAN

        points = points.astype(np.float64)
        start = time.perf_counter()
        labels, core = DBSCAN(points, eps=radius, min_samples=minimum)
        seconds = time.perf_counter() - start
    else:
        import fast_hdbscan

        # Compiled when it first runs.
        fast_hdbscan.HDBSCAN(min_cluster_size=10).fit(np.random.default_rng(0).normal(size=(500, points.shape[1])))
        start = time.perf_counter()
        labels = fast_hdbscan.HDBSCAN(min_cluster_size=max(minimum, 2)).fit(points).labels_
        seconds = time.perf_counter() - start
    np.savez(out, labels=labels, **({} if core is None else {"core": np.asarray(core, bool)}))
    print(json.dumps({"seconds": seconds, "peak": peak_memory()}))


def peak_memory():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))


def write_binary(path):
    """What R reads: two int32 of shape, then doubles by column."""
    points = np.load(path)
    with open(path + ".bin", "wb") as file:
        np.array(points.shape, np.int32).tofile(file)
        np.asfortranarray(points.astype(np.float64)).T.tofile(file)


if __name__ == "__main__":
    sys.exit(main())
