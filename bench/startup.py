"""From typing the command to the first result on DS-CNN: `pare run` against Python with LiteRT."""

import sys

import numpy as np

from measuring import Row, compare, interleave, run
from prepared import HERE, NETS

GOAL_MS = 50.0


def measure(shop, rounds):
    net = next(net for net in NETS if net.name == "dscnn")
    model, given = shop.float_tflite(net), shop.folder / "dscnn_input.npy"
    with np.load(shop.samples(net)) as arrays:
        np.save(given, arrays["x"][:1])
    ours = [shop.pare, "run", model, "--input", given, "-o", shop.folder / "dscnn_output.npy"]
    theirs = [sys.executable, HERE / "peer_first_result.py", model, given, shop.folder / "dscnn_peer.npy"]
    taken = interleave({"pare": lambda: run(ours)[1] * 1e3, "litert": lambda: run(theirs)[1] * 1e3}, max(rounds, 10))
    row = compare("start", "dscnn, whole process to first result", "ms", taken["pare"], taken["litert"], "Python and LiteRT")
    limit = Row("start", "dscnn, against the limit", "limit", "ms", row.ours, GOAL_MS, row.ours / GOAL_MS, 1.0)
    return [row, limit]
