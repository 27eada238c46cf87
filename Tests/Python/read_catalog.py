"""Reads a catalog as its users do: sqlite3, pandas, tifffile. Prints every value of every view.

A line a value: view, row, column, and the value, floats as the 16 digits of their bits; for a map the
decoded samples as hex. What sqlite3 and pandas read differently, or may change, ends it with an error.
"""

import io
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
        assert samples.ndim == 2 and samples.dtype == numpy.int16, (samples.shape, samples.dtype)
        return samples.astype("<i2").tobytes().hex()
    return str(value)


def same(a, b):
    """Whether pandas holds what sqlite3 read, to the last bit."""
    if a is None:
        return b is None or b != b
    return text_of(a) == text_of(type(a)(b)) if not isinstance(a, bytes) else a == b


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
        for statement in [
            f"UPDATE {table} SET rowid = rowid",
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
