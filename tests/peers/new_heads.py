"""Networks of the assets with a new head; the Keras of their generation and LiteRT are the judges.

    new_heads.py --pare build/release/pare [--only vww]

Each float file goes through `pare build --from`, in its own kind of file. The judge must open it and
give the predictions of `pare run`; every weight but the head's must be as it was. Then
`pare train --last 1` trains the head, and the judge must give the predictions of what came out. Needs
the assets and the large set of peers; ends with 77 without them.
"""

import argparse
import json
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
import keras_round_trip
import litert
import pare_program

CLASSES = 3
FILES = (
    "imagenet/mobilenet_v1_0.25_224.h5",
    "imagenet/mobilenet_v1_0.25_224_1_default_1.tflite",
    "keras/fashion_mnist_model.h5",
    "keras/mnist_model.keras",
    "mlperf_tiny/ic/pretrainedResnet.h5",
    "mlperf_tiny/ic/pretrainedResnet.tflite",
    "mlperf_tiny/kws/kws_ref_model_true_float.tflite",
    "mlperf_tiny/vww/vww_96.h5",
    "mlperf_tiny/vww/vww_96_float.tflite",
)


class KerasNetwork:
    def __init__(self, path, generations):
        self.model = generations[keras_round_trip.generation_of(path)[0]].models.load_model(path, compile=False)
        self.input = self.model.inputs[0]
        self.shape = tuple(self.input.shape[1:])

    def predict(self, x):
        return np.asarray(self.model.predict_on_batch(x))

    def weights(self):
        return [np.asarray(weight) for weight in self.model.weights]


class LiteRtNetwork:
    def __init__(self, path, _):
        self.model = litert.Model(path, "default")
        self.port = self.model.signature().inputs[0]
        self.shape = tuple(self.port.shape[1:])

    def predict(self, x):
        rows = [self.model.run(self.model.signature(), {self.port.name: x[i : i + 1]}) for i in range(len(x))]
        return np.concatenate([next(iter(row.values())) for row in rows])

    def weights(self):
        buffers = self.model.flat.buffers
        return [np.asarray(buffers[tensor.buffer].data) for tensor in self.model.flat.subgraphs[0].tensors if buffers[tensor.buffer].data is not None]


def samples(shape, count):
    """Classes that differ in what everything is shifted by."""
    generator = np.random.default_rng(3)
    y = np.arange(count) % CLASSES
    return (generator.uniform(0, 0.5, (count, *shape)) + 0.5 * y.reshape(-1, *[1] * len(shape))).astype(np.float32), y


def difference(program, file, network, x, folder):
    """"" or how predictions differ."""
    np.save(folder / "x.npy", x)
    pare_program.pare(program, "run", file, "--input", folder / "x.npy", "-o", folder / "y.npy")
    ours, theirs = np.load(folder / "y.npy"), network.predict(x)
    if theirs.shape != (len(x), CLASSES) or compare_engine.relative_error(ours, theirs) > keras_layers.TOLERANCE:
        return f"{file.name}: {theirs}, `pare run` gives {ours}"
    return ""


def judge(program, file, generations, folder):
    """"" or what is wrong."""
    network = LiteRtNetwork if file.suffix == ".tflite" else KerasNetwork
    headed, tuned = folder / f"headed{file.suffix}", folder / f"tuned{file.suffix}"
    pare_program.pare(program, "build", "--from", file, "--classes", CLASSES, "-o", headed)
    before, after = network(file, generations), network(headed, generations)
    changed = sum(one.shape != other.shape or not np.array_equal(one, other) for one, other in zip(before.weights(), after.weights(), strict=True))
    if not 1 <= changed <= 3:  # kernel, bias, and what a reshape says
        return f"{changed} weights differ"
    x, y = samples(after.shape, 48)
    found = difference(program, headed, after, x[:4], folder)
    if found:
        return found
    np.savez(folder / "set.npz", x=x, y=y)
    course = ("--last", 1, "--epochs", 8, "--lr", 0.01, "--validation", 0, "--json")
    report = json.loads(pare_program.pare(program, "train", headed, "--data", folder / "set.npz", "-o", tuned, *course))
    if not report["epochs"][-1]["loss"] < report["epochs"][0]["loss"]:
        return f"nothing was learned: {report['epochs']}"
    return difference(program, tuned, network(tuned, generations), x[:4], folder)


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
    for name in (name for name in FILES if arguments.only in name):
        with tempfile.TemporaryDirectory() as scratch:
            try:
                found = judge(arguments.pare, Path(assets) / "models" / name, {"2": tf_keras, "3": keras}, Path(scratch))
            except Exception as failure:  # whatever the judge raises is the finding
                found = f"{type(failure).__name__}: {str(failure)[:600]}"
        failures += bool(found)
        print(f"{'FAIL' if found else 'ok'} {name} {found}", flush=True)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
