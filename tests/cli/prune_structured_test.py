"""Structured pruning as its users meet it: smaller networks in every form, the same channels from each, and each way it can fail."""

import os
import pathlib
import re
import unittest

from program import BAD_INPUT, DIGITS, ROOT, UNSUPPORTED, USAGE, ProgramTest


ASSETS = pathlib.Path(os.environ.get("PARE_ASSETS", ROOT / "../shared/assets"))


class Structured(ProgramTest):
    @classmethod
    def prepare(cls):
        cls.data = cls.samples(cls.shared / "samples.npz")
        cls.folded = cls.shared / "digits.tflite"
        cls.succeed("convert", DIGITS, "-o", cls.folded)

    def words(self, out, *more, model=DIGITS, epochs=0):
        course = ("--epochs", epochs, "--batch", 16, "--threads", 1)
        return ["prune", model, "--structured", "--data", self.data, "-o", self.folder / out, *course, *more]

    def widths(self, name):
        """Of the layers with weights that make channels, in order."""
        layers = self.json_of("inspect", self.folder / name)["layers"]
        kinds = ("conv_2d", "depthwise_conv_2d", "fully_connected")
        return [int(layer["dst"].rstrip("]").split(", ")[-1]) for layer in layers if layer["operator"] in kinds]


class Written(Structured):
    def test_half_of_the_multiply_adds_leave_in_every_form(self):
        widths = []
        for name, model in (("out.h5", DIGITS), ("out.pare", DIGITS), ("out.tflite", DIGITS), ("again.tflite", self.folded)):
            report = self.json_of(*self.words(name, "--macs", 0.5, model=model))
            share = report["multiply_adds"]["after"] / report["multiply_adds"]["before"]
            self.assertTrue(0.3 < share <= 0.5, share)
            self.assertLess(report["weights"]["after"], report["weights"]["before"])
            self.assertLess(report["size_bytes"]["after"], report["size_bytes"]["before"])
            widths.append(self.widths(name))
            self.assertEqual(widths[-1], [layer["channels"]["after"] for layer in report["layers"]])
        self.assertEqual(widths, widths[:1] * 4)
        self.assertTrue(all(width % 8 == 0 for width in widths[0][:-1]), widths[0])

    def test_the_same_file_twice(self):
        for name in ("a.pare", "b.pare"):
            self.succeed(*self.words(name, epochs=1))
        self.assertEqual((self.folder / "a.pare").read_bytes(), (self.folder / "b.pare").read_bytes())

    def test_each_criterion_removes_channels(self):
        for criterion in ("taylor", "l1", "l2", "geometric_median", "bn_scale", "activation"):
            report = self.json_of(*self.words("out.h5", "--channel-criterion", criterion, "--macs", 0.6))
            self.assertLess(report["multiply_adds"]["after"], 0.6 * report["multiply_adds"]["before"])

    def test_limits_of_weights_and_latency(self):
        report = self.json_of(*self.words("out.tflite", "--weights", 0.4))
        self.assertLess(report["weights"]["after"], 0.41 * report["weights"]["before"])
        report = self.json_of(*self.words("out.tflite", "--latency", 0.8))
        self.assertLess(report["multiply_adds"]["after"], report["multiply_adds"]["before"])

    def test_limits_hold_together(self):
        report = self.json_of(*self.words("out.tflite", "--weights", 0.6, "--macs", 0.5, "--latency", 0.9))
        self.assertLessEqual(report["weights"]["after"], 0.6 * report["weights"]["before"])
        self.assertLessEqual(report["multiply_adds"]["after"], 0.5 * report["multiply_adds"]["before"])

    def test_uniform_takes_the_same_share_of_each_layer(self):
        layers = self.json_of(*self.words("out.h5", "--budget", "uniform", "--multiple-of", 1, "--macs", 0.3))["layers"]
        shares = [layer["channels"]["after"] / layer["channels"]["before"] for layer in layers[:-1]]
        self.assertLess(max(shares) - min(shares), 0.07)

    def test_nothing_leaves_for_all_of_the_multiply_adds(self):
        report = self.json_of(*self.words("out.tflite", "--macs", 1))
        self.assertEqual(report["channels"]["after"], report["channels"]["before"])

    def test_some_layers_stay(self):
        layers = self.json_of(*self.words("out.h5", "--exclude", "conv2d_1", "--macs", 0.8))["layers"]
        self.assertEqual(layers[1]["channels"], {"before": 32, "after": 32})
        layers = self.json_of(*self.words("out.h5", "--include", "conv2d_1", "--macs", 0.8))["layers"]
        changed = [layer["layer"] for layer in layers if layer["channels"]["after"] < layer["channels"]["before"]]
        self.assertIn("conv2d_1", changed)
        self.assertLessEqual(set(changed), {"conv2d_1", "depthwise_conv2d", "conv2d_2"})  # an addition ties them

    def test_without_labels_and_from_the_network_as_it_was(self):
        unlabelled = self.unlabelled_samples(self.folder / "unlabelled.npz")
        words = self.words("out.tflite", epochs=1)
        words[words.index(self.data)] = unlabelled
        self.assertIn("like the teacher", self.succeed(*words).stdout)
        self.succeed(*self.words("out.tflite", "--distill", "--feature", "re_lu", epochs=1))

    def test_rounds(self):
        once = self.json_of(*self.words("out.tflite"))["multiply_adds"]
        for multiple in (1, 8):
            rounds = self.json_of(*self.words("out.tflite", "--rounds", 3, "--multiple-of", multiple, epochs=1))["multiply_adds"]
            self.assertTrue(0.8 * once["after"] <= rounds["after"] <= 0.5 * rounds["before"], (multiple, once, rounds))

    def test_what_is_left_is_said_before_it_is_trained(self):
        said = self.succeed(*self.words("out.tflite", "--rounds", 2, epochs=1)).stderr
        self.assertEqual(len(re.findall(r"\d+ of \d+ channels stay, with [\d.]+ % of the multiply-adds", said)), 2, said)

    def test_what_a_person_reads(self):
        text = self.succeed(*self.words("out.tflite", "--explain")).stdout
        self.assertRegex(text, r"conv2d_1 +32 -> \d+ +903,168 -> [\d,]+")
        self.assertRegex(text, r"Latency: [\d.]+ ms, [\d.]+ % of [\d.]+ ms")
        self.assertIn("digit/fully_connected: 10 not pruned, because softmax 'digit' needs all channels", text)


@unittest.skipUnless(ASSETS.exists(), "no assets")
class RealNetworks(Structured):
    def removed(self, model, data, out, *more):
        words = ["prune", ASSETS / "models" / model, "--structured", "--data", ROOT / "tests/data_sets" / f"{data}.toml", "-o", self.folder / out]
        groups = self.json_of(*words, "--epochs", 0, "--threads", 1, *more)["removed"][0]
        return [(group["channels"], group["removed"]) for group in groups]

    def check_forms(self, keras, tflite, data, *more):
        one, other = self.removed(keras, data, "one.h5", *more), self.removed(tflite, data, "other.tflite", *more)
        self.assertGreater(len(one), 2)
        self.assertEqual(one, other)

    def test_keras_and_tflite_forms_lose_the_same_channels(self):
        self.check_forms("mlperf_tiny/ic/pretrainedResnet.h5", "mlperf_tiny/ic/pretrainedResnet.tflite", "cifar10", "--multiple-of", 1)
        self.check_forms("mlperf_tiny/vww/vww_96.h5", "mlperf_tiny/vww/vww_96_float.tflite", "vww", "--channel-criterion", "l2", "--multiple-of", 1)
        self.check_forms("mlperf_tiny/vww/vww_96.h5", "mlperf_tiny/vww/vww_96_float.tflite", "vww")


class Resumed(Structured):
    def check(self, *more):
        words = self.words("out.pare", *more, epochs=20)
        self.ends_as_if_not_killed(words, "out.pare")

    def test_a_killed_run_ends_as_if_it_had_not_been(self):
        self.check()

    def test_so_does_one_of_several_rounds(self):
        self.check("--rounds", 3)


class Failures(Structured):
    def test_options_of_the_other_kind(self):
        for option in (("--sparsity", 0.5), ("--block", "1x4"), ("--n-of-m", "2:4"), ("--course", "constant"), ("--every", 5)):
            self.fails(USAGE, self.words("out.h5", *option), f"{option[0]} makes single weights zero")
        plain = [word for word in self.words("out.h5", epochs=1) if word != "--structured"]
        for option in (("--macs", 0.5), ("--rounds", 2), ("--channel-criterion", "l1"), ("--explain",)):
            self.fails(USAGE, [*plain, *option], f"{option[0]} is an option of --structured")
        self.fails(USAGE, self.words("out.h5", "--budget", "lamp"), "global or uniform was expected")
        plain[plain.index("--epochs") + 1] = 0
        self.fails(USAGE, plain, "needs an epoch")

    def test_more_than_can_leave(self):
        self.fails(UNSUPPORTED, self.words("out.h5", "--macs", 0.01), "0.01 of the multiply-adds was asked for; the least that can be reached is 0.1", "--multiple-of")
        self.fails(UNSUPPORTED, self.words("out.h5", "--weights", 0, "--multiple-of", 1), "of the weights")
        self.fails(UNSUPPORTED, self.words("out.h5", "--latency", 0), "the least that was measured is", "--multiple-of")

    def test_names_that_nothing_has(self):
        self.fails(BAD_INPUT, self.words("out.h5", "--include", "none*"), "no layer whose channels can leave is called 'none*'")

    def test_networks_that_stay(self):
        self.fails(UNSUPPORTED, self.words("out.h5", "--exclude", "*"), "no channels can leave")
        self.fails(UNSUPPORTED, self.words("out.tflite", "--channel-criterion", "bn_scale", model=self.folded), "has no batch normalisation")
        quantized = self.folder / "int8.tflite"
        self.succeed("quantize", DIGITS, "-o", quantized, "--mode", "int8", "--data", self.data)
        self.fails(UNSUPPORTED, self.words("out.tflite", model=quantized), "is quantised; prune the float network")


if __name__ == "__main__":
    unittest.main()
