"""The reference engine against LiteRT's reference kernels on one integer file per operator and option.

    integer_ops.py --pare build/release/pare [--only pool] [--keep FOLDER]

The TFLite converter quantises each model of the Keras zoo to int8 and to int16x8; every tensor of
every file must agree in every byte. --keep leaves the files in FOLDER. Needs the large set of peers
(`scripts/peers.sh all`); ends with 77 without it.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import numpy as np

import compare_engine

CALIBRATION = 20  # noise samples; the exactness of kernels does not hang on good ranges


def converted(tf, model, width):
    """The .tflite bytes of a model with integer arithmetic throughout, 8 or 16 bits of activation."""
    generator = np.random.default_rng(3)
    shapes = [(1, *tensor.shape[1:]) for tensor in model.inputs]

    def samples():
        for _ in range(CALIBRATION):
            yield [generator.standard_normal(shape).astype(np.float32) for shape in shapes]

    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = samples
    sets = tf.lite.OpsSet
    if width == 8:
        converter.target_spec.supported_ops = [sets.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = converter.inference_output_type = tf.int8
    else:
        converter.target_spec.supported_ops = [sets.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8]
        converter.inference_input_type = converter.inference_output_type = tf.int16
    return converter.convert()


def integer_files(tf, only, folder):
    """Yields (name, path, "" or why the converter gave no file)."""
    import keras_zoo
    import tf_keras

    for name, model in keras_zoo.zoo(tf_keras):
        if only not in name or any("int" in str(tensor.dtype) for tensor in model.inputs):
            continue
        for width in (8, 16):
            path = folder / f"{name}_int{width}.tflite"
            try:
                path.write_bytes(converted(tf, model, width))
            except Exception as failure:
                yield path.stem, path, str(failure).strip().splitlines()[-1][:120]
                continue
            yield path.stem, path, ""


def attempt(program, path):
    """Judges in a process of its own, since LiteRT aborts on some of the converter's files."""
    command = [sys.executable, Path(compare_engine.__file__), path, "--pare", program]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    verdict = next((line for line in done.stdout.splitlines() if line[:5] in ("pass ", "FAIL ")), None)
    if verdict:
        return verdict.startswith("pass"), verdict[5:]
    said = (done.stderr.strip().splitlines() or ["nothing"])[-1]
    return None, f"{path.stem}: no verdict, the judge ended with {done.returncode}: {said[-150:]}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pare", required=True, help="the program to judge")
    parser.add_argument("--only", default="", help="models whose name contains this")
    parser.add_argument("--keep", help="folder that keeps the converted files")
    arguments = parser.parse_args()
    try:
        import tensorflow as tf
    except ImportError:
        print("skipped: TensorFlow is not among the installed peers ('scripts/peers.sh all' installs it)")
        return 77
    counts = {True: 0, False: 0, None: 0}
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(arguments.keep or scratch)
        folder.mkdir(parents=True, exist_ok=True)
        for name, path, unconverted in integer_files(tf, arguments.only, folder):
            if unconverted:
                passed, line = None, f"{name}: converter: {unconverted}"
            else:
                passed, line = attempt(arguments.pare, path)
            counts[passed] += 1
            if not passed:
                print(("skip " if passed is None else "FAIL ") + line, flush=True)
    print(f"{counts[True]} passed, {counts[False]} failed, {counts[None]} skipped")
    return 1 if counts[False] else 0


if __name__ == "__main__":
    sys.exit(main())
