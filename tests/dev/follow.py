"""Does what a page of docs/dev says: follow.py PAGE SOURCE TARGET

Writes each code block under the path that the page names in front of it, below TARGET, and each list of the project (SOURCE) that
the page adds a line to, with that line in alphabetical order. Prints the files written.
"""

import pathlib
import re
import sys

BLOCK = re.compile(r"`(src/[\w/]+\.cpp)`(?:(?!```)[\s\S])*?```cpp\n([\s\S]*?)```")
EDIT = re.compile(r"`(PARE_\w+\(.*?\))` in `(src/[\w/]+\.inc)`")


def files(page, source):
    text = page.read_text(encoding="utf-8")
    for path, code in BLOCK.findall(text):
        yield path, "\n".join(line.removeprefix("   ") for line in code.splitlines()) + "\n"
    for line, path in EDIT.findall(text):
        old = (source / path).read_text(encoding="utf-8").splitlines()
        heading = [each for each in old if not each.startswith("PARE_")]
        yield path, "\n".join(heading + sorted([each for each in old if each.startswith("PARE_")] + [line])) + "\n"


def main(page, source, target):
    for path, content in files(pathlib.Path(page), pathlib.Path(source)):
        written = pathlib.Path(target) / path
        written.parent.mkdir(parents=True, exist_ok=True)
        written.write_text(content, encoding="utf-8")
        print(written)


if __name__ == "__main__":
    main(*sys.argv[1:])
