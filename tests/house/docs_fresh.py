"""Checks that docs/reference/ holds what the program would write: docs_fresh.py PARE."""

import filecmp
import pathlib
import subprocess
import sys
import tempfile

PAGES = pathlib.Path(__file__).resolve().parents[2] / "docs" / "reference"


def main(program):
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([program, "docs", "-o", folder], check=True)
        written = {path.name for path in pathlib.Path(folder).iterdir()}
        kept = {path.name for path in PAGES.iterdir()}
        stale = sorted(written ^ kept) + filecmp.cmpfiles(folder, PAGES, sorted(written & kept), shallow=False)[1]
    if stale:
        print(f"docs/reference is stale ({', '.join(stale)}); run `make docs` and commit")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
