#!/usr/bin/env python3
"""Checks the limits on lines: source file 600, header 300, function 60 (120 in kernels). Exceptions stand in EXCEPTIONS."""

import pathlib
import re
import sys

SOURCE, HEADER, FUNCTION, KERNEL = 600, 300, 60, 120
FOLDERS = ("src", "include", "testing", "tests", "bench", "fuzz", "examples")

# Path, or path:function, and why it may be longer.
EXCEPTIONS = {
    "src/ops/shape_rules_test.cpp:place_cases": "a table of cases",
}

# A function's opening line after formatting: starts at most at one level of indentation and ends in "{".
OPENING = re.compile(r"^(  )?(?:[A-Za-z_~].*)?\b(~?[A-Za-z_]\w*)\(.*\{$")
NOT_FUNCTIONS = ("if", "for", "while", "switch", "catch", "namespace", "struct", "class", "enum", "do", "else", "return")


def long_functions(lines, limit):
    """(name, first line, length) of functions longer than the limit, found by the indentation of their closing brace."""
    for start, line in enumerate(lines):
        match = OPENING.match(line)
        first_word = line.split("(")[0].split()[:1]
        if not match or line.endswith(("({", "= {")) or (first_word and first_word[0] in NOT_FUNCTIONS):
            continue
        closing = (match.group(1) or "") + "}"
        for end in range(start + 1, len(lines)):
            if lines[end].rstrip(";") == closing:
                if end - start + 1 > limit:
                    yield match.group(2), start + 1, end - start + 1
                break


def check(root):
    problems = []
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix not in (".h", ".cpp"):
                continue
            name = path.relative_to(root).as_posix()
            lines = path.read_text(encoding="utf-8").splitlines()
            limit = HEADER if path.suffix == ".h" else SOURCE
            if len(lines) > limit and name not in EXCEPTIONS:
                problems.append(f"{name}: {len(lines)} lines, at most {limit}")
            kernel = path.stem.endswith("_exec") or "/kernels/" in name
            for function, line, length in long_functions(lines, KERNEL if kernel else FUNCTION):
                if f"{name}:{function}" not in EXCEPTIONS:
                    problems.append(f"{name}:{line}: {function} has {length} lines, at most {KERNEL if kernel else FUNCTION}")
    return problems


if __name__ == "__main__":
    found = check(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "."))
    print("\n".join(found) if found else "all within the limits")
    sys.exit(1 if found else 0)
