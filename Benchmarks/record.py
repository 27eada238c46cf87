"""What was measured where: the machine, the versions, and the record of each kind of machine in records/."""
import datetime
import importlib.metadata
import os
import platform
import re
import subprocess

FOLDER = os.path.dirname(os.path.abspath(__file__))


def cores():
    """Those that this process may use."""
    return len(os.sched_getaffinity(0))


def processor(field="model name"):
    with open("/proc/cpuinfo") as info:
        return next((line.split(":")[1].strip() for line in info if line.split(":")[0].strip() == field), "unknown")


def machine():
    """One line: cores, processor, memory, system."""
    sets = [name for name, flag in (("AVX-512", "avx512vl"), ("AVX2", "avx2")) if flag in processor("flags").split()]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (f"{cores()} cores of {processor()} (family {processor('cpu family')}, model {processor('model')}"
            f"{', ' + sets[0] if sets else ''}), {memory:.0f} GiB, {platform.freedesktop_os_release()['PRETTY_NAME']}")


def first_line(*command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, cwd=FOLDER)
    except FileNotFoundError:
        return ""
    return (done.stdout.strip().splitlines() or [""])[0]


def swift():
    version = re.search(r"version (\S+)", first_line("swift", "--version"))
    return version.group(1) if version else "unknown"


def commit():
    changed = first_line("git", "status", "--porcelain", "--", "../Sources", "../Package.swift")
    return first_line("git", "rev-parse", "--short=10", "HEAD") + (" with changes" if changed else "")


def versions(*packages):
    """One line: date, commit, Swift, Python and its packages."""
    parts = [f"{datetime.date.today()}", f"commit {commit()}", f"Swift {swift()}", f"Python {platform.python_version()}"]
    return ", ".join(parts + [f"{package} {importlib.metadata.version(package)}" for package in packages])


def write(title, text):
    """Writes a section of the record of this kind of machine, in place of an earlier one of the same title. The path."""
    name = re.sub(r"[^a-z0-9]+", "-", f"{cores()}-{processor()}".lower()).strip("-")
    path = os.path.join(FOLDER, "records", name + ".md")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    sections = [f"# {cores()} cores, {processor()}\n"]
    if os.path.exists(path):
        with open(path) as file:
            sections = re.split(r"^(?=## )", file.read(), flags=re.MULTILINE)
    section = f"## {title}\n\n{text}\n"
    place = next((i for i, old in enumerate(sections) if old.startswith(f"## {title}\n")), len(sections))
    sections[place:place + 1] = [section]
    with open(path, "w") as file:
        file.write("\n".join(part.strip() + "\n" for part in sections))
    return path
