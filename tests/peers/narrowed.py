"""Networks of the assets made narrower; the Keras of their generation and LiteRT are the judges.

    narrowed.py --pare build/release/pare [--only vww]

Each float file goes through `pare prune --structured --epochs 0` to half of its multiply-adds, in its own kind of
file. The judge must open it, find fewer weights, and give the predictions of `pare run`; Keras must be able to save
and load it again. Fashion-MNIST is judged as .keras too, saved by Keras itself. Needs the assets and the large
set of peers; ends with 77 without them.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import numpy as np

import cases
import compare_engine
import keras_layers
import new_heads
import pare_program

DATA_SETS = Path(__file__).resolve().parents[1] / "data_sets"
FILES = {
    "imagenet/efficientnet_lite0.h5": "imagenet_efficientnet",
    "keras/fashion_mnist_model.h5": "fashion",
    "keras/mnist_model.keras": "mnist",
    "mlperf_tiny/ic/pretrainedResnet.h5": "cifar10",
    "mlperf_tiny/ic/pretrainedResnet.tflite": "cifar10",
    "mlperf_tiny/kws/kws_ref_model.h5": "kws_halves",
    "mlperf_tiny/vww/vww_96.h5": "vww",
    "mlperf_tiny/vww/vww_96_float.tflite": "vww",
}


def judge(program, file, data, generations, folder):
    """"" or what is wrong."""
    network = new_heads.LiteRtNetwork if file.suffix == ".tflite" else new_heads.KerasNetwork
    narrow = folder / f"narrow{file.suffix}"
    pare_program.pare(
        program, "prune", file, "--structured", "--macs", 0.5, "--epochs", 0, "--samples", 64, "--data", DATA_SETS / f"{data}.toml", "-o", narrow
    )
    before, after = network(file, generations), network(narrow, generations)
    count = [sum(weight.size for weight in each.weights()) for each in (before, after)]
    if not count[1] < count[0]:
        return f"{count[1]} weights, fewer than {count[0]} were expected"
    x = np.random.default_rng(3).uniform(0, 1, (4, *after.shape)).astype(np.float32)
    expected = after.predict(x)
    if file.suffix != ".tflite":
        after.model.save(folder / "again.keras")
        again = new_heads.KerasNetwork(folder / "again.keras", generations)
        if not np.array_equal(again.predict(x), expected):
            return "Keras saves and loads it as another network"
    np.save(folder / "x.npy", x)
    pare_program.pare(program, "run", narrow, "--input", folder / "x.npy", "-o", folder / "y.npy")
    error = compare_engine.relative_error(np.load(folder / "y.npy"), expected)
    return "" if error <= keras_layers.TOLERANCE else f"relative error {error:.1e}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pare", required=True, help="the program to judge")
    parser.add_argument("--only", default="", help="files whose name contains this")
    arguments = parser.parse_args()
    try:
        import keras
        import tf_keras
    except ImportError:
        print("skipped: Keras is not among the installed peers ('scripts/peers.sh all' installs it)")
        return 77
    assets = cases.assets_folder()
    if assets is None:
        print("skipped: no assets")
        return 77
    failures = 0
    generations = {"2": tf_keras, "3": keras}
    with tempfile.TemporaryDirectory() as own:
        saved = Path(own) / "fashion_mnist_model.keras"
        keras.models.load_model(Path(assets) / "models/keras/fashion_mnist_model.h5", compile=False).save(saved)
        files = [(Path(assets) / "models" / name, data) for name, data in FILES.items()] + [(saved, "fashion")]
        for file, data in ((file, data) for file, data in files if arguments.only in file.name):
            with tempfile.TemporaryDirectory() as scratch:
                try:
                    found = judge(arguments.pare, file, data, generations, Path(scratch))
                except Exception as failure:  # whatever the judge raises is the finding
                    found = f"{type(failure).__name__}: {str(failure)[:600]}"
            failures += bool(found)
            print(f"{'FAIL' if found else 'ok'} {file.name} {found}", flush=True)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
