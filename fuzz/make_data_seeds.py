#!/usr/bin/env python3
"""Writes small files of every kind that data sets are read from, as corpora for the targets of the same names.

    make_data_seeds.py FOLDER      gives FOLDER/{npy,samples,description,image,csv}

Needs NumPy and cjpeg (Debian: libjpeg-turbo-progs).
"""

import gzip
import io
import lzma
import re
import struct
import subprocess
import sys
import tarfile
import wave
import zipfile
import zlib
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
RANDOM = np.random.default_rng(1)
KINDS = ["npz", "npy", "idx", "cifar10", "cifar100", "raw", "raw_files", "images", "sounds", "csv"]  # of SourceKind
TABLES = {
    "plain": b"5.1,3.5,1.4,0\n4.9,3.0,1.3,1\n6.3,3.3,6.0,2\n",
    "header": b"length,width,kind\r\n5.1,3.5,a\r\n4.9,3.0,b\r\n",
    "quoted": b'name,label\n"a ""b"", c",1\n"two\nlines",2\n -1e-3 , 7\n',
    "ragged": b"1,2,3\n4,5\n\n6,7,8\n",
    "files": b"a.bin,x,0\nb.bin,x,1\n",
}


def saved(save, *arrays, **named):
    out = io.BytesIO()
    save(out, *arrays, **named)
    return out.getvalue()


def numpy_files():
    for dtype in ("u1", "i1", "<i2", ">i2", "<i4", "<i8", "<f2", "<f4", ">f4", "<f8", "?", "<u4"):
        yield f"{dtype.strip('<>?') or 'b'}{dtype[0] == '>'}.npy", saved(np.save, np.arange(6).astype(dtype).reshape(2, 3))
    yield "fortran.npy", saved(np.save, np.asfortranarray(np.arange(6.0).reshape(2, 3)))
    yield "scalar.npy", saved(np.save, np.float32(3))
    yield "empty.npy", saved(np.save, np.zeros((0, 4), "f4"))
    pair = {"x": RANDOM.random((4, 3), np.float32), "y": np.arange(4)}
    yield "stored.npz", saved(np.savez, **pair)
    yield "deflated.npz", saved(np.savez_compressed, **pair)


def idx(array):
    codes = {"uint8": 8, "int8": 9, "int16": 11, "int32": 12, "float32": 13, "float64": 14}
    head = bytes([0, 0, codes[array.dtype.name], array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return head + array.astype(array.dtype.newbyteorder(">")).tobytes()


def png(depth, color, interlaced=0, size=(5, 4)):
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[color]

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    width, height = size
    passes = [(width, height)]
    if interlaced:  # Adam7: origin and step of each pass
        steps = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
        passes = [(-((x - width) // dx), -((y - height) // dy)) for x, y, dx, dy in steps]
    rows = b""
    for w, h in passes:
        for y in range(h if w > 0 else 0):
            rows += bytes([y % 5]) + RANDOM.bytes((w * depth * channels + 7) // 8)
    palette = chunk(b"PLTE", RANDOM.bytes(3 << depth)) + chunk(b"tRNS", b"\0\x80") if color == 3 else b""
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, interlaced)) +
            palette + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def jpeg(channels, *options):
    head = b"P%d 17 11 255\n" % (6 if channels == 3 else 5)
    return subprocess.run(["cjpeg", *options], input=head + RANDOM.bytes(17 * 11 * channels), capture_output=True, check=True).stdout


def images():
    for depth, color in [(1, 0), (2, 0), (4, 0), (8, 0), (16, 0), (8, 2), (16, 2), (1, 3), (4, 3), (8, 3), (8, 4), (16, 4), (8, 6), (16, 6)]:
        yield f"{color}_{depth}.png", png(depth, color)
    yield "interlaced.png", png(8, 2, interlaced=1)
    yield "color.jpg", jpeg(3)
    yield "full.jpg", jpeg(3, "-sample", "1x1", "-optimize")
    yield "progressive.jpg", jpeg(3, "-progressive")
    yield "arithmetic.jpg", jpeg(3, "-arithmetic")
    yield "restart.jpg", jpeg(3, "-restart", "1")
    yield "grey.jpg", jpeg(1)
    yield "grey_progressive.jpg", jpeg(1, "-progressive")


def tarred(files):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return out.getvalue()


def zipped(files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def wav(channels=1, rate=16000, frames=9):
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setparams((channels, 2, rate, 0, "NONE", ""))
        file.writeframes(RANDOM.bytes(2 * channels * frames))
    return out.getvalue()


def samples():
    """(kind, name, bytes) of whole data sets."""
    for name, data in numpy_files():
        yield name[-3:], name, data
    yield "idx", "pixels", idx(RANDOM.integers(0, 255, (3, 4, 4), np.uint8))
    yield "idx", "floats", idx(RANDOM.random((2, 3), np.float32))
    yield "cifar10", "records", RANDOM.bytes(3073 * 2)
    yield "cifar100", "records", RANDOM.bytes(3074 * 2)
    yield "raw", "records", RANDOM.bytes(18)
    raw = {"a.bin": RANDOM.bytes(6), "b.bin": RANDOM.bytes(6), "y_labels.csv": TABLES["files"]}
    pictures = {"cat/0.png": png(8, 2), "cat/1.jpg": jpeg(3), "dog/0.png": png(8, 0)}
    sounds = {"no/0.wav": wav(), "no/1.wav": wav(channels=2), "yes/0.wav": wav(rate=8000)}
    for kind, files in (("raw_files", raw), ("images", pictures), ("sounds", sounds)):
        tar = tarred(files)
        yield kind, "tar", tar
        yield kind, "tar_gz", gzip.compress(tar)
        yield kind, "tar_xz", lzma.compress(tar)
        yield kind, "zip", zipped(files)
    for name, data in TABLES.items():
        yield "csv", name, data
    yield "csv", "gz", gzip.compress(TABLES["plain"])
    yield "idx", "gz", gzip.compress(idx(np.zeros((2, 2, 2), np.uint8)))


def descriptions():
    for path in sorted((ROOT / "tests" / "data_sets").glob("*.toml")):
        yield path.name, path.read_bytes()
    for i, block in enumerate(re.findall(r"```toml\n(.*?)```", (ROOT / "docs" / "data_sets.md").read_text(), re.S)):
        yield f"docs_{i}.toml", block.encode()


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    corpora = {
        "npy": numpy_files(),
        "samples": ((f"{kind}_{name}", bytes([KINDS.index(kind)]) + data) for kind, name, data in samples()),
        "description": descriptions(),
        "image": images(),
        "csv": TABLES.items(),
    }
    for target, files in corpora.items():
        folder = Path(sys.argv[1]) / target
        folder.mkdir(parents=True, exist_ok=True)
        kept = [(folder / name).write_bytes(data) for name, data in files]
        print(f"{len(kept)} files in {folder}")


if __name__ == "__main__":
    main()
