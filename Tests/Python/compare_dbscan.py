"""Compares `lodestone cluster` with scikit-learn, label by label, on all shapes of a generator of points.

compare_dbscan.py LODESTONE FOLDER_OF_make_points.py [--points N] [--minimum M ...]

Prints a line for every case that differs, then how many there were; exits 1 where one differs.
"""
import argparse
import os
import subprocess
import sys
import tempfile

import numpy as np
from scipy.spatial import cKDTree
from sklearn.cluster import DBSCAN


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("lodestone")
    parser.add_argument("generator")
    parser.add_argument("--points", type=int, default=5000)
    parser.add_argument("--dimensions", type=int, nargs="+", default=list(range(1, 9)))
    parser.add_argument("--minimum", type=int, nargs="+", default=[1, 2, 5, 20, 100])
    arguments = parser.parse_args()
    sys.path.insert(0, arguments.generator)
    import make_points

    cases = different = 0
    with tempfile.TemporaryDirectory() as folder:
        for shape in make_points.SHAPES:
            for d in arguments.dimensions:
                if shape == "spiral" and d < 2:
                    continue
                points = make_points.make(shape, arguments.points, d, seed=7)
                path = os.path.join(folder, "points.npy")
                np.save(path, points)
                # A radius that makes the labels interesting: the median distance to the 20th neighbour, which is one
                # of the distances, so that there are ties.
                sample = points[:: max(1, len(points) // 200)].astype(np.float64)
                nearest = cKDTree(points.astype(np.float64)).query(sample, k=20)[0][:, -1]
                radius = float(np.median(nearest)) or 0.5
                for minimum in arguments.minimum:
                    cases += 1
                    different += not agrees(arguments.lodestone, folder, path, points, radius, minimum, (shape, d))
    print(f"{cases} cases, {different} different")
    return 1 if different or not cases else 0


def agrees(lodestone, folder, path, points, radius, minimum, name):
    labels = os.path.join(folder, "labels.csv")
    done = subprocess.run(
        [lodestone, "cluster", path, "--radius", repr(radius), "--min-points", str(minimum), "--labels", labels],
        capture_output=True, text=True)
    if done.returncode != 0:
        print(name, radius, minimum, done.stderr.strip())
        return False
    ours = np.loadtxt(labels, dtype=int, ndmin=1)
    theirs = DBSCAN(eps=radius, min_samples=minimum, algorithm="kd_tree").fit(points.astype(np.float64)).labels_
    if np.array_equal(ours, theirs):
        return True
    print(name, radius, minimum, f"{(ours != theirs).sum()} labels differ")
    return False


if __name__ == "__main__":
    sys.exit(main())
