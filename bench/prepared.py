"""Networks, samples and the peers' files that the benchmarks work on; made once below build/bench."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from measuring import CommandFailed, run

ROOT = Path(__file__).resolve().parent.parent
HERE = Path(__file__).resolve().parent


@dataclass
class Net:
    name: str
    model: str  # below the assets
    data: str  # below tests/data_sets
    samples: int  # for calibration


NETS = [
    Net("resnet8", "models/mlperf_tiny/ic/pretrainedResnet.h5", "cifar10.toml", 500),
    Net("dscnn", "models/mlperf_tiny/kws/kws_ref_model.h5", "kws.toml", 200),
    Net("vww", "models/mlperf_tiny/vww/vww_96.h5", "vww.toml", 22),
    Net("ad", "models/mlperf_tiny/ad/ad01.h5", "toycar.toml", 196),
    Net("mobilenet", "models/imagenet/mobilenet_v1_0.25_224.h5", "imagenet_mobilenet.toml", 110),
    Net("efficientnet", "models/imagenet/efficientnet_lite0.h5", "imagenet_efficientnet.toml", 200),
]


class Workshop:
    """Paths of everything prepared; makes what is missing on first use."""

    def __init__(self, pare, folder):
        self.pare = Path(pare).resolve()
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.assets = Path(os.environ.get("PARE_ASSETS") or ROOT.parent / "shared" / "assets")

    def keras(self, net):
        return self.assets / net.model

    def samples(self, net):
        """.npz with x float32, ready for the network: the same calibration samples for everyone."""
        target = self.folder / f"{net.name}_samples.npz"
        if not target.exists():
            whole = self.folder / f"{net.name}_calibration.npz"
            run([self.pare, "data", "export", ROOT / "tests/data_sets" / net.data, "--split", "calibration", "-o", whole])
            with np.load(whole) as arrays:
                np.savez(target, x=arrays["x"][: net.samples])
            whole.unlink()
        return target

    def float_tflite(self, net):
        return self._made(net, "float.tflite", ["converter", self.keras(net)])

    def int8_tflite(self, net):
        return self._made(net, "int8.tflite", ["converter", self.keras(net), "--samples", self.samples(net)])

    def float_onnx(self, net):
        return self._made(net, "float.onnx", ["tf2onnx", self.keras(net)])

    def int8_onnx(self, net):
        return self._made(net, "int8.onnx", ["onnxruntime", self.float_onnx(net), "--samples", self.samples(net)])

    def untrained(self, name):
        """One of the networks that peer_training.py makes."""
        target = self.folder / f"{name}_untrained.h5"
        if not target.exists():
            run([sys.executable, HERE / "peer_training.py", "make", name, "-o", target])
        return target

    def in_training_form(self, net):
        """The network with fake quantisation, as our quantisation-aware training leaves it; None where `pare qat` is missing."""
        try:
            run([self.pare, "qat", "--help"])
        except CommandFailed:
            return None
        target, data = self.folder / f"{net.name}_qat.pare", self.folder / f"{net.name}_labelled.npz"
        if not target.exists():
            with np.load(self.samples(net)) as arrays:
                x = arrays["x"][:64]
            np.savez(data, x=x, y=np.arange(len(x), dtype=np.int32) % 2)  # what is learned does not matter
            integers = self.folder / f"{net.name}_qat.tflite"
            run([self.pare, "qat", self.keras(net), "--data", data, "-o", integers, "--form", target, "--epochs", 1, "--quiet"])
        return target

    def pruned(self, net):
        """The network with masks, half of its weights zero."""
        return self._compressed(net, "pruned", ["prune", self.keras(net), "--one-shot", "magnitude", "--sparsity", 0.5])

    def clustered(self, net):
        """The network with 16 values a tensor."""
        return self._compressed(net, "clustered", ["cluster", self.keras(net), "--clusters", 16])

    def _compressed(self, net, name, words):
        target = self.folder / f"{net.name}_{name}.pare"
        if not target.exists():
            run([self.pare, *words, "-o", target, "--quiet"])
        return target

    def conversion(self, tool, source, samples, out):
        """The command of one peer's conversion."""
        return [sys.executable, HERE / "peer_models.py", tool, source, "--samples", samples, "-o", out]

    def _made(self, net, ending, words):
        target = self.folder / f"{net.name}_{ending}"
        if not target.exists():
            print(f"preparing {target.name}", file=sys.stderr, flush=True)
            run([sys.executable, HERE / "peer_models.py", *words, "-o", target])
        return target
