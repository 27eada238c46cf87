"""Reads a catalog as its users do: sqlite3, pandas, tifffile. Prints every value of every view.

A line a value: view, row, column, and the value, floats as the 16 digits of their bits; for a map the
decoded samples as hex. What sqlite3 and pandas read differently, or may change, ends it with an error.
"""

import hashlib
import io
import json
import sqlite3
import struct
import sys

import numpy
import pandas
import tifffile


def text_of(value):
    if value is None:
        return "null"
    if isinstance(value, float):
        return struct.pack(">d", value).hex()
    if isinstance(value, bytes):
        samples = tifffile.imread(io.BytesIO(value))
        assert samples.dtype in (numpy.int16, numpy.float32), samples.dtype
        return samples.astype(samples.dtype.newbyteorder("<")).tobytes().hex()
    return str(value)


def same(a, b):
    """Whether pandas holds what sqlite3 read, to the last bit."""
    if a is None:
        return b is None or b != b
    return text_of(a) == text_of(type(a)(b)) if not isinstance(a, bytes) else a == b


class Digest:
    """docs/identity.md, written again."""

    def __init__(self, domain):
        self.sha256 = hashlib.sha256()
        self.text(domain)

    def text(self, *values):
        for value in values:
            data = value.encode()
            self.integer(len(data))
            self.sha256.update(data)

    def integer(self, *values):
        for value in values:
            self.sha256.update(struct.pack("<q", value))

    def number(self, *values):
        for value in values:
            self.sha256.update(struct.pack("<d", value))

    def optional(self, value):
        self.integer(0 if value is None else 1)
        if isinstance(value, str):
            self.text(value)
        elif value is not None:
            self.sha256.update(struct.pack("<d", value))

    def hex(self):
        return self.sha256.hexdigest()


def check_identities(catalog):
    """Every identity, computed again from the rows."""
    catalog.row_factory = sqlite3.Row

    def rows(sql, *arguments):
        return catalog.execute(sql, arguments).fetchall()

    for scan in rows("SELECT * FROM scan"):
        digest = Digest("lodestone/scan/1")
        digest.integer(scan["height"], scan["width"])
        digest.text(scan["signal"], scan["reference"])
        digest.optional(scan["pixel_size_um"])
        digest.text(scan["geometry"])
        for pixel in rows("SELECT * FROM oblong_pixel WHERE scan_key = ?", scan["scan_key"]):
            digest.text("oblong pixel")
            digest.number(pixel["height_um"], pixel["width_um"])
        for kind in ["sample", "reference", "spectrum", "dark"]:
            frames = rows("SELECT * FROM frame WHERE scan_key = ? AND kind = ? ORDER BY number", scan["scan_key"], kind)
            digest.text(kind)
            digest.integer(len(frames))
            for frame in frames:
                for name in ["energy_ev", "exposure_s", "ring_current_ma", "acquisition"]:
                    digest.optional(frame[name])
                digest.text(frame["digest"].hex())
        assert digest.hex() == scan["scan_id"]
    for parameters in rows("SELECT * FROM parameter_set"):
        digest = Digest("lodestone/parameters/1")
        digest.text(parameters["canonical_json"])
        assert digest.hex() == parameters["parameters_id"]
        values = json.loads(parameters["canonical_json"])
        for row in rows("SELECT * FROM parameter WHERE parameters_key = ?", parameters["parameters_key"]):
            assert values.pop(row["name"]) == (row["text"] if row["number"] is None else row["number"])
        assert not values
    for spectrum in rows("SELECT * FROM reference_spectrum"):
        points = rows("SELECT * FROM reference_spectrum_point WHERE reference_spectrum_key = ? ORDER BY number", spectrum["reference_spectrum_key"])
        digest = Digest("lodestone/spectrum/1")
        for name in ["energy_ev", "value"]:
            digest.integer(len(points))
            digest.number(*[point[name] for point in points])
        assert digest.hex() == spectrum["reference_spectrum_id"]
    for run in rows("SELECT * FROM run JOIN scan USING (scan_key) JOIN parameter_set USING (parameters_key)"):
        stages = rows("SELECT * FROM run_stage WHERE run_key = ? ORDER BY stage", run["run_key"])
        digest = Digest("lodestone/run/1")
        digest.text(run["scan_id"], run["parameters_id"])
        digest.integer(len(stages))
        for stage in stages:
            digest.text(stage["stage"])
            digest.integer(stage["version"])
        assert digest.hex() == run["run_id"]
    for result in rows("SELECT * FROM result JOIN run USING (run_key)"):
        digest = Digest("lodestone/result/1")
        digest.text(result["run_id"])
        for stored in rows("SELECT * FROM map WHERE result_key = ? ORDER BY kind", result["result_key"]):
            samples = tifffile.imread(io.BytesIO(stored["tiff"]))
            own = Digest("lodestone/map/1")
            own.integer(*samples.shape[-2:])
            is_float = stored["kind"] in ("fit", "od", "edge_step")
            own.text("float32" if is_float else "int16")
            own.integer(samples.size)
            own.sha256.update(samples.astype("<f4" if is_float else "<i2").tobytes())
            assert own.hex() == stored["digest"]
            if stored["kind"] in ("dbscan", "label"):
                digest.text(stored["kind"], stored["digest"])
        clusters = rows("SELECT * FROM cluster WHERE result_key = ? ORDER BY label", result["result_key"])
        for name in ["total", "analysed", "eligible", "noise"]:
            digest.integer(result[name + "_pixels"])
        digest.integer(len(clusters))
        for cluster in clusters:
            digest.integer(cluster["label"], cluster["pixels"], cluster["dbscan_pixels"])
        assert digest.hex() == result["result_id"]
    for event in rows("SELECT * FROM event_overview"):
        digest = Digest("lodestone/event/1")
        digest.text(event["kind"], event["subject_kind"], event["subject"])
        digest.optional(event["name"])
        digest.optional(event["value"])
        digest.text(event["author"], event["recorded_at"])
        predecessors = sorted((event["predecessors"] or "").split())
        digest.integer(len(predecessors))
        digest.text(*predecessors)
        assert digest.hex() == event["event_id"]
    catalog.row_factory = None


def main(path):
    catalog = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    views = [
        name for (name,) in catalog.execute("SELECT name FROM sqlite_schema WHERE type = 'view' ORDER BY name")
    ]
    for view in views:
        cursor = catalog.execute(f"SELECT * FROM {view}")
        columns = [column[0] for column in cursor.description]
        rows = cursor.fetchall()
        frame = pandas.read_sql(f"SELECT * FROM {view}", catalog)
        assert list(frame.columns) == columns and len(frame) == len(rows), view
        for number, row in enumerate(rows):
            for column, value in zip(columns, row):
                assert same(value, frame[column].iloc[number]), (view, number, column)
                print(f"{view}\t{number}\t{column}\t{text_of(value)}".replace("\n", " "))
    check_identities(catalog)
    catalog.close()
    refuse_changes(path)


def refuse_changes(path):
    """A writing connection changes nothing either."""
    catalog = sqlite3.connect(path)
    before = list(catalog.iterdump())
    tables = [
        name for (name,) in catalog.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
    ]
    for table in tables:
        first = catalog.execute(f"SELECT name FROM pragma_table_info('{table}')").fetchone()[0]
        for statement in [
            f"UPDATE {table} SET {first} = {first}",
            f"DELETE FROM {table}",
            f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}",
        ]:
            try:
                catalog.execute(statement)
            except sqlite3.IntegrityError:
                pass
    assert list(catalog.iterdump()) == before, "rows were changed"
    catalog.rollback()


main(sys.argv[1])
