"""Compares Pare's engines with LiteRT, tensor by tensor.

Integer files: the `reference` engine against LiteRT's reference kernels; every tensor that an
operator of the file writes must be there and agree in every byte (in a partly quantised file its
float tensors within --tolerance). Dynamic range: outputs of the same two within --tolerance.
Float files: outputs of the `fast` engine against LiteRT as its users run it. The error is relative:
the largest difference over the largest magnitude of the tensor.

    compare_engine.py NET.tflite --pare build/release/pare [--data DESC.toml] [--limit N]
"""

import argparse
import sys
import tempfile

import numpy as np

import cases
import litert
import pare_program


def relative_error(ours, theirs):
    """Largest difference over largest magnitude; infinite where shape, NaN or infinity differ."""
    if ours.shape != theirs.shape:
        return np.inf
    ours, theirs = ours.astype(np.float64), theirs.astype(np.float64)
    finite = np.isfinite(theirs)
    if not np.array_equal(ours[~finite], theirs[~finite], equal_nan=True):
        return np.inf
    if not finite.any():
        return 0.0
    ours, theirs = ours[finite], theirs[finite]
    scale = max(np.max(np.abs(theirs)), np.finfo(np.float32).tiny)
    difference = np.max(np.abs(ours - theirs))
    return float(difference / scale) if np.isfinite(difference) else np.inf


def same_bytes(ours, theirs):
    return ours.shape == theirs.shape and ours.dtype == theirs.dtype and ours.tobytes() == theirs.tobytes()


def describe(index, model, signature, ours, theirs):
    """One line: which tensor, which operator, how many elements, the first of them."""
    name = model.tensor_name(signature.subgraph, index)
    operator = model.produced(signature.subgraph).get(index, "?")
    where = f"tensor {index} {name!r} written by {operator}"
    if ours.shape != theirs.shape or ours.dtype != theirs.dtype:
        return f"{where}: ours is {ours.dtype}{list(ours.shape)}, LiteRT's {theirs.dtype}{list(theirs.shape)}"
    unequal = np.argwhere(~((ours == theirs) | ((ours != ours) & (theirs != theirs))))
    if len(unequal) == 0:
        return f"{where}: equal values, different bits (sign of zero or NaN payload)"
    first = tuple(unequal[0])
    return (
        f"{where}: {len(unequal)} of {ours.size} elements differ, first at {[int(i) for i in first]}: "
        f"ours {ours[first]}, LiteRT {theirs[first]}"
    )


def by_index(dumped):
    """`<index>:<name>` keys -> index, so that repeated names are no trouble."""
    return {int(key.split(":", 1)[0]): value for key, value in dumped.items()}


def compare_tensors(program, model, signature, arrays, scratch, float_tolerance):
    """Returns (number of tensors compared, "" or the first difference); tolerance 0 means bytes."""
    model.run(signature, arrays)
    theirs = model.tensors(signature)
    _, dumped = pare_program.run_model(
        program, model.path, arrays, scratch, "reference", signature.name, dump=True
    )
    ours = by_index(dumped)
    # What hangs on shapes alone is computed when the engine compiles; LiteRT does it while it runs.
    operators = model.produced(signature.subgraph)
    for index in [index for index in theirs if index not in ours]:
        if theirs[index].dtype in (np.int32, np.int64) or operators.get(index) == "FILL":
            del theirs[index]
    absent = [index for index in theirs if index not in ours]
    if absent:
        names = ", ".join(f"{i} {model.tensor_name(signature.subgraph, i)!r}" for i in absent[:3])
        return 0, f"{len(absent)} of {len(theirs)} tensors are not in the dump: {names}"
    for index, expected in theirs.items():
        if expected.dtype.kind == "f" and float_tolerance > 0:
            same = relative_error(ours[index], expected) <= float_tolerance
        else:
            same = same_bytes(ours[index], expected)
        if not same:
            return 0, describe(index, model, signature, ours[index], expected)
    return len(theirs), ""


def compare_outputs(program, model, signature, arrays, scratch, engine, tolerance):
    """Returns (largest relative error, "" or the first output beyond the tolerance)."""
    theirs = model.run(signature, arrays)
    ours, _ = pare_program.run_model(program, model.path, arrays, scratch, engine, signature.name)
    worst = 0.0
    for port in signature.outputs:
        expected = theirs[port.name]
        given = ours.get(port.name, next(iter(ours.values())) if len(ours) == 1 else None)
        if given is None:
            return np.inf, f"no output {port.name!r}; there are {', '.join(ours)}"
        if expected.dtype.kind == "f":
            error = relative_error(given, expected)
            worst = max(worst, error)
            if error > tolerance:
                return worst, f"output {port.name!r}: relative error {error:.2e}"
        elif not same_bytes(given, expected):
            return np.inf, describe(port.index, model, signature, given, expected)
    return worst, ""


def own_spread(case, x, limit):
    """By how much LiteRT's default and reference kernels differ from each other at most on these inputs."""
    one, other = litert.Model(case.path, "default"), litert.Model(case.path, "reference")
    spread = 0.0
    for mine, theirs in zip(one.signatures, other.signatures):
        for arrays in cases.batches(one, mine, x, limit):
            answers = one.run(mine, arrays).values(), other.run(theirs, arrays).values()
            spread = max(spread, *(relative_error(a, b) for a, b in zip(*answers)))
    return spread


def judge(program, case, scratch, limit=None, tolerance=1e-5):
    """Judges one file with all signatures. Returns (passed, line to print).

    Float outputs may differ by more than the tolerance where LiteRT's own kernel sets do (a softmax
    over large logits); not by more than those.
    """
    probe = litert.Model(case.path)
    integer, hybrid = probe.has_integer_arithmetic(), probe.has_hybrid_arithmetic()
    plain_float = not integer and not hybrid
    model = litert.Model(case.path, "default" if plain_float else "reference", keep_all=integer)
    x = cases.exported(program, case.data, scratch)[0] if case.data else None
    samples, tensors, worst = 0, 0, 0.0
    for signature in model.signatures:
        for arrays in cases.batches(model, signature, x, limit):
            if integer:
                tensors, difference = compare_tensors(
                    program, model, signature, arrays, scratch, tolerance if hybrid else 0
                )
            else:
                engine = "fast" if plain_float else "reference"
                error, difference = compare_outputs(program, model, signature, arrays, scratch, engine, tolerance)
                worst = max(worst, error)
                if np.isfinite(error):
                    difference = ""  # judged over all samples
            if difference:
                return False, f"{case.name} {signature.name}: after {samples} samples: {difference}"
            samples += len(next(iter(arrays.values()))) if x is not None else 1
    fed = f"{samples} {'samples' if x is not None else 'random inputs'}"
    if integer:
        return True, f"{case.name}: {tensors} tensors, {fed}, no differing byte"
    if worst <= tolerance:
        return True, f"{case.name}: {fed}, relative error {worst:.1e}"
    spread = own_spread(case, x, limit)
    return worst <= spread, f"{case.name}: {fed}, relative error {worst:.1e}, LiteRT's kernel sets among each other {spread:.1e}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--pare", required=True, help="the program to judge")
    parser.add_argument("--data", default="", help="description below tests/data_sets; noise without it")
    parser.add_argument("--limit", type=int, help="at most so many samples")
    parser.add_argument("--tolerance", type=float, default=1e-5)
    arguments = parser.parse_args()
    case = cases.Case(arguments.model, arguments.model, arguments.data)
    with tempfile.TemporaryDirectory() as scratch:
        try:
            passed, line = judge(arguments.pare, case, scratch, arguments.limit, arguments.tolerance)
        except pare_program.PareFailed as failure:
            passed, line = False, f"{arguments.model}: {failure}"
    print(("pass " if passed else "FAIL ") + line)
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
