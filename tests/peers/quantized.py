"""Quantises the reference networks with Pare and has LiteRT judge the files.

    quantized.py --pare build/release/pare --net resnet8
"""

import argparse
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import accuracy
import cases
import pare_program


@dataclass
class Net:
    name: str
    model: str  # below the assets
    data: str  # description below tests/data_sets
    samples: int  # for calibration
    best_peer: float  # highest accuracy in % of a peer's int8 file on the same test samples
    max_drop: float = 0.3  # points that int8 may lose, unless the paired interval holds zero


# The best int8 of a peer: TFLite converter, AI Edge Quantizer or ONNX Runtime, on the same test samples.
NETS = [
    Net("resnet8", "models/mlperf_tiny/ic/pretrainedResnet.h5", "cifar10.toml", 500, 87.00),
    Net("dscnn", "models/mlperf_tiny/kws/kws_ref_model.h5", "kws.toml", 200, 91.26),
    Net("vww", "models/mlperf_tiny/vww/vww_96.h5", "vww.toml", 22, 95.45),
    Net("mnist", "models/keras/mnist_model.h5", "mnist.toml", 500, 99.31),
    Net("fashion", "models/keras/fashion_mnist_model.h5", "fashion.toml", 500, 89.31),
    Net("mobilenet", "models/imagenet/mobilenet_v1_0.25_224.h5", "imagenet_mobilenet.toml", 110, 55.59, 3.0),
    Net("efficientnet", "models/imagenet/efficientnet_lite0.h5", "imagenet_efficientnet.toml", 200, 87.54),
]

BELOW_PEER = 0.1  # points by which our accuracy may lie below the best peer's


def judge(program, assets, net, scratch):
    """Float and int8 written by Pare, run by LiteRT over the test split. Returns (passed, line).

    Both files run in LiteRT's default kernels, as a user runs them.
    """
    scratch = Path(scratch)
    float_file, int8_file = scratch / f"{net.name}_float.tflite", scratch / f"{net.name}_int8.tflite"
    pare_program.pare(program, "convert", assets / net.model, "-o", float_file)
    data = cases.DATA_SETS / net.data
    pare_program.pare(
        program, "quantize", assets / net.model, "-o", int8_file, "--mode", "int8", "--data", data, "--samples", net.samples
    )
    x, y = cases.exported(program, net.data, scratch)
    figures = accuracy.report(int8_file, x, y, float_file, "default")
    passed, line = accuracy.judge(net.name, figures, net.max_drop)
    if 100 * figures["accuracy"] < net.best_peer - BELOW_PEER - 1e-9:
        return False, f"{line}; best peer {net.best_peer:.2f} %"
    return passed, line


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pare", required=True, help="the program to judge")
    parser.add_argument("--net", choices=[net.name for net in NETS], help="all unless told")
    arguments = parser.parse_args()
    assets = cases.assets_folder()
    if assets is None:
        print("skipped: no assets")
        return 77
    failed = 0
    with tempfile.TemporaryDirectory() as scratch:
        for net in NETS:
            if arguments.net in (None, net.name):
                passed, line = judge(arguments.pare, assets, net, scratch)
                failed += not passed
                print(("pass " if passed else "FAIL ") + line, flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
