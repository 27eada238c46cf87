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

# DuckDB takes the columns of views for text, with 15 digits: hence the casts.
QUESTIONS = {
    "runs": (
        "SELECT run_id, sample, CAST(cluster_count AS BIGINT) AS clusters, CAST(analysed_pixels AS BIGINT) AS analysed "
        "FROM run_overview"
    ),
    "phase-stats": (
        "SELECT run_id, CAST(label AS BIGINT) AS cluster, sample, CAST(pixels AS BIGINT) AS pixels, "
        "CAST(share AS DOUBLE) AS share, CAST(area_um2 AS DOUBLE) AS area_um2, "
        "CAST(nd_fraction AS DOUBLE) AS nd_fraction, CAST(nd_fraction_error AS DOUBLE) AS nd_fraction_error, "
        "CAST(nd_areal_g_cm2 AS DOUBLE) AS nd_areal_g_cm2, CAST(fe_areal_g_cm2 AS DOUBLE) AS fe_areal_g_cm2 "
        "FROM cluster_overview"
    ),
    "surface-vs-bulk": """
        SELECT run_id, zone, sum(pixels) AS pixels,
          sum(pixels * nd) / sum(pixels * (nd + fe)) AS nd_fraction,
          1.0 * sum(CASE WHEN label < 0 THEN pixels ELSE 0 END) / sum(pixels) AS noise_share
        FROM (
          SELECT depth.run_id, CAST(depth.label AS BIGINT) AS label, CAST(depth.pixels AS BIGINT) AS pixels,
            CASE WHEN (CAST(depth.bin AS BIGINT) + 0.5) * CAST(run.depth_bin_px AS DOUBLE)
              * CAST(run.pixel_size_um AS DOUBLE) <= 0.5 THEN 'surface' ELSE 'bulk' END AS zone,
            CASE WHEN CAST(nd.areal_mol_cm2 AS DOUBLE) < 0 THEN 0 ELSE CAST(nd.areal_mol_cm2 AS DOUBLE) END AS nd,
            CASE WHEN CAST(fe.areal_mol_cm2 AS DOUBLE) < 0 THEN 0 ELSE CAST(fe.areal_mol_cm2 AS DOUBLE) END AS fe
          FROM depth_overview AS depth
          JOIN run_overview AS run ON run.run_id = depth.run_id
          LEFT JOIN element_overview AS nd
            ON nd.run_id = depth.run_id AND nd.symbol = 'Nd' AND CAST(nd.label AS BIGINT) = CAST(depth.label AS BIGINT)
          LEFT JOIN element_overview AS fe
            ON fe.run_id = depth.run_id AND fe.symbol = 'Fe' AND CAST(fe.label AS BIGINT) = CAST(depth.label AS BIGINT)
        ) AS part
        GROUP BY run_id, zone
    """,
    "samples": "SELECT sample, count(*) AS runs FROM run_overview GROUP BY sample",
    "reproducibility": (
        "SELECT run_id, sample, CAST(executions AS BIGINT) AS executions, CAST(results AS BIGINT) AS results, last_grade "
        "FROM run_reproducibility"
    ),
    "scans": (
        "SELECT scan_id, sample, CAST(energy_count AS BIGINT) AS energies, CAST(pixel_size_um AS DOUBLE) AS pixel_size_um "
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
    plain.close()
    duck.close()
    assert hashlib.sha256(open(path, "rb").read()).hexdigest() == before, "reading changed the file"


main(*sys.argv[1:])
