"""`pare qat`, from files to files."""

import os
import unittest

from program import BAD_INPUT, DIGITS, UNSUPPORTED, USAGE, ProgramTest


class Qat(ProgramTest):
    @classmethod
    def prepare(cls):
        cls.data = cls.samples(cls.shared / "samples.npz")

    def qat(self, *more, data=None, out="out.tflite", epochs=2):
        return ["qat", DIGITS, "--data", data or self.data, "-o", self.folder / out, "--epochs", epochs, *more]

    def test_trains_through_rounding_and_writes_integers(self):
        form = self.folder / "form.pare"
        result = self.json_of(*self.qat("--weight-bits", 4, "--form", form, "--lr", 1e-3))
        self.assertEqual((result["mode"], result["form"]), ("int8", str(form)))
        self.assertEqual(len(result["training"]["epochs"]), 2)
        self.assertEqual(result["training"]["judged_by"], "accuracy")
        self.assertEqual(sorted(os.listdir(self.folder)), ["form.pare", "out.tflite"])
        layers = self.succeed("inspect", self.folder / "out.tflite", "--layers").stdout
        self.assertIn("i8 x i4", layers)

    def test_the_training_form_gives_the_same_file(self):
        form, again = self.folder / "form.pare", self.folder / "again.tflite"
        self.succeed(*self.qat("--form", form))
        self.succeed("quantize", form, "--data", self.data, "-o", again)
        self.assertEqual((self.folder / "out.tflite").read_bytes(), again.read_bytes())
        self.fails(USAGE, ["quantize", form, "--data", self.data, "-o", again, "--mode", "int16x8"], "trained for 8-bit activations", "--mode int8")
        self.fails(UNSUPPORTED, ["convert", form, "-o", self.folder / "float.tflite"], "fake_quantize", "pare quantize")

    def test_goes_on_from_a_training_form(self):
        first, second = self.folder / "first.pare", self.folder / "second.pare"
        self.succeed(*self.qat("--form", first))
        again = self.qat("--form", second, "--weight-bits", 4)
        again[1] = first
        self.succeed(*again)
        roundings = [
            self.succeed("inspect", form).stdout.split(" fake_quantize")[0].rsplit(" ", 1)[1] for form in (first, second)
        ]
        self.assertEqual(roundings[0], roundings[1])

    def test_every_rule_of_ranges(self):
        for rule in ("learned", "clip", "moving", "fixed"):
            text = self.succeed(*self.qat("--ranges", rule, "--freeze-ranges", 0.5, "--freeze-statistics", 0.6)).stdout
            self.assertIn("integer", text)

    def test_sixteen_bits_and_weights_alone(self):
        for mode in ("int16x8", "dynamic", "weight_only"):
            self.succeed(*self.qat("--mode", mode))

    def test_without_labels_the_float_model_teaches(self):
        bare = self.unlabelled_samples(self.folder / "bare.npz")
        self.assertEqual(self.json_of(*self.qat(data=bare))["training"]["judged_by"], "agreement")
        self.assertEqual(self.json_of(*self.qat("--no-labels"))["training"]["distillation"]["labels"], False)

    def test_statistics_move_only_for_few_bits(self):
        for bits, share in ((8, 0), (4, 0.8)):
            words = ("--weight-bits", bits, "--threads", 1)
            self.succeed(*self.qat(*words, out="unsaid.tflite"))
            self.succeed(*self.qat(*words, "--freeze-statistics", share, out="said.tflite"))
            self.assertEqual((self.folder / "unsaid.tflite").read_bytes(), (self.folder / "said.tflite").read_bytes())

    def test_values_inside_are_learned_from_the_float_model(self):
        taught = self.json_of(*self.qat("--feature", "flatten", "--feature-weight", 3, "--damping", 0.1))["training"]["distillation"]
        self.assertEqual(taught["features"], [{"student": "flatten", "teacher": "flatten"}])
        self.assertEqual(taught["labels"], True)
        self.fails(BAD_INPUT, self.qat("--feature", "nowhere"), "no value is called 'nowhere'")

    def test_a_killed_run_goes_on_to_the_same_bytes(self):
        words = ("--threads", 1, "--ranges", "moving")
        whole, again = (self.qat(*words, out=name, epochs=200) for name in ("whole.tflite", "again.tflite"))
        self.succeed(*whole)
        self.killed_once_kept(again, "again.tflite")
        other = self.run_program(*again, "--resume", "--samples", 20)
        self.assertEqual(other.returncode, BAD_INPUT, other.stderr)
        self.assertIn('calibration_samples = "500", now it is "20"', other.stderr)
        self.succeed(*again, "--resume")
        self.assertEqual((self.folder / "whole.tflite").read_bytes(), (self.folder / "again.tflite").read_bytes())

    def test_what_does_not_fit(self):
        self.fails(USAGE, self.qat("--per-tensor"), "one scale a channel", "--per-tensor")
        self.fails(USAGE, self.qat("--weight-bits", 1), "--weight-bits: '1' was given")
        self.fails(USAGE, self.qat("--layer", "conv"), "'conv' is no setting of bits")
        self.fails(USAGE, self.qat("--fixed-range", "x=3"), "'x=3' is no range")
        self.fails(BAD_INPUT, self.qat("--layer", "nowhere=w4"), "nothing that is quantised is called 'nowhere'", "--explain")


if __name__ == "__main__":
    unittest.main()
