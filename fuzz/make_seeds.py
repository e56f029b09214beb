#!/usr/bin/env python3
"""Collects small files of one kind from the assets, as a corpus for a fuzz target to start from.

    make_seeds.py tflite FOLDER                          (assets: $PARE_ASSETS, or shared/assets beside the checkout)
    make_seeds.py tflite FOLDER --as pare --pare P       the same, converted by the program P
"""

import argparse
import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def files_of(assets, ending):
    """Yields (name, bytes) of the files with this ending, those inside archives included."""
    for path in sorted(assets.rglob("*")):
        if path.name.endswith(ending):
            yield path.relative_to(assets).as_posix(), path.read_bytes()
        elif path.name.endswith((".tar.xz", ".tar.gz")):
            with tarfile.open(path) as archive:
                for member in archive:
                    if member.isfile() and member.name.endswith(ending):
                        yield f"{path.name}/{member.name}", archive.extractfile(member).read()


def converted(program, name, data, ending):
    """The bytes of the file in another format; None where the program refuses it."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / Path(name).name, Path(folder) / f"converted.{ending}"
        source.write_bytes(data)
        done = subprocess.run([program, "convert", source, "-o", target], capture_output=True)
        return target.read_bytes() if done.returncode == 0 else None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ending", help="of the file names: tflite, h5, npy...")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--max-bytes", type=int, default=20_000, help="larger files are left out")
    parser.add_argument("--as", dest="target", help="format to convert them to")
    parser.add_argument("--pare", help="the program that converts")
    arguments = parser.parse_args()
    if bool(arguments.target) != bool(arguments.pare):
        parser.error("--as and --pare go together")
    assets = Path(os.environ.get("PARE_ASSETS", ROOT.parent / "shared" / "assets"))
    if not assets.is_dir():
        sys.exit(f"no assets at {assets}")
    arguments.folder.mkdir(parents=True, exist_ok=True)
    kept = 0
    for name, data in files_of(assets, "." + arguments.ending):
        if len(data) > arguments.max_bytes:
            continue
        if arguments.target:
            data = converted(arguments.pare, name, data, arguments.target)
            name = f"{name}.{arguments.target}"
        if data is not None:
            (arguments.folder / name.replace("/", "_")).write_bytes(data)
            kept += 1
    print(f"{kept} files in {arguments.folder}")


if __name__ == "__main__":
    main()
