#!/usr/bin/env python3
"""Collects small files of one kind from the assets, as a corpus for a fuzz target to start from.

    make_seeds.py tflite FOLDER            (assets: $PARE_ASSETS, or shared/assets beside the checkout)
"""

import argparse
import os
import sys
import tarfile
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


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ending", help="of the file names: tflite, h5, npy...")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--max-bytes", type=int, default=20_000, help="larger files are left out")
    arguments = parser.parse_args()
    assets = Path(os.environ.get("PARE_ASSETS", ROOT.parent / "shared" / "assets"))
    if not assets.is_dir():
        sys.exit(f"no assets at {assets}")
    arguments.folder.mkdir(parents=True, exist_ok=True)
    kept = 0
    for name, data in files_of(assets, "." + arguments.ending):
        if len(data) <= arguments.max_bytes:
            (arguments.folder / name.replace("/", "_")).write_bytes(data)
            kept += 1
    print(f"{kept} files in {arguments.folder}")


if __name__ == "__main__":
    main()
