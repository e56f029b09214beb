"""Tests of the judges' own arithmetic: a judge that cannot fail proves nothing."""

import unittest
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock

import numpy as np

import accuracy
import cases
import compare_engine
import litert


class RelativeError(unittest.TestCase):
    def test_is_largest_difference_over_largest_magnitude(self):
        error = compare_engine.relative_error(np.float32([1, -4]), np.float32([1.5, -4]))
        self.assertAlmostEqual(error, 0.125)

    def test_shape_and_nan_are_never_close(self):
        one = np.ones(3, np.float32)
        self.assertEqual(compare_engine.relative_error(one, one[:2]), np.inf)
        self.assertEqual(compare_engine.relative_error(one * np.nan, one), np.inf)
        self.assertEqual(compare_engine.relative_error(one, one * np.inf), np.inf)

    def test_agreeing_nan_and_infinity_are_equal(self):
        strange = np.float32([np.nan, np.inf, 2])
        self.assertEqual(compare_engine.relative_error(strange, strange), 0)


class SameBytes(unittest.TestCase):
    def test_sees_one_bit_type_and_shape(self):
        zeros = np.zeros(4, np.int8)
        self.assertTrue(compare_engine.same_bytes(zeros, zeros.copy()))
        self.assertFalse(compare_engine.same_bytes(zeros, zeros.view(np.uint8)))
        self.assertFalse(compare_engine.same_bytes(zeros, zeros.reshape(2, 2)))
        self.assertFalse(compare_engine.same_bytes(np.float32([0.0]), np.float32([-0.0])))


class Intervals(unittest.TestCase):
    def test_wilson_of_the_textbook(self):
        # 81 of 263: Newcombe, Two-sided confidence intervals for the single proportion (1998), table I.
        low, high = accuracy.wilson(81, 263)
        self.assertAlmostEqual(low, 0.2553, places=4)
        self.assertAlmostEqual(high, 0.3662, places=4)

    def test_paired_interval_holds_zero_only_without_a_clear_difference(self):
        base = np.arange(1000) % 10 != 0
        worse = base & (np.arange(1000) % 9 != 0)
        _, low, high = accuracy.paired_interval(base, base)
        self.assertTrue(low < 0 < high)
        measured, low, high = accuracy.paired_interval(worse, base)
        self.assertTrue(low < measured < high < 0)

    def test_a_significant_drop_fails_and_a_small_one_passes(self):
        figures = {"accuracy": 0.8, "interval": (0.7, 0.9), "samples": 1000, "float_accuracy": 0.81, "agreement": 0.9}
        lost = figures | {"difference": -0.01, "difference_interval": (-0.015, -0.005)}
        unsure = figures | {"difference": -0.01, "difference_interval": (-0.03, 0.01)}
        self.assertFalse(accuracy.judge("net", lost, 0.3)[0])
        self.assertTrue(accuracy.judge("net", lost, 1.5)[0])
        self.assertTrue(accuracy.judge("net", unsure, 0.3)[0])


class Quantisation(unittest.TestCase):
    PORT = litert.Port("x", 0, (-1, 2), np.dtype(np.int8), 0.5, -3)

    def test_rounds_and_saturates(self):
        stored = self.PORT.quantize(np.float32([0, 0.6, 1000, -1000]))
        self.assertEqual(stored.tolist(), [-3, -2, 127, -128])
        self.assertEqual(self.PORT.dequantize(stored[:1]).tolist(), [0.0])


class CompareEngine(unittest.TestCase):
    """The whole judge on a real int8 file, with answers that are LiteRT's own, then with one bit changed."""

    def setUp(self):
        assets = cases.assets_folder()
        if assets is None:
            self.skipTest("no assets")
        path = assets / "models/mlperf_tiny/kws/kws_ref_model.tflite"
        self.case = cases.Case("kws", path, "")

    def judge_with(self, change):
        def answer(program, path, arrays, scratch, engine, signature_name="", dump=False):
            model = litert.Model(path, keep_all=True)
            signature = model.signature()
            outputs = model.run(signature, arrays)
            return outputs, change({f"{i}:name": v.copy() for i, v in model.tensors(signature).items()})

        with TemporaryDirectory() as scratch, mock.patch("pare_program.run_model", answer):
            return compare_engine.judge("pare", self.case, Path(scratch), limit=1)

    def test_equal_answers_pass(self):
        passed, line = self.judge_with(lambda tensors: tensors)
        self.assertTrue(passed, line)

    def test_one_changed_element_is_named(self):
        def change(tensors):
            key = list(tensors)[3]
            tensors[key].flat[7] ^= 1
            return tensors

        passed, line = self.judge_with(change)
        self.assertFalse(passed)
        self.assertRegex(line, r"tensor \d+ .* written by \w+: 1 of \d+ elements differ")

    def test_a_missing_tensor_is_a_failure(self):
        passed, line = self.judge_with(lambda tensors: dict(list(tensors.items())[:-1]))
        self.assertFalse(passed)
        self.assertIn("not in the dump", line)


if __name__ == "__main__":
    unittest.main()
