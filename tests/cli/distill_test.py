"""`pare distill`, from files to a file."""

import os
import unittest

from program import BAD_INPUT, DIGITS, USAGE, ProgramTest


class Distill(ProgramTest):
    @classmethod
    def prepare(cls):
        cls.data = cls.samples(cls.shared / "samples.npz")
        cls.student = cls.build("mlp", 28, 10)

    @classmethod
    def build(cls, architecture, size, classes):
        path = cls.shared / f"{architecture}_{size}_{classes}.pare"
        cls.succeed("build", architecture, "--width", 0.25, "--input", size, size, 1, "--classes", classes, "-o", path)
        return path

    def distill(self, *more, student=None, teacher=DIGITS, data=None, out="out.tflite", epochs=3):
        return ["distill", student or self.student, "--teacher", teacher, "--data", data or self.data, "-o", self.folder / out, "--epochs", epochs, *more]

    def test_the_student_learns_from_the_teacher(self):
        result = self.json_of(*self.distill("--soft-loss", "kl", "--temperature", 2, "--feature", "dense_2/relu=flatten"))
        taught = result["distillation"]
        self.assertEqual((taught["soft_loss"], taught["temperature"], taught["labels"], taught["kept"]), ("kl", 2, True, True))
        self.assertEqual(taught["features"], [{"student": "dense_2/relu", "teacher": "flatten"}])
        self.assertEqual(result["judged_by"], "accuracy")
        self.assertIn("teacher_validation", taught)
        self.assertLess(result["epochs"][-1]["loss"], result["epochs"][0]["loss"])
        self.assertEqual(sorted(os.listdir(self.folder)), ["out.tflite"])
        # The regressor has stayed behind.
        parameters = [self.json_of("inspect", path)["parameters"] for path in (self.student, self.folder / "out.tflite")]
        self.assertEqual(parameters[0], parameters[1])

    def test_what_it_says(self):
        text = self.succeed(*self.distill()).stdout
        self.assertIn(f"Learned from {DIGITS} by dist at temperature 4, weight 0.5; the teacher itself: ", text)

    def test_a_quantised_teacher_without_labels(self):
        teacher, bare = self.folder / "teacher.tflite", self.unlabelled_samples(self.folder / "bare.npz")
        self.succeed("quantize", DIGITS, "--data", self.data, "--mode", "int8_only", "-o", teacher)
        result = self.json_of(*self.distill(teacher=teacher, data=bare))
        self.assertEqual(result["judged_by"], "agreement")
        self.assertEqual(result["distillation"]["labels"], False)
        self.assertNotIn("accuracy", result["epochs"][-1])
        self.assertIn("like the teacher", self.succeed(*self.distill("--no-labels")).stdout)

    def test_a_killed_run_goes_on_to_the_same_bytes(self):
        words = ("--feature", "dense_2/relu=flatten", "--threads", 1)
        whole, again = (self.distill(*words, out=name, epochs=300) for name in ("whole.pare", "again.pare"))
        self.succeed(*whole)
        self.killed_once_kept(again, "again.pare")
        self.fails_to_resume(again)
        self.succeed(*again, "--resume")
        self.assertEqual((self.folder / "whole.pare").read_bytes(), (self.folder / "again.pare").read_bytes())

    def fails_to_resume(self, words):
        """Under another temperature."""
        done = self.run_program(*words, "--resume", "--temperature", 3)
        self.assertEqual(done.returncode, BAD_INPUT, done.stderr)
        self.assertIn("the run that was kept has temperature = 4.0, now it is 3.0", done.stderr)

    def test_what_does_not_fit(self):
        self.fails(USAGE, self.distill("--temperature", 0), "--temperature: '0' was given, a number from 0.01 to 1000 was expected")
        self.fails(USAGE, self.distill("--feature", "pool"), "--feature is 'pool'; STUDENT=TEACHER was expected")
        self.fails(BAD_INPUT, self.distill("--feature", "dense_2/relu=nowhere"), "the teacher: no value is called 'nowhere'; `pare inspect --layers`")
        self.fails(BAD_INPUT, self.distill("--feature", "nowhere=flatten"), "the student has no value 'nowhere'")
        self.fails(BAD_INPUT, self.distill(teacher=self.build("mlp", 14, 10)), "the teacher takes f32[?, 14, 14, 1], the student f32[?, 28, 28, 1]")
        self.fails(BAD_INPUT, self.distill(teacher=self.build("mlp", 28, 4)), "the teacher gives [32, 4] for a batch, the student [32, 10]")
        self.fails(USAGE, ["distill", self.student, "--data", self.data, "-o", self.folder / "out.tflite"], "--teacher is required")


if __name__ == "__main__":
    unittest.main()
