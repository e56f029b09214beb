"""Low-rank factorisation as its users meet it: what is left of a network, training afterwards, and each way it can fail."""

import unittest

from program import BAD_INPUT, DIGITS, UNSUPPORTED, USAGE, ProgramTest


class Factorizing(ProgramTest):
    @classmethod
    def prepare(cls):
        cls.data = cls.samples(cls.shared / "samples.npz")

    def words(self, out, *more):
        return ["factorize", DIGITS, "-o", self.folder / out, *more]

    def accuracy(self, name):
        (report,) = [self.json_of("evaluate", name, "--data", self.data)]
        return (report["models"][0] if "models" in report else report)["metrics"]["accuracy"]


class Written(Factorizing):
    def test_the_budget_is_kept_and_used(self):
        for share in (0.9, 0.6):
            report = self.json_of(*self.words("out.tflite", "--macs", share, "--data", self.data))
            work = report["multiply_adds"]
            self.assertLessEqual(work["after"], share * work["before"])
            self.assertGreater(work["after"], (share - 0.1) * work["before"])
            written = self.json_of("inspect", self.folder / "out.tflite")["multiply_adds"]  # normalisations are folded there
            self.assertAlmostEqual(written / work["after"], 1, delta=0.03)

    def test_all_energy_changes_nothing_that_counts(self):
        self.succeed(*self.words("out.tflite", "--energy", 1))
        self.assertEqual(self.accuracy(self.folder / "out.tflite"), self.accuracy(DIGITS))

    def test_it_is_trained_on(self):
        self.succeed(*self.words("out.pare", "--macs", 0.5, "--data", self.data))
        before = self.accuracy(self.folder / "out.pare")
        course = ("--epochs", 3, "--batch", 16, "--lr", 0.003, "--threads", 1)
        self.succeed("train", self.folder / "out.pare", "--data", self.data, "-o", self.folder / "tuned.tflite", *course)
        self.assertGreaterEqual(self.accuracy(self.folder / "tuned.tflite"), before)

    def test_ranks_that_are_stated(self):
        layer = self.json_of(*self.words("all.tflite", "--energy", 0.9))["layers"][-1]["layer"]
        report = self.json_of(*self.words("out.tflite", "--rank", f"{layer}=2"))
        self.assertEqual([each["rank"] for each in report["layers"] if each["rank"]], [2])
        self.assertIn("multiply-adds a sample", self.succeed(*self.words("out.tflite", "--rank", f"{layer}=2")).stdout)

    def test_the_same_file_each_time(self):
        for name in ("a.tflite", "b.tflite"):
            self.succeed(*self.words(name, "--macs", 0.6, "--data", self.data))
        self.assertEqual((self.folder / "a.tflite").read_bytes(), (self.folder / "b.tflite").read_bytes())


class Refusals(Factorizing):
    def test_options(self):
        self.fails(USAGE, self.words("out.tflite"), "one of --macs, --energy and --rank")
        self.fails(USAGE, self.words("out.tflite", "--macs", 0.5, "--energy", 0.5), "give one of them")
        self.fails(USAGE, self.words("out.tflite", "--rank", "dense"), "PATTERN=R was expected")
        self.fails(USAGE, self.words("out.h5", "--macs", 0.5), "a Keras file keeps the layers")
        self.fails(USAGE, self.words("out.tflite", "--rank", "*=100000"), "is its largest rank that saves work")

    def test_networks(self):
        self.fails(BAD_INPUT, self.words("out.tflite", "--rank", "none*=3"), "no layer that can be factorised is called so")
        self.fails(UNSUPPORTED, self.words("out.tflite", "--macs", 0.0001), "with ranks of 1 in every layer")
        self.fails(BAD_INPUT, self.words("out.tflite", "--macs", 0.5, "--include", "none*"), "no operator with weights is called 'none*'")


if __name__ == "__main__":
    unittest.main()
