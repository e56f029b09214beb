"""Latency of one file in LiteRT or ONNX Runtime, in a process of its own; prints one JSON object.

    peer_latency.py litert NET.tflite --threads 1 --batch 32
    peer_latency.py onnxruntime NET.onnx --threads 2 --batch 1

Timed is one invocation with the input already in place (LiteRT) or handed over as an array that
lives already (ONNX Runtime), as `pare bench` does. LiteRT runs as its users have it, XNNPACK on.
"""

import argparse
import json
import os
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np


def litert_call(path, threads, batch):
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_path=path, num_threads=threads)
    details = interpreter.get_input_details()
    for port in details:
        interpreter.resize_tensor_input(port["index"], [batch, *port["shape"][1:]])
    interpreter.allocate_tensors()
    for port in details:
        interpreter.set_tensor(port["index"], noise([batch, *port["shape"][1:]], port["dtype"]))
    return interpreter.invoke


def onnxruntime_call(path, threads, batch):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    kinds = {"tensor(float)": np.float32, "tensor(int8)": np.int8, "tensor(uint8)": np.uint8}
    feed = {port.name: noise([batch, *port.shape[1:]], kinds[port.type]) for port in session.get_inputs()}
    return lambda: session.run(None, feed)


def noise(shape, dtype):
    """Not zeros: denormal or all-zero data times differently from real data."""
    generator = np.random.default_rng(0)
    if np.dtype(dtype).kind == "f":
        return generator.random(shape, dtype=np.float32)
    info = np.iinfo(dtype)
    return generator.integers(info.min, info.max + 1, shape, dtype=dtype)


def measure(call, seconds, warm_up=0.2):
    """Milliseconds of each call: warm-up, then as many calls as fit, at least 10."""
    end = time.perf_counter() + warm_up
    call()
    while time.perf_counter() < end:
        call()
    times = []
    end = time.perf_counter() + seconds
    while len(times) < 10 or time.perf_counter() < end:
        start = time.perf_counter()
        call()
        times.append((time.perf_counter() - start) * 1e3)
    return times


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runtime", choices=["litert", "onnxruntime"])
    parser.add_argument("model")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=1.0, help="measuring time after the warm-up")
    arguments = parser.parse_args()
    prepare = {"litert": litert_call, "onnxruntime": onnxruntime_call}[arguments.runtime]
    times = measure(prepare(arguments.model, arguments.threads, arguments.batch), arguments.seconds)
    latency = {"median": np.median(times), "min": min(times), "p90": np.percentile(times, 90), "mean": np.mean(times)}
    print(json.dumps({"runs": len(times), "latency_ms": {key: float(value) for key, value in latency.items()}}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
