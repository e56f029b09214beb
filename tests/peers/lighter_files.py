"""Files whose weights are stored without their zeros, or whose layers are of a low rank; LiteRT is the judge.

    lighter_files.py --pare build/release/pare [--only fashion]

A sparse file must give in LiteRT what the same network gives stored in full: to the bit where DENSIFY unpacks the weights, closely
where a kernel reads the blocks itself. It must be smaller, and read back as the same network. A factorised file must give what `pare run`
gives. Needs the assets; ends with 77 without them.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np

import cases
import compare_engine
import litert
import pare_program

ROOT = Path(__file__).resolve().parents[2]
NETWORKS = {
    "fashion": ("keras/fashion_mnist_model.h5", "fashion"),
    "anomaly": ("mlperf_tiny/ad/ad01.h5", None),
    "vww": ("mlperf_tiny/vww/vww_96.h5", "vww"),
}


def outputs(path, kernels, x):
    model = litert.Model(path, kernels)
    port = model.signature().inputs[0]
    rows = [model.run(model.signature(), {port.name: port.quantize(x[i : i + 1])}) for i in range(len(x))]
    return np.concatenate([next(iter(row.values())) for row in rows])


def inputs_of(path):
    shape = litert.Model(path, "default").signature().inputs[0].shape
    return np.random.default_rng(3).uniform(0, 1, (3, *shape[1:])).astype(np.float32)


def zeroed(program, source, scratch, block):
    """A copy in which most weights are zero."""
    sparse = scratch / "zeroed.h5"
    words = ("--one-shot", "magnitude", "--sparsity", 0.95, "--budget", "uniform", *(("--block", "1x4") if block else ()))
    pare_program.pare(program, "prune", source, "-o", sparse, *words)
    return sparse


def judge_sparse(program, source, scratch, block):
    zeros = zeroed(program, source, scratch, block)
    dense, sparse, again = (scratch / f"{name}.tflite" for name in ("dense", "sparse", "again"))
    pare_program.pare(program, "convert", zeros, "-o", dense)
    pare_program.pare(program, "convert", zeros, "-o", sparse, "--sparse-encoding")
    if not sparse.stat().st_size < 0.5 * dense.stat().st_size:
        return f"{sparse.stat().st_size} bytes of {dense.stat().st_size}"
    x = inputs_of(dense)
    for kernels in litert.KERNELS:
        error = compare_engine.relative_error(outputs(dense, kernels, x), outputs(sparse, kernels, x))
        if not error <= (1e-5 if block else 0):
            return f"{kernels} kernels: the outputs differ by {error}"
    pare_program.pare(program, "convert", sparse, "-o", again)
    if not compare_engine.same_bytes(outputs(dense, "default", x), outputs(again, "default", x)):
        return "another network when it was read back"
    return ""


def judge_factorized(program, source, scratch, data):
    path = scratch / "low_rank.tflite"
    words = ("--data", ROOT / f"tests/data_sets/{data}.toml", "--samples", 32) if data else ()
    pare_program.pare(program, "factorize", source, "-o", path, "--macs", 0.6, *words)
    x = inputs_of(path)
    name = litert.Model(path, "default").signature().inputs[0].name
    own = np.concatenate([next(iter(pare_program.run_model(program, path, {name: x[i : i + 1]}, scratch)[0].values())) for i in range(len(x))])
    error = compare_engine.relative_error(outputs(path, "default", x), own)
    return "" if error <= 1e-5 else f"the outputs differ by {error}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pare", required=True, help="the program to judge")
    parser.add_argument("--only", default="", help="networks whose name contains this")
    arguments = parser.parse_args()
    assets = cases.assets_folder()
    if assets is None:
        print("skipped: no assets")
        return 77
    failures = 0
    for name, (file, data) in NETWORKS.items():
        if arguments.only not in name:
            continue
        source = Path(assets) / "models" / file
        judges = {
            "sparse": lambda scratch: judge_sparse(arguments.pare, source, scratch, False),
            "sparse blocks": lambda scratch: judge_sparse(arguments.pare, source, scratch, True),
            "low rank": lambda scratch: judge_factorized(arguments.pare, source, scratch, data),
        }
        for kind, judge in judges.items():
            with tempfile.TemporaryDirectory() as scratch:
                try:
                    found = judge(Path(scratch))
                except Exception as failure:  # whatever the judge raises is the finding
                    found = f"{type(failure).__name__}: {str(failure)[:600]}"
            failures += bool(found)
            print(f"{'FAIL' if found else 'ok'} {name} {kind} {found}", flush=True)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
