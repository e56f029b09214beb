"""Runs a .tflite in LiteRT over arrays and writes its outputs, or every tensor, to an .npz.

    judge_litert.py NET.tflite --input X.npz -o Y.npz [--kernels reference] [--tensors T.npz]

--input is an .npy (one input) or an .npz with one entry an input; a float array for a quantised
input is quantised by that input's scale. Without --input the arrays are noise of a fixed seed.
Tensors are written under `<index in file>:<name>`, outputs under their names.
"""

import argparse
import sys

import numpy as np

import cases
import litert


def read_arrays(path, signature):
    loaded = np.load(path)
    if isinstance(loaded, np.ndarray):
        loaded = {signature.inputs[0].name: loaded}
    elif len(signature.inputs) == 1 and signature.inputs[0].name not in loaded.files:
        loaded = {signature.inputs[0].name: loaded["x" if "x" in loaded.files else loaded.files[0]]}
    return {port.name: port.quantize(loaded[port.name]) for port in signature.inputs}


def run_samples(model, signature, arrays):
    """A graph with a fixed batch of 1 gets its samples one after the other."""
    port = signature.inputs[0]
    given = len(arrays[port.name]) if arrays[port.name].ndim else 1
    fixed = len(signature.inputs) == 1 and port.shape and port.shape[0] == 1 and given != 1
    if not fixed:
        return model.run(signature, arrays), model.tensors(signature)
    outputs, tensors = [], []
    for index in range(given):
        outputs.append(model.run(signature, {port.name: arrays[port.name][index : index + 1]}))
        tensors.append(model.tensors(signature))
    return stacked(outputs), stacked(tensors)


def stacked(parts):
    return {key: np.concatenate([np.atleast_1d(part[key]) for part in parts]) for key in parts[0]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--input", help=".npy or .npz; noise without it")
    parser.add_argument("-o", "--output", help=".npz for the outputs")
    parser.add_argument("--tensors", help=".npz for every tensor that an operator writes")
    parser.add_argument("--kernels", choices=list(litert.KERNELS), default="reference")
    parser.add_argument("--signature", help="the first one unless told")
    parser.add_argument("--seed", type=int, default=1, help="of the noise")
    arguments = parser.parse_args()
    model = litert.Model(arguments.model, arguments.kernels, keep_all=arguments.tensors is not None)
    signature = model.signature(arguments.signature)
    if arguments.input:
        arrays = read_arrays(arguments.input, signature)
    else:
        arrays = cases.noise(model, signature, arguments.seed)
    outputs, tensors = run_samples(model, signature, arrays)
    if arguments.output:
        np.savez(arguments.output, **outputs)
    if arguments.tensors:
        np.savez(
            arguments.tensors,
            **{f"{index}:{model.tensor_name(signature.subgraph, index)}": value for index, value in tensors.items()},
        )
    for name, value in outputs.items():
        print(f"{name}: {value.dtype}{list(value.shape)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
