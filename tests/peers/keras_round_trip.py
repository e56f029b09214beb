"""Writes Keras models by Pare and loads them into Keras, which is the judge.

    keras_round_trip.py --pare build/release/pare [--only conv] [--assets ../shared/assets]

Each model of the zoo and each .h5 and .keras file of the assets goes through `pare convert`, in its
own kind of file and, from .keras, as .h5 too. The Keras of its generation loads the result; weights
must be equal to the bit and predictions within 1e-5 of the largest value. Models are compiled, and
what was loaded takes one step of training. Needs the large set of peers; ends with 77 without it.
"""

import argparse
import json
import os
import sys
import tempfile
import zipfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import numpy as np

import compare_engine
import keras_layers
import pare_program


def weights_differ(before, after):
    """"" or the first weight that is not equal; Keras lists them in the same order."""
    if len(before.weights) != len(after.weights):
        return f"{len(after.weights)} weights, {len(before.weights)} were expected"
    for one, other in zip(before.weights, after.weights):
        if not np.array_equal(np.asarray(one), np.asarray(other)):
            return f"weight {getattr(one, 'path', one.name)} differs"
    return ""


def train_once(model, arrays, expected):
    """One step towards other outputs must change a weight, or there is none to train."""
    given = [array if array.dtype.kind == "i" else array / 100 for array in arrays.values()]  # large ones saturate a softmax
    before = [np.asarray(weight) for weight in model.trainable_weights]
    model.compile("sgd", loss="mse")
    generator = np.random.default_rng(6)
    targets = [answer + generator.standard_normal(answer.shape) for answer in expected]
    model.train_on_batch(given if len(given) > 1 else given[0], targets if len(targets) > 1 else targets[0])
    after = [np.asarray(weight) for weight in model.trainable_weights]
    if before and all(np.array_equal(one, other) for one, other in zip(before, after)):
        return "a step of training changes no weight"
    return ""


class Judge:
    def __init__(self, program):
        self.program = program
        self.counts = {True: 0, False: 0}
        self.largest = 0.0

    def difference(self, keras, model, file, written):
        """"" or how the model in `written`, made by Pare from `file`, differs from `model`."""
        arrays = keras_layers.inputs_of(model, np.random.default_rng(5))
        expected = keras_layers.predictions(model, arrays)
        pare_program.pare(self.program, "convert", file, "-o", written)
        loaded = keras.models.load_model(written)
        found = weights_differ(model, loaded)
        if found:
            return found
        for one, other in zip(keras_layers.predictions(loaded, arrays), expected):
            error = compare_engine.relative_error(one, other)
            self.largest = max(self.largest, error)
            if error > keras_layers.TOLERANCE:
                return f"relative error {error:.2e}"
        return train_once(loaded, arrays, expected)

    def judge(self, name, keras, model, file, endings, scratch):
        for ending in endings:
            try:
                found = self.difference(keras, model, file, scratch / f"written.{ending}")
            except Exception as failure:  # whatever Keras raises is the finding
                found = f"{type(failure).__name__}: {str(failure)[:600]}"
            self.counts[not found] += 1
            if found:
                print(f"FAIL {keras.__name__} {keras.__version__} {name} -> .{ending}: {found}", flush=True)


def endings_for(file):
    return ("keras", "h5") if file.suffix == ".keras" else ("h5",)


def judge_zoo(judge, keras, only, scratch):
    import keras_zoo

    for name, model in keras_zoo.zoo(keras):
        if only not in name:
            continue
        model.compile("adam", loss=keras.losses.MeanSquaredError())  # Keras 3 itself does not load "mse" from .h5
        for ending in ("h5", "keras"):
            file = scratch / f"model.{ending}"
            model.save(file)
            judge.judge(f"{name}.{ending}", keras, model, file, endings_for(file), scratch)


def generation_of(file):
    if file.suffix == ".keras":
        with zipfile.ZipFile(file) as archive:
            return json.loads(archive.read("metadata.json"))["keras_version"]
    import h5py

    with h5py.File(file) as opened:
        version = opened.attrs.get("keras_version", opened["model_weights"].attrs.get("keras_version", "2"))
        return version.decode() if hasattr(version, "decode") else version


def judge_assets(judge, generations, only, assets, scratch):
    for file in sorted(path for ending in ("h5", "keras") for path in assets.rglob(f"*.{ending}")):
        if only not in file.name:
            continue
        keras = generations[generation_of(file)[0]]
        try:
            model = keras.models.load_model(file, compile=False)
        except Exception as failure:
            print(f"left out: Keras itself does not load {file.name}: {str(failure)[:200]}")
            continue
        judge.judge(file.name, keras, model, file, endings_for(file), scratch)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pare", required=True, help="the program to judge")
    parser.add_argument("--only", default="", help="models and files whose name contains this")
    parser.add_argument("--assets", default=os.environ.get("PARE_ASSETS", ""), help="folder with real Keras files")
    arguments = parser.parse_args()
    try:
        import keras
        import tf_keras
    except ImportError:
        print("skipped: Keras is not among the installed peers ('scripts/peers.sh all' installs it)")
        return 77
    judge = Judge(arguments.pare)
    with tempfile.TemporaryDirectory() as folder:
        for generation in (tf_keras, keras):
            judge_zoo(judge, generation, arguments.only, Path(folder))
        if arguments.assets:
            judge_assets(judge, {"2": tf_keras, "3": keras}, arguments.only, Path(arguments.assets), Path(folder))
    counts = judge.counts
    print(f"{counts[True]} passed, {counts[False]} failed; largest relative error {judge.largest:.1e}")
    return 1 if counts[False] else 0


if __name__ == "__main__":
    sys.exit(main())
