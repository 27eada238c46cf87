"""The whole process of each stored query on catalogs of 1,000 and 10,000 runs, beside the sqlite3 shell with the same SQL."""

import argparse
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent


def header(sql):
    """The parameters of a query: name, type and default; None where it must be given."""
    found = re.findall(r"^-- :(\S+) (\w+)(?: \(\S+\))?(?: = (\S+))?", sql, re.MULTILINE)
    return [(name, kind, default or None) for name, kind, default in found]


def milliseconds(command, rounds, stdin=None):
    """Times of the whole process, its output thrown away, after one run that is not counted."""
    times = []
    for _ in range(rounds + 1):
        with open(stdin or "/dev/null", "rb") as script:
            start = time.perf_counter()
            subprocess.run(command, stdin=script, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=True)
            times.append(1000 * (time.perf_counter() - start))
    return times[1:]


def shell_script(sql, run, target):
    """What the shell is given: the parameters, and the query's file as it is."""
    lines = [".parameter init", ".mode csv", ".headers on"]
    for name, kind, default in header(sql):
        value = run if name == "run" else default if default is not None else "*"
        text = f"'{value}'" if kind == "text" else value
        lines.append(f"INSERT INTO temp.sqlite_parameters VALUES (':{name}', {text});")
    target.write_text("\n".join(lines) + "\n" + sql + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program")
    parser.add_argument("--runs", type=int, nargs="+", default=[1000, 10000], help="sizes of catalogs")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--format", default="csv", help="of lodestone's answers; the shell writes csv")
    parser.add_argument("--only", default="", help="a pattern of the queries' names")
    parser.add_argument("--folder", type=Path, help="where the catalogs are kept (default: a temporary folder)")
    given = parser.parse_args()

    build = ["swift", "build", "--configuration", "release"]
    subprocess.run([*build, "--product", "catalog-maker", "--quiet"], cwd=HOME, check=True, stdout=sys.stderr)
    maker = Path(given.program).with_name("catalog-maker")
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.folder or Path(temporary)
        times = milliseconds([given.program, "--version"], given.rounds)
        print(f"Start (--version): {min(times):.1f} / {statistics.median(times):.1f} / {max(times):.1f} ms\n")
        for runs in given.runs:
            catalog = folder / f"benchmark-{runs}.lode"
            if not catalog.exists():
                print(f"Making {catalog} ...", file=sys.stderr)
                subprocess.run([maker, catalog, str(runs)], check=True)
            measure(given, catalog, runs, Path(temporary) / "query.sql")


def measure(given, catalog, runs, script):
    print(f"A catalog of {runs} runs, {catalog.stat().st_size / 1e6:.0f} MB; the whole process, min / median / max in ms\n")
    print("| query | rows | lodestone | sqlite3 | ratio |\n|---|---:|---:|---:|---:|")
    ask = [given.program, "query"]
    where = ["--catalog", str(catalog)]
    first = subprocess.run(
        ["sqlite3", "-readonly", catalog, "SELECT run_id FROM run_overview ORDER BY run_key DESC LIMIT 1"],
        check=True, capture_output=True, text=True).stdout.strip()
    for file in sorted((HOME / "queries").glob("*.sql")):
        if not re.search(given.only, file.stem):
            continue
        sql = file.read_text()
        shell_script(sql, first, script)
        own = [*ask, file.stem, *where]
        for name, _, default in header(sql):
            if name == "run":
                own += ["--param", f"run={first}"]
            elif default is None:
                own += ["--param", f"{name}=*"]
        answer = subprocess.run([*own, "--format", "csv"], check=True, capture_output=True).stdout
        mine = milliseconds([*own, "--format", given.format], given.rounds)
        theirs = milliseconds(["sqlite3", "-readonly", str(catalog)], given.rounds, stdin=script)
        cells = [" / ".join(f"{f(t):.1f}" for f in (min, statistics.median, max)) for t in (mine, theirs)]
        ratio = statistics.median(mine) / statistics.median(theirs)
        print(f"| {file.stem} | {answer.count(10) - 1} | {cells[0]} | {cells[1]} | {ratio:.2f} |", flush=True)
    print()


main()
