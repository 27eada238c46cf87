"""Runs every block of docs/elsewhere.md as it is printed, and compares what it says with the program's answers.

    run_elsewhere.py CATALOG PAGE FOLDER

FOLDER holds the program's answers, queries as NAME.csv: phase-clusters, surface-vs-bulk (at the page's depth); show.json, run-estimates
and run-depth of the newest run that counts; show-tagged.json, run-clusters, run-files, run-parameters, run-executions, run-environment and
run-phases of the tagged run; compare-RUN.json of each run that counts. Texts must be equal, numbers to 1e-9.
"""

import csv
import glob
import hashlib
import importlib.util
import json
import math
import os
import re
import shutil
import subprocess
import sys
import tempfile

import duckdb

BLOCK = re.compile(r"^```(sh|python)\n# use (\d), ([^\n]+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
USES = ["1", "2", "3"]
TOOLS = ["sqlite3", "pandas", "DuckDB"]
PHASE = "Nd-rich"
FILE = "magnets.lode"


class Different(Exception):
    pass


def blocks(page):
    """Language and text of each block, by its use and tool; a block without these on its first line is an error."""
    with open(page, encoding="utf-8") as file:
        text = file.read()
    found = {}
    for language, use, tool, body in BLOCK.findall(text):
        if (use, tool) in found:
            raise Different(f"{page}: use {use}, {tool} is there twice")
        found[use, tool] = (language, body)
    fences = text.count("\n```") // 2
    missing = [f"use {use}, {tool}" for use in USES for tool in TOOLS if (use, tool) not in found]
    if missing:
        raise Different(f"{page}: no block {'; '.join(missing)}")
    if fences != len(found):
        raise Different(f"{page}: {fences} blocks, but only {len(found)} begin with '# use N, TOOL'")
    return found


def home_with_duckdb_reader(folder):
    """A home in which DuckDB finds its SQLite reader without a network."""
    place = importlib.util.find_spec("duckdb_extension_sqlite_scanner").submodule_search_locations[0]
    scanner = glob.glob(f"{place}/**/sqlite_scanner.duckdb_extension", recursive=True)[0]
    platform = duckdb.sql("PRAGMA platform").fetchone()[0]
    extensions = os.path.join(folder, ".duckdb", "extensions", f"v{duckdb.__version__}", platform)
    os.makedirs(extensions)
    os.symlink(scanner, os.path.join(extensions, os.path.basename(scanner)))
    return folder


def run(language, body, work, home):
    """What the block prints, as tables: a list of rows each."""
    command = ["sh", "-e", "-c", body] if language == "sh" else [sys.executable, "-c", body]
    process = subprocess.run(
        command, cwd=work, env=os.environ | {"HOME": home}, capture_output=True, text=True, timeout=120
    )
    if process.returncode != 0 or process.stderr:
        raise Different(f"ended with {process.returncode}: {process.stderr.strip()}")
    tables = [table for table in process.stdout.replace("\r\n", "\n").split("\n\n") if table.strip()]
    return [list(csv.DictReader(table.strip("\n").split("\n"))) for table in tables]


def same(ours, theirs, is_number):
    if not is_number or ours == "" or theirs == "":
        return ours == theirs
    return math.isclose(float(ours), float(theirs), rel_tol=1e-9, abs_tol=1e-300)


def compare(what, rows, expected, keys, numbers=()):
    """Row by row, in any order: those that have the same keys."""
    if not expected:
        raise Different(f"{what}: the program's answer is empty: nothing would be compared")
    ours = {tuple(row[key] for key in keys): row for row in rows}
    theirs = {tuple(row[key] for key in keys): row for row in expected}
    if len(ours) != len(rows) or len(theirs) != len(expected):
        raise Different(f"{what}: rows with the same {', '.join(keys)}")
    if ours.keys() != theirs.keys():
        raise Different(f"{what}: rows {sorted(ours)}, but the program has {sorted(theirs)}")
    for key, answer in theirs.items():
        row = ours[key]
        if row.keys() != answer.keys():
            raise Different(f"{what}: columns {list(row)}, but compared are {list(answer)}")
        for name, value in answer.items():
            if not same(row[name], value, name in numbers):
                raise Different(f"{what}: {name} of {key} is {row[name]!r}, the program says {value!r}")
    return len(rows) * len(rows[0])


class Answers:
    """The program's answers, in the form of the page's tables."""

    def __init__(self, folder):
        self.folder = folder

    def table(self, name):
        with open(f"{self.folder}/{name}.csv", newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    def record(self, name):
        with open(f"{self.folder}/{name}.json", encoding="utf-8") as file:
            return json.load(file)

    def newest(self):
        shown = self.record("show")
        clusters = {str(cluster["label"]): cluster for cluster in shown["clusters"]}
        errors = {(row["cluster"], row["quantity"]): row["error"] for row in self.table("run-estimates")}
        depth = {}
        for row in self.table("run-depth"):
            depth.setdefault(row["cluster"], []).append(row)
        rows = []
        for row in self.table("phase-clusters"):
            if row["run_id"] != shown["run"]:
                continue
            label = row["cluster"]
            bins = [bin for bin in depth[label] if int(bin["bin"]) > 0]
            width = float(bins[-1]["depth_um"]) / int(bins[-1]["bin"])
            pixels = sum(int(bin["pixels"]) for bin in depth[label])
            rows.append({
                "label": label,
                "phase": row["phase"] if row["outcome"] == "assigned" else "",
                "outcome": row["outcome"],
                "score": row["score"],
                "share": clusters[label]["share"],
                "share_error": errors[label, "share"],
                "nd_fraction": clusters[label]["nd_fraction"],
                "nd_fraction_error": errors[label, "Nd.atomic_fraction"],
                "mean_depth_um": sum((int(bin["bin"]) + 0.5) * width * int(bin["pixels"]) for bin in depth[label]) / pixels,
            })
            for name in ["share", "nd_fraction"]:
                if not same(row[name], clusters[label][name], True):
                    raise Different(f"phase-clusters and show differ: {name} of cluster {label}")
        if len(rows) != len(clusters):
            raise Different(f"phase-clusters has {len(rows)} clusters of run {shown['run']}, show {len(clusters)}")
        return rows

    def zones(self):
        rows = []
        for row in self.table("surface-vs-bulk"):
            [sample] = self.record(f"compare-{row['run_id']}")["samples"]
            shares = [phase[f"{row['zone']}_share"]["median"] for phase in sample["phases"] if phase["phase"] == PHASE]
            rows.append({name: row[name] for name in ["sample", "run_id", "zone", "pixels", "nd_fraction"]})
            rows[-1]["nd_rich_share"] = shares[0] if shares else 0
        return rows

    def audit(self, shown):
        """Rows, keys and columns of numbers of each table of use 3."""

        def some(name, *columns, **renamed):
            columns = {column: column for column in columns} | renamed
            return [{ours: row[theirs] for ours, theirs in columns.items()} for row in self.table(name)]

        constant = {"sample": shown["sample"], "run_id": shown["run"], "scan_id": shown["scan"], "result_id": shown["result"]}
        number = some("run-clusters", "nd_fraction", "nd_fraction_error", label="cluster")
        execution = ["execution_id", "purpose", "outcome", "grade", "started_at", "host", "environment_id", "command"]
        phase = ["phase", "outcome", "score", "author", "recorded_at"]
        return {
            "number": ([constant | row for row in number], ["label"], ["nd_fraction", "nd_fraction_error"]),
            "files": (some("run-files", "role", "sha256", "bytes", "seen_at", "path"), ["role", "path"], []),
            "parameters": (some("run-parameters", "name", "value", "unit", "origin", "source"), ["name"], []),
            "executions": (some("run-executions", *execution), ["execution_id"], []),
            "environment": (some("run-environment", "name", "value", "environment_id"), ["name", "environment_id"], []),
            "phases": (some("run-phases", *phase, label="cluster"), ["label"], ["score"]),
        }


def check(use, tables, answers):
    """How many values were compared."""
    if use == "1":
        [rows] = tables
        numbers = ["score", "share", "share_error", "nd_fraction", "nd_fraction_error", "mean_depth_um"]
        return compare("use 1", rows, answers.newest(), ["label"], numbers)
    if use == "2":
        [rows] = tables
        return compare("use 2", rows, answers.zones(), ["run_id", "zone"], ["pixels", "nd_fraction", "nd_rich_share"])
    expected = answers.audit(answers.record("show-tagged"))
    if len(tables) != len(expected):
        raise Different(f"{len(tables)} tables, not {len(expected)}")
    for row in tables[0]:
        if row.pop("is_retracted") not in ("0", "False", "false"):
            raise Different("is_retracted, but the tagged run is not")
    defined = {row["cluster"]: row["definition_id"] != "" for row in answers.table("run-phases")}
    for row in tables[5]:
        rule = row.pop("rule")
        if (rule != "") != defined.get(row["label"]):
            raise Different(f"the rule of cluster {row['label']} is {rule!r}")
        if rule:
            json.loads(rule)
    return sum(
        compare(f"use 3, {name}", rows, theirs, keys, numbers)
        for rows, (name, (theirs, keys, numbers)) in zip(tables, expected.items())
    )


def digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def main(catalog, page, folder):
    if shutil.which("sqlite3") is None:
        raise Different("there is no sqlite3 shell: apt-get install sqlite3")
    found = blocks(page)
    answers = Answers(folder)
    values = 0
    with tempfile.TemporaryDirectory() as work, tempfile.TemporaryDirectory() as home:
        home_with_duckdb_reader(home)
        copy = shutil.copy(catalog, os.path.join(work, FILE))
        before = digest(copy)
        for (use, tool), (language, body) in sorted(found.items()):
            try:
                values += check(use, run(language, body, work, home), answers)
            except Exception as error:
                raise Different(f"use {use}, {tool}: {type(error).__name__}: {error}") from error
            if digest(copy) != before or os.listdir(work) != [FILE]:
                raise Different(f"use {use}, {tool}: changed the catalog, or left a file beside it: {os.listdir(work)}")
    print(f"{len(found)} blocks, {values} values the same")


try:
    main(*sys.argv[1:])
except Different as error:
    sys.exit(f"run_elsewhere.py: {error}")
