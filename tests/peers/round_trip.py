"""Reads and writes a .tflite with Pare; LiteRT must see no difference between the two files.

    round_trip.py NET.tflite --pare build/release/pare

Judged are the outputs of every signature on noise, to the bit, in LiteRT's reference kernels; the
names, types and free dimensions of inputs and outputs; and the names of the metadata entries.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import cases
import compare_engine
import litert
import pare_program


def ports_differ(before, after):
    """"" or what differs between the inputs or outputs of the two files."""
    for one, other in zip(before, after, strict=True):
        if (one.name, one.shape, one.dtype, one.scale, one.zero_point) != (
            other.name, other.shape, other.dtype, other.scale, other.zero_point,
        ):
            return f"{one} became {other}"
    return ""


def metadata_names(model):
    return {entry.name for entry in model.flat.metadata or []}


def interface_differs(before, after):
    if [s.name for s in before.signatures] != [s.name for s in after.signatures]:
        return f"signatures {[s.name for s in before.signatures]} became {[s.name for s in after.signatures]}"
    for old, new in zip(before.signatures, after.signatures):
        for was, has in ((old.inputs, new.inputs), (old.outputs, new.outputs)):
            if len(was) != len(has):
                return f"{len(was)} inputs or outputs became {len(has)} in signature {old.name!r}"
            difference = ports_differ(was, has)
            if difference:
                return difference
    lost = metadata_names(before) - metadata_names(after)
    return f"metadata lost: {lost}" if lost else ""


def judge(program, case, scratch, repeats=3):
    """Returns (passed, line to print)."""
    written = Path(scratch) / "written.tflite"
    written.unlink(missing_ok=True)
    pare_program.pare(program, "convert", case.path, "-o", written)
    before, after = litert.Model(case.path), litert.Model(written)
    difference = interface_differs(before, after)
    if difference:
        return False, f"{case.name}: {difference}"
    for old, new in zip(before.signatures, after.signatures):
        for arrays in cases.batches(before, old, limit=repeats):
            expected, given = before.run(old, arrays), after.run(new, arrays)
            for port in old.outputs:
                if not compare_engine.same_bytes(given[port.name], expected[port.name]):
                    return False, f"{case.name} {old.name}: output {port.name!r} differs after the round trip"
    sizes = f"{Path(case.path).stat().st_size} -> {written.stat().st_size} bytes"
    return True, f"{case.name}: same outputs, {sizes}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--pare", required=True, help="the program to judge")
    parser.add_argument("--repeats", type=int, default=3, help="random inputs per signature")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        case = cases.Case(arguments.model, arguments.model, "")
        passed, line = judge(arguments.pare, case, scratch, arguments.repeats)
    print(("pass " if passed else "FAIL ") + line)
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
