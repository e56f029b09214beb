"""Latency of inference: Pare and LiteRT on the same .tflite, ONNX Runtime on the same network as .onnx.

Every measurement is a process of its own; one round runs all contenders of a case after each other.
"""

import sys

from measuring import compare, interleave, last_json, run
from prepared import HERE, NETS

GOALS = {1: 1.0, 32: 0.8}  # by batch; against the best peer


def measure(shop, rounds, seconds=0.5, nets=()):
    rows = []
    for net in NETS:
        if nets and net.name not in nets:
            continue
        files = {
            "float": (shop.float_tflite(net), shop.float_onnx(net)),
            "int8": (shop.int8_tflite(net), shop.int8_onnx(net)),
        }
        for form, (tflite, onnx) in files.items():
            for threads in (1, 2):
                for batch in (1, 32):
                    case = f"{net.name} {form}, {threads} thread{'s' * (threads > 1)}, batch {batch}"
                    rows += measure_case(shop, case, tflite, onnx, threads, batch, rounds, seconds)
    return rows


def measure_case(shop, case, tflite, onnx, threads, batch, rounds, seconds):
    setting = ["--threads", threads, "--batch", batch]

    def ours():
        text, _, _ = run([shop.pare, "bench", tflite, "--json", "--engine", "fast", *setting])
        return last_json(text)["latency_ms"]["median"]

    def peer(runtime, file):
        command = [sys.executable, HERE / "peer_latency.py", runtime, file, *setting, "--seconds", seconds]
        return last_json(run(command)[0])["latency_ms"]["median"]

    taken = interleave(
        {"pare": ours, "litert": lambda: peer("litert", tflite), "onnxruntime": lambda: peer("onnxruntime", onnx)}, rounds
    )
    best = [min(pair) for pair in zip(taken["litert"], taken["onnxruntime"])]
    rows = [compare("latency", case, "ms", taken["pare"], taken[name], name) for name in ("litert", "onnxruntime")]
    rows.append(compare("latency", case, "ms", taken["pare"], best, "best peer", GOALS[batch]))
    return rows
