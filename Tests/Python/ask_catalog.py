"""Asks the canned questions of a catalog without the program: from the views, by Python's sqlite3 and by DuckDB.

    ask_catalog.py CATALOG FOLDER

FOLDER holds the program's answers, QUERY.csv each. Integers and texts must be equal, numbers to 1e-12.
"""

import csv
import glob
import hashlib
import importlib.util
import math
import sqlite3
import sys

import duckdb

QUESTIONS = {
    "runs": (
        "SELECT run_id, sample, cluster_count AS clusters, analysed_pixels AS analysed "
        "FROM run_overview"
    ),
    "phase-stats": (
        "SELECT run_id, label AS cluster, sample, pixels, "
        "share, area_um2, "
        "nd_fraction, nd_fraction_error, "
        "nd_areal_g_cm2, fe_areal_g_cm2 "
        "FROM cluster_overview"
    ),
    "surface-vs-bulk": """
        SELECT run_id, zone, sum(pixels) AS pixels,
          sum(pixels * nd) / sum(pixels * (nd + fe)) AS nd_fraction,
          1.0 * sum(CASE WHEN label < 0 THEN pixels ELSE 0 END) / sum(pixels) AS noise_share
        FROM (
          SELECT depth.run_id, depth.label, depth.pixels,
            CASE WHEN (depth.bin + 0.5) * run.depth_bin_px
              * run.pixel_size_um <= 0.5 THEN 'surface' ELSE 'bulk' END AS zone,
            CASE WHEN nd.areal_mol_cm2 < 0 THEN 0 ELSE nd.areal_mol_cm2 END AS nd,
            CASE WHEN fe.areal_mol_cm2 < 0 THEN 0 ELSE fe.areal_mol_cm2 END AS fe
          FROM depth_overview AS depth
          JOIN run_overview AS run ON run.run_id = depth.run_id
          LEFT JOIN element_overview AS nd
            ON nd.run_id = depth.run_id AND nd.symbol = 'Nd' AND nd.label = depth.label
          LEFT JOIN element_overview AS fe
            ON fe.run_id = depth.run_id AND fe.symbol = 'Fe' AND fe.label = depth.label
        ) AS part
        GROUP BY run_id, zone
    """,
    "samples": "SELECT sample, count(*) AS runs FROM run_overview GROUP BY sample",
    "reproducibility": (
        "SELECT run_id, sample, executions, results, last_grade "
        "FROM run_reproducibility"
    ),
    "scans": (
        "SELECT scan_id, sample, energy_count AS energies, pixel_size_um "
        "FROM scan_overview"
    ),
    "tags": "SELECT name AS tag, run_id FROM tag",
}


def same(ours, theirs):
    if theirs is None:
        return ours == ""
    if isinstance(theirs, float):
        return ours != "" and math.isclose(float(ours), theirs, rel_tol=1e-12, abs_tol=1e-300)
    return ours == str(theirs)


def compare(who, query, columns, rows, folder):
    with open(f"{folder}/{query}.csv", newline="") as file:
        answers = list(csv.DictReader(file))
    # By the columns that tell the rows apart.
    keys = [name for name in columns if name in ("run_id", "cluster", "zone", "sample", "scan_id", "tag")]
    theirs = {tuple(str(row[columns.index(key)]) for key in keys): row for row in rows}
    assert len(theirs) == len(rows) == len(answers), (who, query, len(rows), len(answers))
    for answer in answers:
        row = theirs[tuple(answer[key] for key in keys)]
        for name, value in zip(columns, row):
            assert same(answer[name], value), (who, query, name, answer[name], value)
    return len(answers) * len(columns)


def compare_views(plain, duck):
    """Every value of every view: DuckDB runs the views' SQL by itself, and may not take it for something else."""
    values = 0
    for (view,) in plain.execute("SELECT name FROM sqlite_schema WHERE type = 'view'").fetchall():
        rows = sorted(map(repr, plain.execute(f"SELECT * FROM {view}").fetchall()))
        theirs = duck.execute(f"SELECT * FROM {view}")
        # Of all types that a column may have there, only truth is none of SQLite's.
        flags = [number for number, column in enumerate(theirs.description) if column[0] == "is_retracted"]
        theirs = [
            tuple(int(value) if number in flags else value for number, value in enumerate(row))
            for row in theirs.fetchall()
        ]
        assert sorted(map(repr, theirs)) == rows, view
        values += sum(map(len, theirs))
    return values


def main(path, folder):
    before = hashlib.sha256(open(path, "rb").read()).hexdigest()
    plain = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    place = importlib.util.find_spec("duckdb_extension_sqlite_scanner").submodule_search_locations[0]
    scanner = glob.glob(f"{place}/**/sqlite_scanner.duckdb_extension", recursive=True)[0]
    duck = duckdb.connect(config={"allow_unsigned_extensions": "true"})
    duck.execute(f"LOAD '{scanner}'")
    duck.execute(f"ATTACH '{path}' AS catalog (TYPE sqlite, READ_ONLY)")
    duck.execute("USE catalog")
    for who, connection in [("sqlite3", plain), ("DuckDB", duck)]:
        values = 0
        for query, sql in QUESTIONS.items():
            cursor = connection.execute(sql)
            columns = [column[0] for column in cursor.description]
            values += compare(who, query, columns, cursor.fetchall(), folder)
        print(f"{who}: {len(QUESTIONS)} questions, {values} values the same")
    print(f"every view: {compare_views(plain, duck)} values the same")
    plain.close()
    duck.close()
    assert hashlib.sha256(open(path, "rb").read()).hexdigest() == before, "reading changed the file"


main(*sys.argv[1:])
