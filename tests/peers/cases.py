"""The .tflite files that the judges run over, and what each is fed with."""

import os
import tarfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import pare_program
from litert import schema

ROOT = Path(__file__).resolve().parents[2]
DATA_SETS = ROOT / "tests" / "data_sets"
SUITE = "models/suites/ai_edge_quantizer_models.tar.xz"

# Files that have a data set of their own; all others are fed with noise of a fixed seed.
DATA_OF = {
    "models/mlperf_tiny/ic/pretrainedResnet.tflite": "cifar10.toml",
    "models/mlperf_tiny/ic/pretrainedResnet_quant.tflite": "cifar10.toml",
    "models/mlperf_tiny/kws/kws_ref_model.tflite": "kws.toml",
    "models/mlperf_tiny/kws/kws_ref_model_float32.tflite": "kws.toml",
    "models/mlperf_tiny/kws/kws_ref_model_true_float.tflite": "kws.toml",
    "models/mlperf_tiny/vww/vww_96_float.tflite": "vww.toml",
    "models/mlperf_tiny/vww/vww_96_int8.tflite": "vww.toml",
    "models/mlperf_tiny/ad/ad01_fp32.tflite": "toycar.toml",
    "models/mlperf_tiny/ad/ad01_int8.tflite": "toycar.toml",
    "models/mlperf_tiny/sww/str_ww_ref_model.tflite": "wake_word.toml",
    "models/imagenet/mobilenet_v1_0.25_224_1_default_1.tflite": "imagenet_mobilenet.toml",
    "models/imagenet/mobilenet_v1_0.25_224_quant.tflite": "imagenet_mobilenet.toml",
    "suite/conv_fc_mnist.tflite": "mnist.toml",
    "suite/conv_fc_mnist_srq_a8w8.tflite": "mnist.toml",
    "suite/mnist_quantized.tflite": "mnist.toml",
    "suite/partly_quantized_mnist.tflite": "mnist.toml",
}

# Operators that Pare refuses by name; their files are skipped, and said to be.
REFUSED = {"UNIDIRECTIONAL_SEQUENCE_LSTM"}
# Files that Pare reads and writes but does not run: a shape in them hangs on the values of an input.
SHAPES_FROM_INPUTS = {"single_slice.tflite"}

# Inputs whose shapes and values hang on each other.
SPECIAL_INPUTS = {
    "single_slice.tflite": {
        "input_tensor": np.arange(60, dtype=np.float32).reshape(3, 4, 5),
        "begin": np.int32([1, 0, 2]),
        "size": np.int32([2, 1, -1]),
    },
}


@dataclass
class Case:
    name: str  # path below the assets, or suite/...
    path: Path
    data: str  # file in tests/data_sets, or ""


def assets_folder():
    """None where there are no assets."""
    folder = Path(os.environ.get("PARE_ASSETS") or ROOT.parent / "shared" / "assets")
    return folder if (folder / "models").is_dir() else None


def all_cases(assets, scratch):
    """Every .tflite under the assets and in the suite, which is unpacked below `scratch`."""
    suite = Path(scratch) / "suite"
    if not suite.is_dir():
        with tarfile.open(assets / SUITE) as archive:
            archive.extractall(suite, filter="data")
    found = [Case(p.relative_to(assets).as_posix(), p, "") for p in sorted((assets / "models").rglob("*.tflite"))]
    inside = suite / "models" if (suite / "models").is_dir() else suite
    found += [Case(f"suite/{p.relative_to(inside).as_posix()}", p, "") for p in sorted(inside.rglob("*.tflite"))]
    for case in found:
        case.data = DATA_OF.get(case.name, "")
    return found


def exported(pare, description, scratch, split="test"):
    """x and y of a data set as `pare data export` gives them; exported once a run."""
    target = Path(scratch) / f"{Path(description).stem}_{split}.npz"
    if not target.exists():
        pare_program.pare(pare, "data", "export", DATA_SETS / description, "--split", split, "-o", target)
    with np.load(target) as arrays:
        return arrays["x"], arrays["y"] if "y" in arrays else None


def batches(model, signature, x=None, limit=None, seed=1):
    """Yields input dictionaries: the samples of a data set, or a few of noise.

    A graph with a free batch takes many samples at a time, another one by one.
    """
    if x is None:
        for repeat in range(min(limit or 4, 4)):
            yield noise(model, signature, seed + repeat)
        return
    port = signature.inputs[0]
    x = x[:limit]
    step = 1
    if port.shape and port.shape[0] == -1:
        step = max(1, min(100, 4_000_000 // max(1, x[0].size)))
    for start in range(0, len(x), step):
        part = x[start : start + step]
        yield {port.name: port.quantize(part.reshape(len(part), *[abs(size) for size in port.shape[1:]]))}


def noise(model, signature, seed):
    """Random arrays that the file accepts: indices inside their table, starts and sizes of 0 and 1."""
    special = SPECIAL_INPUTS.get(Path(model.path).name)
    if special is not None:
        return special
    generator = np.random.default_rng(seed)
    arrays = {}
    for port in signature.inputs:
        shape = [1 if size < 0 else size for size in stored_shape(model, signature, port)]
        if port.dtype.kind == "f":
            arrays[port.name] = generator.standard_normal(shape, dtype=np.float32).astype(port.dtype)
        elif port.dtype.kind == "b":
            arrays[port.name] = generator.integers(0, 2, shape).astype(bool)
        elif port.scale:
            info = np.iinfo(port.dtype)
            arrays[port.name] = generator.integers(info.min, info.max + 1, shape).astype(port.dtype)
        else:
            arrays[port.name] = generator.integers(0, index_bound(model, signature, port), shape).astype(port.dtype)
    return arrays


def stored_shape(model, signature, port):
    """The shape in the file, with its example size where the dimension is free."""
    shape = model.flat.subgraphs[signature.subgraph].tensors[port.index].shape
    return [int(size) for size in shape] if shape is not None else []


def index_bound(model, signature, port):
    """One more than the largest index that a table look-up on this input allows; 2 where there is none."""
    graph = model.flat.subgraphs[signature.subgraph]
    for operator in graph.operators:
        code = model.flat.operatorCodes[operator.opcodeIndex]
        kind = max(code.builtinCode, code.deprecatedBuiltinCode)
        inputs = [int(index) for index in operator.inputs]
        if kind == schema.BuiltinOperator.GATHER and inputs[1] == port.index:
            return int(graph.tensors[inputs[0]].shape[operator.builtinOptions.axis])
        if kind == schema.BuiltinOperator.EMBEDDING_LOOKUP and inputs[0] == port.index:
            return int(graph.tensors[inputs[1]].shape[0])
    return 2


def more_cases(folder):
    """.tflite files outside the assets; fed with noise."""
    return [Case(f"also/{p.name}", p, "") for p in sorted(Path(folder).rglob("*.tflite"))]
