"""Peak memory of `pare quantize` against the number of calibration samples: it must not grow with them."""

from measuring import Row, run
from prepared import ROOT

COUNTS = (500, 2000, 10000)
MODEL = "models/keras/mnist_model.h5"
GOAL = 1.05  # of the peak with the fewest samples; the allocator and timing of threads account for the rest


def measure(shop, rounds):
    """The data set is MNIST, whose 60,000 training images the source holds in any case."""
    peaks = {}
    for count in COUNTS:
        command = [shop.pare, "quantize", shop.assets / MODEL, "-o", shop.folder / "memory.tflite", "--mode", "int8"]
        command += ["--data", ROOT / "tests/data_sets/mnist.toml", "--samples", count, "--quiet"]
        peaks[count] = min(run(command)[2] for _ in range(min(rounds, 3))) / 1e6
    first = peaks[COUNTS[0]]
    return [
        Row("memory", f"quantize mnist, {count} samples", f"{COUNTS[0]} samples", "MB", peak, first, peak / first, GOAL)
        for count, peak in peaks.items()
    ]
