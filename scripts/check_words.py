#!/usr/bin/env python3
"""Checks that no file of the project holds unfinished marks or paths of one computer, and that documents name files that exist."""

import pathlib
import re
import subprocess
import sys

FORBIDDEN = {
    r"\b(TODO|FIXME|XXX|HACK)\b": "an unfinished mark",
    r"(?<![\w.])/(work|home|root|tmp/\w)/": "a path of one computer",
    r"<<<<<<< |>>>>>>> ": "a mark of an unresolved merge",
    r"\bfor now\b": "a promise; say what holds",
}
# A file or a folder of the project in a document; patterns, such as bench/*_peers.py, are left alone, and so are the guides of docs/dev,
# whose readers write files.
NAMED_FILE = r"`((?:bench|docs|examples|fuzz|include|scripts|src|testing|tests)/[\w./-]+)(?=[` ])"
# Where the word is the subject.
EXCEPTIONS = {"scripts/check_words.py"}


def tracked(root):
    listed = subprocess.run(["git", "-C", root, "ls-files"], capture_output=True, text=True)
    if listed.returncode == 0:
        return listed.stdout.splitlines()
    return [path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file() and "build" not in path.parts]


def names_a_file(root, named):
    """Also without its ending, such as src/engine/winograd for the header and the source."""
    path = root / named
    return path.exists() or any(path.parent.glob(path.name + ".*"))


def check(root):
    problems = []
    for name in tracked(root):
        path = root / name
        if name in EXCEPTIONS or not path.is_file():
            continue
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError:
            continue  # a model, an image, an archive
        for number, line in enumerate(lines, 1):
            for pattern, reason in FORBIDDEN.items():
                if re.search(pattern, line):
                    problems.append(f"{name}:{number}: {reason}: {line.strip()[:100]}")
            for named in re.findall(NAMED_FILE, line) if name.endswith(".md") and not name.startswith("docs/dev/") else []:
                if not names_a_file(root, named):
                    problems.append(f"{name}:{number}: there is no {named}")
    return problems


if __name__ == "__main__":
    found = check(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "."))
    print("\n".join(found) if found else "nothing unfinished")
    sys.exit(1 if found else 0)
