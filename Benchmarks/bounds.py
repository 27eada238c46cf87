"""What no program can beat on this machine: how fast memory is copied, files are read from the page cache, and what was read is
digested (SHA-256, OpenSSL's), on all cores.

    bounds.py FILE...

Prints bytes a second as JSON, the best of ten each. A copy counts what is read and what is written.
"""
import hashlib
import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy

from record import cores


def best(seconds_of, times=10):
    return min(seconds_of() for _ in range(times))


def copy_rate(pool, size=256 << 20):
    """Far larger than the caches; each thread copies a part."""
    source, target = numpy.ones(size, numpy.uint8), numpy.ones(size, numpy.uint8)
    parts = list(zip(numpy.array_split(target, cores()), numpy.array_split(source, cores())))

    def seconds():
        start = time.perf_counter()
        list(pool.map(lambda part: numpy.copyto(*part), parts))
        return time.perf_counter() - start

    return 2 * size / best(seconds)


def read_rate(pool, paths, block=1 << 18):
    """Each thread reads a part of each file into a buffer that stays in its cache."""
    files = [os.open(path, os.O_RDONLY) for path in paths]
    sizes = [os.fstat(file).st_size for file in files]

    def read(part):
        buffer = [bytearray(block)]
        for file, size in zip(files, sizes):
            for offset in range(part * size // cores(), (part + 1) * size // cores(), block):
                os.preadv(file, buffer, offset)

    def seconds():
        start = time.perf_counter()
        list(pool.map(read, range(cores())))
        return time.perf_counter() - start

    return sum(sizes) / best(seconds)


def digest_rate(pool, size=32 << 20):
    parts = [bytes(size)] * cores()

    def seconds():
        start = time.perf_counter()
        list(pool.map(lambda part: hashlib.sha256(part).digest(), parts))
        return time.perf_counter() - start

    return size * cores() / best(seconds)


def main():
    with ThreadPoolExecutor(cores()) as pool:
        print(json.dumps({"copy": copy_rate(pool), "read": read_rate(pool, sys.argv[1:]), "digest": digest_rate(pool)}))


if __name__ == "__main__":
    main()
