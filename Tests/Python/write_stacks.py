"""Writes one small stack the way other programs write it, for the tests of StackIO to read.

usage: write_stacks.py FOLDER

Each file holds the same five frames of 7 x 5 pixels: counts 1000 * frame + 10 * row + column.
"""

import sys
from pathlib import Path

import numpy
import tifffile

folder = Path(sys.argv[1])
rows, columns = numpy.mgrid[0:7, 0:5]
stack = numpy.stack([1000 * k + 10 * rows + columns for k in range(5)]).astype(numpy.uint16)
energies = [7100.0, 7110.0, 7112.5, 7120.0, 7150.0]
labels = [f"sample_{energy:08.1f}_eV" for energy in energies]

# ImageJ: labels, calibrated; then a single directory before contiguous images, as above 4 GB.
calibration = {"resolution": (1 / 0.0245, 1 / 0.0245)}
tifffile.imwrite(folder / "imagej.tif", stack, imagej=True, metadata={"axes": "ZYX", "unit": "um", "Labels": labels}, **calibration)
tifffile.imwrite(folder / "imagej_big_endian.tif", stack, imagej=True, byteorder=">", metadata={"axes": "TYX", "unit": "\\u00B5m", "Labels": labels}, **calibration)
with tifffile.TiffWriter(folder / "imagej_one_directory.tif", imagej=True, byteorder=">") as writer:
    writer.write(stack, truncate=True, metadata={"axes": "ZYX", "unit": "nm", "Labels": labels}, resolution=(1 / 24.5, 1 / 24.5))
tifffile.imwrite(folder / "imagej_hyperstack.tif", numpy.stack([stack, stack], axis=1), imagej=True, metadata={"axes": "ZCYX"})

# OME: pixel size in nm, exposures by plane.
ome = {"axes": "ZYX", "PhysicalSizeX": 24.5, "PhysicalSizeXUnit": "nm", "PhysicalSizeY": 24.5, "PhysicalSizeYUnit": "nm", "Plane": {"ExposureTime": [0.5] * 5, "ExposureTimeUnit": ["s"] * 5}}
tifffile.imwrite(folder / "stack.ome.tif", stack, metadata=ome)

# Plain files: sizes of offsets, byte orders, layouts, types, resolution in centimetres, an exposure tag.
exposure = [(33434, "2I", 1, (1, 4), True)]
tifffile.imwrite(folder / "plain.tif", stack, photometric="minisblack", metadata=None, extratags=exposure)
tifffile.imwrite(folder / "bigtiff_tiles.tif", stack, photometric="minisblack", metadata=None, bigtiff=True, tile=(16, 16), byteorder=">")
tifffile.imwrite(folder / "deflate_strips.tif", stack, photometric="minisblack", metadata=None, compression="zlib", rowsperstrip=3)
tifffile.imwrite(folder / "resolution.tif", stack, photometric="minisblack", metadata=None, resolution=(1e4 / 0.0245, 1e4 / 0.0245), resolutionunit="CENTIMETER")
tifffile.imwrite(folder / "printer.tif", stack, photometric="minisblack", metadata=None, resolution=(300, 300), resolutionunit="INCH")
for type_name in ["uint8", "int16", "uint32", "int32", "float16", "float32", "float64", "uint64"]:
    values = (stack % 256 if type_name == "uint8" else stack).astype(type_name)
    tifffile.imwrite(folder / f"type_{type_name}.tif", values, photometric="minisblack", metadata=None)
with tifffile.TiffWriter(folder / "page_names.tif") as writer:
    for frame, label in zip(stack, labels):
        writer.write(frame, photometric="minisblack", metadata=None, extratags=[(285, "s", 0, label, True)], contiguous=False)
(folder / "energies.txt").write_text("".join(f"{energy}\n" for energy in energies))
