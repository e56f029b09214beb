"""Reads freshly saved Keras 2 and Keras 3 models with Pare; Keras itself is the judge.

    keras_layers.py --pare build/release/pare [--only conv]

Each model of the zoo is saved as .h5 and .keras, run by `pare run`, converted by `pare convert` and
run by LiteRT; outputs must agree with predict() within a relative 1e-5. Needs the large set of
peers (`scripts/peers.sh all`); ends with 77 without it.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import numpy as np

import compare_engine
import litert
import pare_program

TOLERANCE = 1e-5
SAMPLES = 3


def input_layer(tensor):
    """The layer whose name is the input's: Keras 3 gives the tensor itself another one."""
    history = tensor._keras_history
    return history.operation if hasattr(history, "operation") else history.layer


def inputs_of(model, generator):
    """Input name -> array; indices for integer inputs."""
    arrays = {}
    for tensor in model.inputs:
        shape = (SAMPLES, *tensor.shape[1:])
        name = input_layer(tensor).name
        if "int" in str(tensor.dtype):
            arrays[name] = generator.integers(0, 20, shape).astype(np.int32)
        else:
            arrays[name] = generator.standard_normal(shape).astype(np.float32)
    return arrays


def predictions(model, arrays):
    given = list(arrays.values())
    answers = model.predict_on_batch(given if len(given) > 1 else given[0])
    return [np.asarray(answer) for answer in (answers if isinstance(answers, (list, tuple)) else [answers])]


def difference(ours, expected, who):
    """"" or what differs; outputs are compared in the model's order."""
    ours = list(ours.values())
    if len(ours) != len(expected):
        return f"{who}: {len(ours)} outputs, Keras has {len(expected)}"
    for index, (one, other) in enumerate(zip(ours, expected)):
        error = compare_engine.relative_error(one, other)
        if error > TOLERANCE:
            return f"{who}: output {index}: relative error {error:.2e}, shapes {one.shape} and {other.shape}"
    return ""


def in_litert(path, arrays, names):
    model = litert.Model(path, "default")
    signature = model.signature()
    fitting = {port.name: arrays[matching(port.name, names)] for port in signature.inputs}
    return model.run(signature, fitting)


def matching(name, names):
    """The Keras input that a port of the written file stands for."""
    return next((known for known in names if known == name.split(":")[0]), names[0] if len(names) == 1 else name)


def judge(program, file, arrays, expected, scratch):
    """"" or the first difference."""
    try:
        ours, _ = pare_program.run_model(program, file, arrays, scratch, "fast")
        found = difference(ours, expected, "pare run")
        if found:
            return found
        written = scratch / "converted.tflite"
        pare_program.pare(program, "convert", file, "-o", written)
        return difference(in_litert(written, arrays, list(arrays)), expected, "LiteRT")
    except (pare_program.PareFailed, RuntimeError, ValueError, KeyError) as failure:
        return f"{type(failure).__name__}: {failure}"


def judge_refusal(program, file, words):
    """A layer that is not supported must be named, with exit code 4."""
    try:
        pare_program.pare(program, "convert", file, "-o", file.with_suffix(".tflite"))
    except pare_program.PareFailed as failure:
        missing = [word for word in words if word not in str(failure)]
        if failure.code == pare_program.NOT_SUPPORTED and not missing:
            return ""
        return f"code {failure.code}, message without {missing}: {failure}"
    return "was converted, though it holds a layer that is not supported"


def cases(keras, only, scratch):
    """Yields (name, callable that returns "" or the difference), both file forms of each model."""
    import keras_zoo

    generator = np.random.default_rng(7)
    for name, model in keras_zoo.zoo(keras):
        if only not in name:
            continue
        arrays = inputs_of(model, generator)
        expected = predictions(model, arrays)
        for ending in ("h5", "keras"):
            file = scratch / f"model.{ending}"
            model.save(file)
            yield f"{name}.{ending}", lambda program: judge(program, file, arrays, expected, scratch)
    for name, model, words in keras_zoo.refused(keras):
        if only not in name:
            continue
        for ending in ("h5", "keras"):
            file = scratch / f"refused.{ending}"
            model.save(file)
            yield f"refused_{name}.{ending}", lambda program: judge_refusal(program, file, words)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pare", required=True, help="the program to judge")
    parser.add_argument("--only", default="", help="models whose name contains this")
    arguments = parser.parse_args()
    try:
        import keras
        import tf_keras
    except ImportError:
        print("skipped: Keras is not among the installed peers ('scripts/peers.sh all' installs it)")
        return 77
    counts = {True: 0, False: 0}
    for generation in (tf_keras, keras):
        with tempfile.TemporaryDirectory() as folder:
            for name, job in cases(generation, arguments.only, Path(folder)):
                found = job(arguments.pare)
                counts[not found] += 1
                if found:
                    print(f"FAIL {generation.__name__} {generation.__version__} {name}: {found}", flush=True)
    print(f"{counts[True]} passed, {counts[False]} failed")
    return 1 if counts[False] else 0


if __name__ == "__main__":
    sys.exit(main())
