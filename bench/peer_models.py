"""The peers' own quantisation of one Keras file: TFLite converter, AI Edge Quantizer, ONNX Runtime.

As a program it does one conversion in its own process, which is what `bench/quantize.py` times as
"whole command"; it prints one JSON object with the seconds of the conversion alone, start-up and
imports left out:

    peer_models.py converter NET.h5 --samples X.npz -o NET.tflite
"""

import argparse
import json
import os
import sys
import tempfile
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")

import numpy as np

OPSET = 17


def load_keras(path):
    """tf_keras reads Keras 2 files, Keras 3 its own; neither reads all of the other's."""
    import tf_keras

    try:
        return tf_keras.models.load_model(path, compile=False)
    except Exception:
        import keras

        return keras.models.load_model(path, compile=False)


def samples_of(path):
    with np.load(path) as arrays:
        return arrays["x"]


def tflite_converter(model, samples=None):
    """Float file without samples; with them full integer, int8 in and out. Returns bytes."""
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    if samples is not None:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: ([samples[i : i + 1]] for i in range(len(samples)))
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = tf.int8
        converter.inference_output_type = tf.int8
    return converter.convert()


def edge_quantizer(float_path, samples, out):
    """static_wi8_ai8, the package's recipe for full int8."""
    from ai_edge_quantizer import quantizer, recipe

    tool = quantizer.Quantizer(float_path, recipe.static_wi8_ai8())
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_path=float_path)
    key = next(iter(interpreter.get_signature_list()))
    name = interpreter.get_signature_list()[key]["inputs"][0]
    calibrated = tool.calibrate({key: [{name: samples[i : i + 1]} for i in range(len(samples))]}, num_threads=2)
    tool.quantize(calibrated).export_model(out, overwrite=True)


def to_onnx(model, out):
    import tensorflow as tf
    import tf2onnx

    shape = [None] + list(model.inputs[0].shape[1:])
    signature = [tf.TensorSpec(shape, tf.float32, name="input")]
    function = tf.function(lambda tensor: model(tensor, training=False), input_signature=signature)
    tf2onnx.convert.from_function(function, input_signature=signature, opset=OPSET, output_path=out)


def onnx_static(float_path, samples, out):
    """QDQ, min-max, uint8 activations, int8 weights per channel: the form that ONNX Runtime runs fastest on x86."""
    from onnxruntime import quantization
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Reader(quantization.CalibrationDataReader):
        def __init__(self, name):
            self._feed = iter({name: samples[i : i + 1]} for i in range(len(samples)))

        def get_next(self):
            return next(self._feed, None)

    import onnxruntime

    name = onnxruntime.InferenceSession(float_path, providers=["CPUExecutionProvider"]).get_inputs()[0].name
    with tempfile.TemporaryDirectory() as folder:
        prepared = os.path.join(folder, "prepared.onnx")
        quant_pre_process(float_path, prepared, skip_symbolic_shape=True)
        quantization.quantize_static(
            prepared,
            out,
            Reader(name),
            quant_format=quantization.QuantFormat.QDQ,
            activation_type=quantization.QuantType.QUInt8,
            weight_type=quantization.QuantType.QInt8,
            per_channel=True,
        )


def convert(tool, source, samples, out):
    """Runs one conversion; returns its seconds, loading of the peer's modules not counted."""
    if tool == "converter":
        import tensorflow  # noqa: F401  start-up of the peer, outside the clock
        import tf_keras  # noqa: F401

        start = time.perf_counter()
        content = tflite_converter(load_keras(source), samples)
        with open(out, "wb") as file:
            file.write(content)
    elif tool == "edge_quantizer":
        import ai_edge_quantizer  # noqa: F401

        start = time.perf_counter()
        edge_quantizer(source, samples, out)
    elif tool == "onnxruntime":
        import onnxruntime.quantization  # noqa: F401

        start = time.perf_counter()
        onnx_static(source, samples, out)
    else:
        import tensorflow  # noqa: F401
        import tf2onnx  # noqa: F401

        start = time.perf_counter()
        to_onnx(load_keras(source), out)
    return time.perf_counter() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tool", choices=["converter", "edge_quantizer", "onnxruntime", "tf2onnx"])
    parser.add_argument("source", help=".h5 for converter and tf2onnx, float .tflite or .onnx for the others")
    parser.add_argument("--samples", help=".npz with x; without it the converter writes a float file")
    parser.add_argument("-o", "--output", required=True)
    arguments = parser.parse_args()
    if arguments.samples is None and arguments.tool in ("edge_quantizer", "onnxruntime"):
        parser.error(f"{arguments.tool} needs --samples")
    samples = samples_of(arguments.samples) if arguments.samples else None
    seconds = convert(arguments.tool, arguments.source, samples, arguments.output)
    print(json.dumps({"seconds": seconds, "bytes": os.path.getsize(arguments.output)}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
