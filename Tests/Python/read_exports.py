"""Reads what `lodestone export` writes as its users do: xraylarch, tifffile, pandas; and compares it with the catalog's values.

    read_exports.py CATALOG FOLDER PAGE

FOLDER holds, of each tag T of a run: T/ (XDI), T.tif (--map label), T-steps.tif (--map edge-step) and T.csv (--spectra), and clusters-T.csv,
what `lodestone query run-clusters --format csv` says. PAGE is docs/interchange.md, whose blocks of Python are run with the files of the tag
larch. Ends with an error at the first difference, and with a line of counts.
"""

import glob
import io
import os
import re
import shutil
import sqlite3
import sys

import numpy
import pandas
import tifffile
from larch.io import read_xdi
from larch.io.xdi import XDIFile
from larch.xafs import find_e0, pre_edge

counts = {"files": 0, "normalised by Larch": 0, "maps": 0, "tables": 0, "blocks": 0}


def same(what, a, b):
    a, b = numpy.asarray(a), numpy.asarray(b)
    assert a.shape == b.shape, f"{what}: {a.shape} and {b.shape}"
    assert (a == b).all(), f"{what}: {a} and {b}"


def close(what, a, b, limit):
    assert numpy.all(numpy.abs(numpy.asarray(a) - b) <= limit * numpy.maximum(1e-300, numpy.abs(b))), f"{what}: {a} and {b}"


class Run:
    def __init__(self, database, tag):
        self.database = database
        self.tag = tag
        [(self.run, self.result, self.sample, self.pixel)] = database.execute(
            "SELECT run_id, result_key, sample, pixel_size_um FROM run_overview JOIN tag USING (run_id) WHERE name = ?", [tag]
        )

    def rows(self, sql, *values):
        cursor = self.database.execute(sql, (self.result, *values))
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row)) for row in cursor]

    def spectrum(self, label):
        return pandas.DataFrame(self.rows(
            """SELECT energy_ev, mean_od, sd_od FROM cluster_spectrum AS spectrum
            JOIN result_frame AS frame USING (result_key, number)
            WHERE result_key = ? AND spectrum.label = ? ORDER BY number""", label
        ))


def check_xdi(run, folder):
    """Each file is read by XDI's own library without a remark, and holds the stored numbers."""
    clusters = run.rows("SELECT label, dbscan_pixels FROM cluster WHERE result_key = ? ORDER BY label")
    edges = run.rows("SELECT * FROM cluster_edge WHERE result_key = ? ORDER BY label, e0_ev")
    paths = sorted(glob.glob(f"{folder}/*.xdi"))
    assert len(paths) == len(os.listdir(folder)) == max(len(edges), len(clusters)), f"{folder}: {paths}"
    energies = {}
    for path in paths:
        file = XDIFile(path)
        assert file.status == 0, f"{path}: {file.error_message}"
        own = file.attrs["lodestone"]
        assert own["run_id"] == run.run and file.attrs["sample"]["name"] == run.sample, path
        label = int(own["cluster"])
        assert int(own["pixels"]) == clusters[label]["dbscan_pixels"], path
        group = read_xdi(path)
        stored = run.spectrum(label)
        stored = stored[stored.energy_ev.isin(group.energy)]
        same(f"{path}: energy", group.energy, stored.energy_ev)
        same(f"{path}: mutrans", group.mutrans, stored.mean_od)
        same(f"{path}: mutrans_sd", group.mutrans_sd, stored.sd_od)
        assert file.array_units[0] == "eV", path
        energies.setdefault(label, []).extend(group.energy)
        counts["files"] += 1
        if "element" not in file.attrs:
            assert not edges, path
            continue
        [edge] = [
            edge for edge in edges
            if (edge["label"], edge["symbol"], edge["edge"]) == (label, file.element.decode(), file.edge.decode())
        ]
        windows = [] if edge["convention"] == "none" else ["pre_start_ev", "pre_end_ev", "post_start_ev", "post_end_ev"]
        for name in ["e0_ev", *windows]:
            same(f"{path}: {name}", float(own[name]), edge[name])
        check_scale(path, group, edge, own)
    for label, values in energies.items():
        # All of the scan. Larch's windows may reach back to the last energy of the edge before; others do not overlap here.
        if edges and edges[0]["convention"] == "larch":
            values = set(values)
        same(f"{folder}: energies of cluster {label}", sorted(values), run.spectrum(label).energy_ev)


def check_scale(path, group, edge, own):
    """What is on the edge's scale: as stored, and where the convention is Larch's, as Larch itself says."""
    if edge["convention"] == "none" or not edge["is_normalised"]:
        assert not hasattr(group, "normtrans") and not hasattr(group, "areatrans"), path
        return
    line = edge["pre_offset"] + edge["pre_slope"] * group.energy
    column = "areatrans" if edge["convention"] == "area" else "normtrans"
    close(f"{path}: {column}", getattr(group, column), (group.mutrans - line) / edge["divisor"], 1e-12)
    if edge["convention"] == "area":
        same(path, float(own["area_od_ev"]), edge["divisor"])
        return
    same(path, float(own["edge_step_od"]), edge["divisor"])
    powers = [edge[name] for name in ["post_offset", "post_slope", "post_square", "post_cube"] if edge[name] is not None]
    assert own["post_polynomial_od"] == " ".join(repr(power) for power in powers), path
    if edge["convention"] != "larch":
        return
    e0 = edge["e0_ev"]
    pre_edge(
        group.energy, group.mutrans, group=group, e0=e0, pre1=edge["pre_start_ev"] - e0, pre2=edge["pre_end_ev"] - e0,
        norm1=edge["post_start_ev"] - e0, norm2=edge["post_end_ev"] - e0, nnorm=len(powers) - 1,
    )
    close(f"{path}: edge step", group.edge_step, edge["divisor"], 1e-10)
    close(f"{path}: norm", group.norm + 1, group.normtrans + 1, 1e-9)
    curve = (group.post_edge - group.pre_edge) / group.edge_step
    step = group.energy[numpy.argmin(numpy.abs(group.energy - e0))]
    flat = numpy.where(group.energy >= step, group.norm - curve + 1, group.norm)
    close(f"{path}: flat", group.flattrans + 1, flat + 1, 1e-9)
    if edge["symbol"] == "Nd":
        # Fe K stands beside Nd L1, which Larch sees too.
        same(f"{path}: E0", find_e0(group.energy, group.mutrans), edge["derivative_ev"])
    counts["normalised by Larch"] += 1


def check_map(run, path):
    """The map's values are the stored labels; names, colours and the pixel are there."""
    [(stored,)] = run.database.execute("SELECT tiff FROM map WHERE result_key = ? AND kind = 'label'", [run.result])
    labels = tifffile.imread(io.BytesIO(stored))
    with tifffile.TiffFile(path) as file:
        assert file.is_imagej and len(file.pages) == 1, path
        values = file.asarray()
        assert values.dtype == numpy.uint8, path
        expected = labels.astype(int)
        expected[labels == -1] = 254
        expected[labels == -2] = 255
        same(path, values, expected)
        assert len(numpy.unique(values)) > 2, path
        metadata = file.imagej_metadata
        assert metadata["unit"] == "micron" and metadata["Labels"] in ("clusters", ["clusters"]), metadata
        width, height = (file.pages[0].tags[name].value for name in ["XResolution", "YResolution"])
        same(path, [width[1] / width[0], height[1] / height[0]], [run.pixel, run.pixel])
        lines = dict(line.split(" = ", 1) for line in metadata["Info"].splitlines() if " = " in line)
        assert lines["run_id"] == run.run, lines
        names = dict(run.database.execute(
            "SELECT label, phase FROM phase_assignment WHERE run_id = ? AND outcome = 'assigned'", [run.run]))
        table = metadata["LUTs"][0] if isinstance(metadata["LUTs"], list) else metadata["LUTs"]
        same(f"{path}: colours", numpy.asarray(table, dtype=int) * 257, file.pages[0].colormap)
        colours = set()
        for value in [*range(labels.max() + 1), 254, 255]:
            name, colour = lines[str(value)].rsplit(" ", 1)
            special = {254: "noise", 255: "not analysed"}
            assert name == special.get(value, names.get(value, f"cluster {value}")), name
            assert colour == "#" + "".join(f"{part:02x}" for part in table[:, value]), colour
            colours.add(colour)
        assert len(colours) == labels.max() + 3, colours
    counts["maps"] += 1


def check_steps(run, path):
    """A slice an edge, the stored values and nothing where there are none."""
    stored = run.database.execute("SELECT tiff FROM map WHERE result_key = ? AND kind = 'edge_step'", [run.result]).fetchall()
    if not stored:
        assert not os.path.exists(path), path
        return
    values = tifffile.imread(io.BytesIO(stored[0][0]))
    with tifffile.TiffFile(path) as file:
        assert file.is_imagej and file.imagej_metadata["unit"] == "micron", path
        pages = file.asarray()
        labels = file.imagej_metadata["Labels"]
    assert len(labels) == len(pages) == 2 and labels[0].startswith("Nd L3") and labels[1].startswith("Fe K"), labels
    assert pages.dtype == numpy.float32 and pages.shape == values.shape, path
    assert numpy.array_equal(pages, values, equal_nan=True) and numpy.isfinite(pages).any(), path
    counts["maps"] += 1


def run_blocks(run, folder, page):
    """The page's blocks of Python, in the order of the page, in a folder with the files that they name."""
    work = f"{folder}/page"
    os.mkdir(work)
    for name, theirs in [("", "spectra"), (".csv", "spectra.csv"), (".tif", "labels.tif")]:
        (shutil.copytree if name == "" else shutil.copy)(f"{folder}/{run.tag}{name}", f"{work}/{theirs}")
    shutil.copy(f"{folder}/clusters-{run.tag}.csv", f"{work}/clusters.csv")
    os.chdir(work)
    names = {}
    with open(page, encoding="utf-8") as file:
        blocks = re.findall(r"^```python\n(.*?)^```$", file.read(), re.MULTILINE | re.DOTALL)
    said = io.StringIO()
    names["print"] = lambda *values: print(*values, file=said)
    for block in blocks:
        exec(block, names)
        counts["blocks"] += 1
    [edge] = run.rows("SELECT divisor FROM cluster_edge WHERE result_key = ? AND label = 1 AND symbol = 'Nd'")
    close("the page's edge step", names["spectrum"].edge_step, edge["divisor"], 1e-10)
    same("the page's CSV", names["spectra"].mean_0.to_numpy(), run.spectrum(0).mean_od)
    assert "0 = matrix #" in said.getvalue() and said.getvalue().endswith("0.028 micron\n"), said.getvalue()


def check_tables(run, folder):
    """pandas reads the CSV files with the types and bits of the catalog."""
    spectra = pandas.read_csv(f"{folder}/{run.tag}.csv", float_precision="round_trip")
    labels = [row["label"] for row in run.rows("SELECT label FROM cluster WHERE result_key = ? ORDER BY label")]
    assert list(spectra.columns) == ["energy_eV"] + [f"{name}_{label}" for label in labels for name in ["mean", "sd"]], spectra.columns
    for label in labels:
        stored = run.spectrum(label)
        same("energy_eV", spectra.energy_eV, stored.energy_ev)
        same(f"mean_{label}", spectra[f"mean_{label}"], stored.mean_od)
        same(f"sd_{label}", spectra[f"sd_{label}"], stored.sd_od)
    table = pandas.read_csv(f"{folder}/clusters-{run.tag}.csv", float_precision="round_trip")
    stored = pandas.DataFrame(run.rows(
        """SELECT label, pixels, share, area_um2 FROM cluster_overview JOIN run_overview USING (run_id)
        WHERE run_overview.result_key = ? ORDER BY label"""
    ))
    for ours, theirs in [("cluster", "label"), ("pixels", "pixels"), ("share", "share"), ("area_um2", "area_um2")]:
        same(ours, table[ours], stored[theirs])
        assert table[ours].dtype == stored[theirs].dtype, ours
    counts["tables"] += 2


def main(catalog, folder, page):
    database = sqlite3.connect(f"file:{catalog}?mode=ro", uri=True)
    for (tag,) in database.execute("SELECT name FROM tag ORDER BY name").fetchall():
        run = Run(database, tag)
        check_xdi(run, f"{folder}/{tag}")
        check_map(run, f"{folder}/{tag}.tif")
        check_steps(run, f"{folder}/{tag}-steps.tif")
        check_tables(run, folder)
    run_blocks(Run(database, "larch"), folder, page)
    print(", ".join(f"{count} {name}" for name, count in counts.items()))


main(*sys.argv[1:])
