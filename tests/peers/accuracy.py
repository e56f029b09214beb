"""Accuracy of a .tflite as LiteRT computes it, and its paired difference from a float model.

    accuracy.py NET.tflite --data DESC.toml --pare build/release/pare [--float FLOAT.tflite]
    accuracy.py NET.tflite --arrays X.npz [--float FLOAT.tflite] [--max-drop 0.3]

Arrays are x (float, ready for the network) and y (class). Prints accuracy with its Wilson interval
and, with --float, agreement and the difference with the 95 % interval of matched proportions
(Agresti and Min 2005).
--max-drop N fails when the accuracy is more than N points lower and zero drop lies outside the interval.
"""

import argparse
import sys
import tempfile

import numpy as np

import cases
import litert

Z95 = 1.959964


def classes(path, x, kernels, threads=2):
    """The class LiteRT gives each sample."""
    model = litert.Model(path, kernels, threads=threads)
    signature = model.signature()
    answers = []
    for arrays in cases.batches(model, signature, x):
        output = model.run(signature, arrays)[signature.outputs[0].name]
        answers.append(output.reshape(-1, output.shape[-1]).argmax(axis=1))
    return np.concatenate(answers)


def wilson(hits, count):
    share = hits / count
    centre = (share + Z95**2 / (2 * count)) / (1 + Z95**2 / count)
    half = Z95 / (1 + Z95**2 / count) * np.sqrt(share * (1 - share) / count + Z95**2 / (4 * count**2))
    return centre - half, centre + half


def paired_interval(right, base_right):
    """Difference of two accuracies on the same samples and its 95 % interval.

    Agresti, Min: Simple improved confidence intervals for comparing matched proportions (2005):
    half an observation is added to each of the four cells.
    """
    count = len(right) + 2
    won = np.count_nonzero(right & ~base_right) + 0.5
    lost = np.count_nonzero(~right & base_right) + 0.5
    difference = (won - lost) / count
    half = Z95 * np.sqrt(won + lost - (won - lost) ** 2 / count) / count
    measured = (np.count_nonzero(right) - np.count_nonzero(base_right)) / len(right)
    return measured, difference - half, difference + half


def report(path, x, y, float_path=None, kernels="default"):
    """Returns the figures as a dictionary."""
    answers = classes(path, x, kernels)
    right = answers == y
    low, high = wilson(np.count_nonzero(right), len(y))
    figures = {"samples": len(y), "accuracy": right.mean(), "interval": (low, high)}
    if float_path:
        base = classes(float_path, x, "default")
        figures["float_accuracy"] = (base == y).mean()
        figures["agreement"] = (answers == base).mean()
        figures["difference"], low, high = paired_interval(right, base == y)
        figures["difference_interval"] = (low, high)
    return figures


def judge(name, figures, max_drop):
    """Returns (passed, line to print); drops are in points."""
    line = f"{name}: {100 * figures['accuracy']:.2f} % of {figures['samples']}"
    line += " [{:.2f}, {:.2f}]".format(*(100 * end for end in figures["interval"]))
    if "difference" not in figures:
        return True, line
    low, high = (100 * end for end in figures["difference_interval"])
    line += f", float {100 * figures['float_accuracy']:.2f} %, same class {100 * figures['agreement']:.2f} %"
    line += f", difference {100 * figures['difference']:+.2f} [{low:+.2f}, {high:+.2f}] points"
    passed = max_drop is None or -100 * figures["difference"] <= max_drop or high >= 0
    return passed, line


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--arrays", help=".npz with x and y")
    source.add_argument("--data", help="description below tests/data_sets; needs --pare")
    parser.add_argument("--pare", help="the program, for --data")
    parser.add_argument("--split", default="test")
    parser.add_argument("--float", dest="float_path", help="the float .tflite to compare with")
    parser.add_argument("--kernels", choices=list(litert.KERNELS), default="default")
    parser.add_argument("--max-drop", type=float, help="points of accuracy that may be lost")
    arguments = parser.parse_args()
    if arguments.data and not arguments.pare:
        parser.error("--data needs --pare")
    with tempfile.TemporaryDirectory() as scratch:
        if arguments.arrays:
            with np.load(arguments.arrays) as loaded:
                x, y = loaded["x"], loaded["y"]
        else:
            x, y = cases.exported(arguments.pare, arguments.data, scratch, arguments.split)
    figures = report(arguments.model, x, y, arguments.float_path, arguments.kernels)
    passed, line = judge(arguments.model, figures, arguments.max_drop)
    print(("pass " if passed else "FAIL ") + line)
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
