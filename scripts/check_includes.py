#!/usr/bin/env python3
"""Checks that includes go one way between the folders of src/ (docs/dev/layout.md), and that only the engine sees oneDNN."""

import pathlib
import re
import sys

# Every folder may include itself and those named here; what a folder may include, it includes through those too.
BELOW = {
    "base": [],
    "ir": ["base"],
    "ops": ["ir"],
    "formats": ["ops"],
    "passes": ["ops"],
    "engine": ["ops"],
    "quant": ["formats", "passes", "engine"],
    "compress": ["formats", "passes", "engine"],
    "data": ["formats", "passes", "engine"],
    "eval": ["formats", "passes", "engine", "data"],
    "train": ["quant", "compress", "data", "eval"],
    "steps": ["train"],
    "report": ["steps"],
    "facade": ["report"],
    "cli": ["report"],
}
INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]', re.MULTILINE)


def allowed(folder):
    reached, waiting = set(), [folder]
    while waiting:
        current = waiting.pop()
        if current not in reached:
            reached.add(current)
            waiting += BELOW[current]
    return reached


def folder_of(path):
    """The folder whose rules hold for a file below src/: kernels beside their operators belong to the engine."""
    folder = path.parts[0]
    kernels = path.stem.removesuffix("_test").endswith(("_exec", "_kernels")) or path.stem.startswith(("kernel_", "onednn_", "channel_")) or path.stem.endswith("_integer")
    return "engine" if folder == "ops" and kernels else folder


def check(source_root):
    problems = []
    for path in sorted(source_root.rglob("*")):
        if path.suffix not in (".h", ".cpp", ".inc"):
            continue
        relative = path.relative_to(source_root)
        if len(relative.parts) < 2:
            continue
        folder = folder_of(relative)
        if folder not in BELOW:
            problems.append(f"{relative}: the folder '{folder}' has no place in the order; name it in {sys.argv[0]}")
            continue
        # A test may use the engine to compare numbers before and after what it tests.
        reach = allowed(folder) | (allowed("engine") if path.stem.endswith("_test") else set())
        for quote, target in INCLUDE.findall(path.read_text(encoding="utf-8")):
            first = folder_of(pathlib.PurePath(target))
            if quote == '"' and first in BELOW and "/" in target and first not in reach:
                problems.append(f"{relative}: includes {target}, which lies above or beside '{folder}'")
            if target.startswith("dnnl") and folder != "engine":
                problems.append(f"{relative}: includes {target}; only the engine sees oneDNN")
    return problems


if __name__ == "__main__":
    found = check(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "src"))
    print("\n".join(found) if found else "includes go one way")
    sys.exit(1 if found else 0)
