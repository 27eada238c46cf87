"""Counts the instructions of small fixed cases, and compares them with the record, instructions.json.

Time says little on a machine that others use too; the number of instructions is the same to a ten-thousandth (--noise). They
are counted by valgrind, which shows every program the same processor (one with AVX2, without AVX-512), so that this program's
kernels and those of its libraries are the same on all machines. One core, so that no thread waits for another; no randomness
in hashes; a copy of the program without debugging information, which an ingest would digest and valgrind cannot read.

A case that comes to more than the tolerance above its record is a regression, and the modules say where. One that comes to as
much below it fails too: as long as the record says more than is needed, what is lost again would not be seen. Renew it
(--write) with the change that makes the program faster, or that makes it do more. Where the compiler or valgrind is another
than the record's, nothing is compared.

Needs only Python's own library. Exit code 1: a case is beyond the tolerance.
"""
import argparse
import array
import concurrent.futures
import json
import os
import platform
import random
import re
import shutil
import subprocess
import sys
import tempfile

import record

RECORD = os.path.join(record.FOLDER, "instructions.json")
TOLERANCE = 0.02
LIBRARIES = ["libc6", "libsqlite3-0", "libtiff6", "libpng16-16", "libssl3", "libxrl11", "liblapack3", "libkissfft-float131"]


class Cases:
    """The files of the cases, and their commands."""

    def __init__(self, program, folder):
        self.program = shutil.copy(program, folder + "/lodestone")
        subprocess.run(["strip", "--strip-debug", self.program], check=True)
        self.folder = folder
        self.environment = {
            "PATH": "/usr/bin:/bin", "HOME": folder, "LC_ALL": "C.UTF-8", "TZ": "UTC", "LODESTONE_CACHE_SIZE": "0",
            "SWIFT_DETERMINISTIC_HASHING": "1"}
        if "LD_LIBRARY_PATH" in os.environ:
            self.environment["LD_LIBRARY_PATH"] = os.environ["LD_LIBRARY_PATH"]
        self.run("example", "scan", "--height", "128", "--width", "128", "--energies", "32")
        for catalog in ("asked.lode", "new.lode"):
            self.run("init", catalog)
        self.run("ingest", "scan", "--sample", "x", "--catalog", "asked.lode")
        write_points(folder + "/points.npy")
        cluster = ["cluster", "points.npy", "--min-points", "10", "--radius"]
        self.commands = {
            "version": ["--version"],
            "ingest": ["ingest", "scan", "--sample", "x", "--catalog", "new.lode"],
            "cluster, given radius": [*cluster, "0.5", "--labels", "given.csv"],
            "cluster, chosen radius": [*cluster, "auto", "--labels", "chosen.csv"],
            "query": ["query", "surface-vs-bulk", "--param", "surface_depth_um=0.5", "--catalog", "asked.lode"],
        }

    def run(self, *words, before=()):
        done = subprocess.run([*before, self.program, *words], cwd=self.folder, env=self.environment, capture_output=True,
                              text=True)
        if done.returncode:
            sys.exit(f"lodestone {' '.join(words)}: exit code {done.returncode}: {done.stderr}")

    def count(self, name):
        """The instructions of a case by module."""
        counts = f"{self.folder}/{name}.counts"
        core = str(min(os.sched_getaffinity(0)))
        self.run(*self.commands[name], before=[
            "taskset", "--cpu-list", core, "valgrind", "--tool=callgrind", "--quiet", "--demangle=no",
            f"--callgrind-out-file={counts}"])
        return by_module(counts, self.program)


def write_points(path, count=20_000, dimensions=4):
    """Five clouds of points, each coordinate a sum of uniform numbers: no library's rounding is in them."""
    generator = random.Random(1)
    centres = [[generator.uniform(0, 10) for _ in range(dimensions)] for _ in range(5)]
    values = array.array("f")
    for number in range(count):
        values.extend(centre + sum(generator.uniform(-0.5, 0.5) for _ in range(6)) for centre in centres[number % 5])
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({count}, {dimensions}), }}"
    with open(path, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + (117).to_bytes(2, "little") + header.ljust(116).encode() + b"\n")
        values.tofile(file)


def by_module(path, program):
    """Sums a file of callgrind: lines of cost under the object and the function that they belong to. The line after `calls=` is
    of what was called, which has lines of its own."""
    names, sums = {"ob": {}, "fn": {}}, {}
    module = None
    place = {"ob": None, "fn": None}
    with open(path) as file:
        lines = iter(file)
        for line in lines:
            named = re.match(r"c?(ob|fn)=\((\d+)\)(?: (.*))?", line)
            if named:
                kind, number, name = named.groups()
                if name is not None:
                    names[kind][number] = name
                if not line.startswith("c"):
                    place[kind] = names[kind][number]
                    module = None
            elif line.startswith("calls="):
                next(lines)
            elif line[0] in "+-*0123456789":
                module = module or module_of(place["ob"], place["fn"], program)
                sums[module] = sums.get(module, 0) + int(line.split()[1])
    total = sum(sums.values())
    small = [module for module, count in sums.items() if count < total / 1000]
    sums["others"] = sum(sums.pop(module) for module in small)
    return sums


def module_of(path, function, program):
    if os.path.basename(path) != os.path.basename(program):
        return re.sub(r"\.so.*|-linux-.*", "", os.path.basename(path))
    swift = re.match(r"\$s(\d+)", function)
    if swift:
        return function[swift.end():swift.end() + int(swift.group(1))]
    if function.startswith("spectra_"):
        return "CSpectraKernels"
    if re.match(r"clustering_|.*_(avx512|avx2|baseline)$", function):
        return "CClusteringKernels"
    return "Swift's generics" if function.startswith("$s") else "others"


def surroundings():
    """What counts depend on besides the code."""
    def versions(lines):
        return dict(line.split("\t") for line in lines if "\t" in line)

    installed = subprocess.run(["dpkg-query", "--show", "--showformat=${Package}\t${Version}\n", *LIBRARIES],
                               capture_output=True, text=True).stdout.splitlines()
    with open(os.path.join(record.FOLDER, "../Package.resolved")) as file:
        packages = {pin["identity"]: pin["state"]["version"] for pin in json.load(file)["pins"]}
    return {"swift": record.swift(), "valgrind": record.first_line("valgrind", "--version"), "machine": platform.machine(),
            "libraries": {**versions(installed), **packages}}


def measured(program):
    """The instructions of every case, by module."""
    with tempfile.TemporaryDirectory() as folder:
        cases = Cases(program, folder)
        with concurrent.futures.ThreadPoolExecutor(record.cores()) as pool:
            return dict(zip(cases.commands, pool.map(cases.count, cases.commands)))


def compare(recorded, counts):
    """Prints the table; whether all is within the tolerance."""
    good = True
    print("| case | recorded, million | now, million | change |\n|---|---|---|---|")
    for name, modules in counts.items():
        was = recorded.get(name, {})
        before, now = sum(was.values()), sum(modules.values())
        if not before:
            print(f"| {name} | | {now / 1e6:.2f} | new: RENEW the record |")
            good = False
            continue
        change = now / before - 1
        word = " MORE" if change > TOLERANCE else " less: RENEW the record" if change < -TOLERANCE else ""
        print(f"| {name} | {before / 1e6:.2f} | {now / 1e6:.2f} | {change:+.2%}{word} |")
        if not word:
            continue
        good = False
        moved = {module: modules.get(module, 0) - was.get(module, 0) for module in {*modules, *was}}
        for module, more in sorted(moved.items(), key=lambda item: -abs(item[1]))[:6]:
            print(f"| - {module} | {was.get(module, 0) / 1e6:.2f} | {modules.get(module, 0) / 1e6:.2f} "
                  f"| {more / before:+.2%} of the case |")
    return good


def tell_noise(program, times):
    """Prints how the counts of the same program differ."""
    totals = {}
    for _ in range(times):
        for name, modules in measured(program).items():
            totals.setdefault(name, []).append(sum(modules.values()))
    for name, counts in totals.items():
        print(f"{name}: {min(counts)} to {max(counts)}, {max(counts) / min(counts) - 1:.4%}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("lodestone", help="the program")
    parser.add_argument("--write", action="store_true", help="renew the record")
    parser.add_argument("--noise", type=int, metavar="N", help="count each case so often, and tell how the counts differ")
    arguments = parser.parse_args()
    if platform.machine() == "x86_64" and "avx2" not in record.processor("flags").split():
        print("SKIPPED: counts of instructions: valgrind shows a processor with AVX2 only where there is one")
        return 0
    if arguments.noise:
        return tell_noise(arguments.lodestone, arguments.noise)
    here = surroundings()
    if arguments.write:
        counts = measured(arguments.lodestone)
        with open(RECORD, "w") as file:
            json.dump({"commit": record.commit(), "with": here, "cases": counts}, file, indent=1, sort_keys=True)
            file.write("\n")
        for name, modules in counts.items():
            print(f"{name}: {sum(modules.values()) / 1e6:.2f} million")
        return 0
    with open(RECORD) as file:
        recorded = json.load(file)
    differs = [f"{name} {was}, here {here[name]}" for name, was in recorded["with"].items()
               if name != "libraries" and was != here[name]]
    if differs:
        print(f"SKIPPED: counts of instructions: the record was made with {'; '.join(differs)}: they are not those of the same "
              "code. Scripts/instructions.sh --write renews it")
        return 0
    good = compare(recorded["cases"], measured(arguments.lodestone))
    for name, version in here["libraries"].items():
        if recorded["with"]["libraries"].get(name) != version:
            print(f"{name} is {version}, the record's {recorded['with']['libraries'].get(name)}")
    if not good:
        print(f"Beyond the tolerance of {TOLERANCE:.0%}: where that is meant, Scripts/instructions.sh --write renews the record, "
              "Benchmarks/instructions.json")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
