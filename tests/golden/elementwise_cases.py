"""Cases of make_operators.py: element-wise operators, comparisons, reductions, padding, joining and resizing of quantised tensors."""

import numpy as np
from make_operators import ACTIVATIONS, Tensor, emit

random = np.random.default_rng(2026)
LIMITS = {"i8": (-128, 127), "u8": (0, 255), "i16": (-32768, 32767)}
ALL = ("i8", "u8", "i16")


def title_case(op):
    return "".join(part.capitalize() for part in op.split("_"))


def stored(dtype, shape, real, zero=None):
    """Random values over the whole range of the type, which stand for numbers up to about `real`."""
    low, high = LIMITS[dtype]
    if zero is None:
        zero = 0 if dtype == "i16" else int(random.integers(low // 2 + high // 4, high // 2))
    scale = np.float32(real * random.uniform(0.8, 1.2) / (high - low) * 2)
    return Tensor(dtype, shape, random.integers(low, high + 1, shape), scale, zero)


def result(dtype, real, zero=None):
    tensor = stored(dtype, [1], real, zero)
    tensor.values = None
    return tensor


def sums_and_products(out):
    shapes = [([2, 3, 4], [2, 3, 4]), ([2, 3, 4], [4]), ([2, 1, 4], [3, 1]), ([5], [])]
    for op in ("add", "sub", "mul", "div"):
        for dtype in ALL:
            for index, (x_shape, y_shape) in enumerate(shapes):
                activation = ["none", "relu", "relu6", "none"][index]
                x, y = stored(dtype, x_shape, 4), stored(dtype, y_shape, 1 + 2 * index)
                if op == "div":  # zero is no divisor
                    y.values = np.where(y.values == y.zeros[0], y.values + 1, y.values).astype(y.values.dtype)
                options = {"fusedActivationFunction": ACTIVATIONS[activation]}
                attributes = {"activation": activation}
                if op in ("add", "sub"):
                    options["potScaleInt16"] = False
                    attributes["pot_scale_int16"] = "false"
                emit(out, f"{op} {dtype} {index}", op, attributes, op.upper(), title_case(op) + "Options", options, [("x", x, False), ("y", y, False)],
                     result(dtype, 9))
    for op in ("add", "sub"):
        for x_log, y_log in ((-14, -12), (-12, -13), (-12, -12)):
            x, y = stored("i16", [20], 1), stored("i16", [20], 1)
            x.scales, y.scales = np.float32([2.0**x_log]), np.float32([2.0**y_log])
            emit(out, f"{op} i16 powers of two {x_log} {y_log}", op, {}, op.upper(), title_case(op) + "Options", {"potScaleInt16": True},
                 [("x", x, False), ("y", y, False)], Tensor("i16", [], scale=2.0**-12, zero=0))


def extrema(out):
    for op in ("maximum", "minimum"):
        for dtype in ALL:
            x = stored(dtype, [2, 3, 4], 4)
            y = Tensor(dtype, [3, 1], random.integers(*LIMITS[dtype], [3, 1]), x.scales, x.zeros)
            emit(out, f"{op} {dtype}", op, {}, op.upper(), "MaximumMinimumOptions", {}, [("x", x, False), ("y", y, False)],
                 Tensor(dtype, [], scale=x.scales, zero=x.zeros))
    for index, (x_shape, y_shape) in enumerate((([3, 8], [3, 8]), ([3, 8], [8]))):
        emit(out, f"squared_difference i8 {index}", "squared_difference", {}, "SQUARED_DIFFERENCE", "SquaredDifferenceOptions", {},
             [("x", stored("i8", x_shape, 4), False), ("y", stored("i8", y_shape, 2), False)], result("i8", 30))


def comparisons(out):
    for op in ("equal", "not_equal", "greater", "greater_equal", "less", "less_equal"):
        for dtype in ALL:
            x = stored(dtype, [4, 12], 3)
            y = stored(dtype, [4, 1], 3) if dtype == "i8" else Tensor(dtype, [4, 12], x.values + random.integers(0, 2, [4, 12]), x.scales, x.zeros)
            emit(out, f"{op} {dtype}", op, {}, op.upper(), title_case(op) + "Options", {}, [("x", x, False), ("y", y, False)], Tensor("bool", []))


def functions(out):
    """(operator, types, range of the argument, range of the result, options, attributes)"""
    plain = [
        ("abs", ("i8", "i16"), 4, 5), ("exp", ("i8", "i16"), 3, 20), ("log", ("i8", "i16"), 9, 4), ("relu", ALL, 4, 5), ("relu6", ALL, 9, 7),
        ("relu_n1_to_1", ("i8", "u8"), 2, 1), ("relu_0_to_1", ("i8", "u8"), 2, 1), ("hard_swish", ("i8", "u8"), 6, 5), ("hard_swish", ("i8", "u8"), 0.8, 1),
        ("hard_swish", ("i8", "u8"), 60, 50),
    ]  # fmt: skip
    for op, types, src, dst in plain:
        for dtype in types:
            options = {"abs": "AbsOptions", "exp": "ExpOptions", "hard_swish": "HardSwishOptions"}.get(op, "")
            emit(out, f"{op} {dtype} {src}", op, {}, op.upper(), options, {}, [("src", stored(dtype, [60], src), False)], result(dtype, dst))
    for dtype in ("i8", "i16"):
        src = stored(dtype, [60], 4, 0)
        src.values = np.abs(src.values.astype(np.int32)).clip(0, LIMITS[dtype][1]).astype(src.values.dtype)
        emit(out, f"sqrt {dtype}", "sqrt", {}, "SQRT", "", {}, [("src", src, False)], result(dtype, 3))
        emit(out, f"rsqrt {dtype}", "rsqrt", {}, "RSQRT", "", {}, [("src", src, False)], result(dtype, 6))
    src = stored("i8", [60], 4)
    emit(out, "abs i8 same scale", "abs", {}, "ABS", "AbsOptions", {}, [("src", src, False)], Tensor("i8", [], scale=src.scales, zero=-100))
    for dtype in ALL:
        for alpha in (0.2, -0.3, 1.5):
            emit(out, f"leaky_relu {dtype} {alpha}", "leaky_relu", {"alpha": alpha}, "LEAKY_RELU", "LeakyReluOptions", {"alpha": alpha},
                 [("src", stored(dtype, [40], 4), False)], result(dtype, 4))
        for approximate in (False, True):
            emit(out, f"gelu {dtype} {approximate}", "gelu", {"approximate": str(approximate).lower()}, "GELU", "GeluOptions", {"approximate": approximate},
                 [("src", stored(dtype, [60], 4), False)], result(dtype, 4))
        for real in (1.0, 7.0, 40.0):
            for op, scale, zero in (("logistic", {"i16": 2.0**-15}.get(dtype, 2.0**-8), {"i8": -128}.get(dtype, 0)),
                                    ("tanh", {"i16": 2.0**-15}.get(dtype, 2.0**-7), {"u8": 128}.get(dtype, 0))):
                emit(out, f"{op} {dtype} {real}", op, {}, op.upper(), "", {}, [("src", stored(dtype, [80], real), False)], Tensor(dtype, [], scale=scale, zero=zero))
    for log in (-12, -11, -10):
        src = stored("i16", [80], 1)
        src.scales = np.float32([2.0**log])
        for op in ("logistic", "tanh"):
            emit(out, f"{op} i16 power of two {log}", op, {}, op.upper(), "", {}, [("src", src, False)], Tensor("i16", [], scale=2.0**-15, zero=0))
    for dtype in ("i8", "u8"):
        emit(out, f"prelu {dtype}", "prelu", {}, "PRELU", "", {}, [("src", stored(dtype, [2, 4, 5], 4), False), ("alpha", stored(dtype, [5], 1), True)], result(dtype, 4))


def reductions(out):
    axes = [([1, 2], True), ([0, 2], False), ([-1], False), ([0, 1, 2], True)]
    for dtype in ALL:
        for index, (axis, keep) in enumerate(axes):
            attributes, options = {"keep_dims": str(keep).lower()}, {"keepDims": keep}
            for op, real in (("mean", 1.5), ("sum", 20), ("reduce_max", 0), ("reduce_min", 0), ("reduce_prod", 4)):
                if op == "reduce_prod" and (dtype == "u8" or index == 3) or op == "sum" and dtype != "u8":
                    continue  # LiteRT has no kernel; the one of `sum` reads every type as unsigned bytes
                src = stored(dtype, [2, 3, 5], 4)
                dst = result(dtype, real) if real else Tensor(dtype, [], scale=src.scales, zero=src.zeros)
                emit(out, f"{op} {dtype} {index}", op, attributes, op.upper(), "ReducerOptions", options,
                     [("src", src, False), ("axes", Tensor("i32", [len(axis)], axis), True)], dst)
        if dtype != "i16":
            for op, field in (("arg_max", "ArgMaxOptions"), ("arg_min", "ArgMinOptions")):
                emit(out, f"{op} {dtype}", op, {}, op.upper(), field, {"outputType": 2}, [("src", stored(dtype, [3, 7], 4), False), ("axis", Tensor("i32", [1], [1]), True)],
                     Tensor("i32", []))


def layouts(out):
    for dtype in ALL:
        src = stored(dtype, [1, 3, 4, 2], 4)
        same = Tensor(dtype, [], scale=src.scales, zero=src.zeros)
        emit(out, f"pad {dtype}", "pad", {}, "PAD", "PadOptions", {}, [("src", src, False), ("paddings", Tensor("i32", [4, 2], [0, 0, 1, 0, 2, 1, 0, 1]), True)], same)
        emit(out, f"space_to_batch_nd {dtype}", "space_to_batch_nd", {}, "SPACE_TO_BATCH_ND", "SpaceToBatchNDOptions", {},
             [("src", src, False), ("block", Tensor("i32", [2], [2, 3]), True), ("paddings", Tensor("i32", [2, 2], [1, 0, 1, 1]), True)], same)
        for size, corners, centers in (([5, 7], False, False), ([2, 3], False, True), ([6, 7], True, False)):
            emit(out, f"resize_bilinear {dtype} {size} {corners} {centers}", "resize_bilinear",
                 {"align_corners": str(corners).lower(), "half_pixel_centers": str(centers).lower()}, "RESIZE_BILINEAR", "ResizeBilinearOptions",
                 {"alignCorners": corners, "halfPixelCenters": centers}, [("src", src, False), ("size", Tensor("i32", [2], size), True)], same)
    x, y = stored("u8", [2, 3, 4], 4), stored("u8", [2, 2, 4], 2)
    emit(out, "concatenation u8 of different scales", "concatenation", {"axis": 1}, "CONCATENATION", "ConcatenationOptions", {"axis": 1}, [("x", x, False), ("y", y, False)],
         Tensor("u8", [], scale=x.scales, zero=x.zeros))


FAMILIES = [sums_and_products, extrema, comparisons, functions, reductions, layouts]
