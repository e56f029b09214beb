"""Clustering as its users meet it: how many values are left in the written file, chains with pruning and integers, and each way it can fail."""

import unittest

from program import BAD_INPUT, DIGITS, UNSUPPORTED, USAGE, ProgramTest


class Clustering(ProgramTest):
    @classmethod
    def prepare(cls):
        cls.data = cls.samples(cls.shared / "samples.npz")

    def words(self, out, *more, model=DIGITS):
        return ["cluster", model, "-o", self.folder / out, *more]

    def course(self, epochs=2):
        return ["--data", self.data, "--epochs", epochs, "--batch", 16, "--threads", 1]

    def tensors_of(self, name):
        """Those with more than a thousand weights."""
        tensors = [each for each in self.json_of("inspect", self.folder / name)["weights"] if each["elements"] > 1000]
        self.assertGreater(len(tensors), 2)
        return tensors


class Written(Clustering):
    def test_so_many_values_are_left_in_every_file(self):
        for name in ("out.h5", "out.pare"):
            report = self.json_of(*self.words(name, "--clusters", 8))
            self.assertEqual([layer["values"] for layer in report["layers"]], [8] * len(report["layers"]))
            for each in self.tensors_of(name):
                self.assertEqual(each["distinct_values"], 8, each["name"])
            if name == "out.h5":  # a .pare file has the weights as they were beside their numbers
                self.assertLess(report["gzip_bytes"]["after"], 0.5 * report["size_bytes"]["before"])

    def test_training_makes_no_more_of_them(self):
        report = self.json_of(*self.words("out.h5", "--clusters", 8, *self.course()))
        self.assertEqual(len(report["training"]["epochs"]), 2)
        for layer in report["layers"]:
            self.assertLessEqual(layer["values"], 8)
            self.assertGreater(layer["relative_error"], 0)

    def test_soft_assignment_ends_in_as_few_values(self):
        self.succeed(*self.words("out.h5", "--clusters", 4, "--assignment", "soft", *self.course()))
        for each in self.tensors_of("out.h5"):
            self.assertLessEqual(each["distinct_values"], 4, each["name"])

    def test_every_start_and_scope(self):
        errors = {}
        for start in ("k_means", "linear", "random", "density", "k_means++"):
            report = self.json_of(*self.words("out.pare", "--start", start))
            errors[start] = sum(layer["relative_error"] for layer in report["layers"])
        self.assertEqual(min(errors, key=errors.get), "k_means")
        by_channel = self.json_of(*self.words("out.pare", "--scope", "channel"))
        self.assertLess(sum(layer["relative_error"] for layer in by_channel["layers"]), errors["k_means"])

    def test_fewer_bits_for_frequent_values(self):
        bits = [sum(layer["entropy_bits"] for layer in self.json_of(*self.words("out.pare", "--entropy", share))["layers"]) for share in (0, 4)]
        self.assertLess(bits[1], bits[0])

    def test_biases_on_request(self):
        names = [layer["layer"] for layer in self.json_of(*self.words("out.pare", "--biases"))["layers"]]
        self.assertGreater(len(names), len(set(names)))

    def test_the_same_twice(self):
        words = self.words("out.pare", "--start", "random", *self.course(1))
        files = []
        for _ in range(2):
            self.succeed(*words)
            files.append((self.folder / "out.pare").read_bytes())
        self.assertEqual(files[0], files[1])

    def test_what_a_person_reads(self):
        text = self.succeed(*self.words("out.tflite", "--clusters", 8)).stdout
        self.assertRegex(text, r"conv2d_3 .* 13,824 +0 +8 ")
        self.assertIn("under gzip", text)


class Fitted(Clustering):
    """Without training, to samples."""

    def fitted(self, out, *more, model=DIGITS):
        return self.json_of(*self.words(out, "--data", self.data, "--epochs", 0, "--threads", 1, *more, model=model))

    def closeness(self, name):
        snr = self.json_of("compare", DIGITS, self.folder / name, "--data", self.data)["tensors"][-1]["snr_db"]
        return float("inf") if snr is None else snr  # not a bit of difference

    def test_outputs_stay_closer_than_by_the_weights_alone(self):
        for scope in ("tensor", "channel", "integer"):
            more = ("--clusters", 6, "--scope", scope)
            self.succeed(*self.words("alone.tflite", *more))
            report = self.fitted("fitted.tflite", *more)
            self.assertNotIn("training", report)
            if scope != "channel":
                self.assertEqual({layer["values"] for layer in report["layers"]}, {6})
            self.assertGreater(self.closeness("fitted.tflite"), self.closeness("alone.tflite") + 2, scope)

    def test_zeros_stay(self):
        self.succeed("prune", DIGITS, "--data", self.data, "-o", self.folder / "sparse.pare", "--one-shot", "obs", "--sparsity", 0.6)
        report = self.fitted("both.h5", "--clusters", 8, model=self.folder / "sparse.pare")
        elements = sum(layer["weights"] for layer in report["layers"])
        self.assertGreaterEqual(sum(layer["zeros"] for layer in report["layers"]), 0.599 * elements)
        for each in self.tensors_of("both.h5"):
            self.assertLessEqual(each["distinct_values"], 8)

    def test_biases_too(self):
        self.fitted("out.h5", "--biases", "--clusters", 4)
        for each in self.tensors_of("out.h5"):
            self.assertLessEqual(each["distinct_values"], 4, each["name"])

    def test_one_value_and_more_than_there_are_weights(self):
        self.assertEqual({layer["values"] for layer in self.fitted("out.pare", "--clusters", 1)["layers"]}, {1})
        self.fitted("out.tflite", "--clusters", 60000)
        self.assertGreater(self.closeness("out.tflite"), 60)

    def test_the_same_again(self):
        for name in ("a.pare", "b.pare"):
            self.fitted(name)
        self.assertEqual((self.folder / "a.pare").read_bytes(), (self.folder / "b.pare").read_bytes())

    def test_what_does_not_go_together(self):
        words = self.words("out.pare", "--data", self.data, "--epochs", 0)
        self.fails(USAGE, [*words, "--lr", 0.1], "--lr is about training, and --epochs 0 does not train")
        self.fails(USAGE, [*words, "--entropy", 1], "does not go with --epochs 0")


class Chains(Clustering):
    def few(self, name, values, zeros=0):
        """Each tensor of the file has at most so many values and at least this share of zeros."""
        for each in self.tensors_of(name):
            self.assertLessEqual(each["distinct_values"], values, each["name"])
            self.assertGreaterEqual(each["sparsity"], zeros, each["name"])

    def pruned(self):
        self.succeed("prune", DIGITS, "-o", self.folder / "sparse.pare", "--sparsity", 0.6, "--budget", "uniform", *self.course(1))
        return self.folder / "sparse.pare"

    def test_zeros_and_few_values_live_through_integers(self):
        for how in (("--scope", "tensor"), ("--scope", "integer"), ("--assignment", "soft")):
            self.succeed(*self.words("both.pare", "--clusters", 8, *how, *self.course(1), model=self.pruned()))
            for command, more in (("quantize", ()), ("qat", ("--epochs", 1, "--batch", 16))):
                self.succeed(command, self.folder / "both.pare", "-o", self.folder / "out.tflite", "--data", self.data, "--threads", 1, *more)
                self.few("out.tflite", 8, 0.55)

    def test_what_a_plain_file_holds_is_kept_on_request(self):
        self.succeed(*self.words("both.tflite", "--clusters", 8, model=self.pruned()))
        values = max(each["distinct_values"] for each in self.tensors_of("both.tflite"))  # of batch normalisations folded into channels
        train = ("--epochs", 1, "--batch", 16)
        for command, more in (("quantize", ()), ("qat", train)):
            report = self.json_of(command, self.folder / "both.tflite", "-o", self.folder / "out.tflite", "--data", self.data, "--threads", 1, *more, "--keep", "zeros,clusters")
            self.assertGreater(len(report["kept"]), 2)
            for layer in report["kept"]:
                self.assertGreaterEqual(layer.get("zeros_in_file", 0), layer.get("zeros", 0), layer)
                if "values" in layer:
                    self.assertLessEqual(layer["values_in_file"], layer["values"], layer)
        self.assertGreater(values, 8)

    def test_a_file_that_lost_values_says_so(self):
        text = self.succeed(*self.words("out.tflite", "--clusters", 8)).stdout
        self.assertRegex(text, r"Lost on the way to the file, .* values instead of 8")
        self.assertRegex(self.succeed(*self.words("out.h5", "--clusters", 8)).stdout, r"Counted in .*out.h5: at most 8 values a tensor in \d layers")

    def test_a_sparse_keras_file_keeps_its_zeros(self):
        self.succeed("convert", self.pruned(), "-o", self.folder / "sparse.h5")
        report = self.json_of(*self.words("out.h5", "--clusters", 8, *self.course(1), model=self.folder / "sparse.h5"))
        for layer in report["layers"]:
            self.assertLessEqual(layer["values"], 8)
            self.assertAlmostEqual(layer["zeros"] / layer["weights"], 0.6, delta=0.01)

    def test_clustering_again_is_made_of_what_is_there(self):
        self.succeed(*self.words("first.pare", "--clusters", 16))
        report = self.json_of(*self.words("second.pare", "--clusters", 4, model=self.folder / "first.pare"))
        self.assertTrue(all(layer["values"] == 4 for layer in report["layers"]))
        same = self.json_of(*self.words("third.pare", "--clusters", 16, model=self.folder / "first.pare"))
        self.assertTrue(all(layer["relative_error"] < 1e-6 for layer in same["layers"]))

    def test_training_goes_on_with_the_same_values(self):
        self.succeed(*self.words("first.pare", "--clusters", 8))
        self.succeed("train", self.folder / "first.pare", "-o", self.folder / "out.h5", *self.course(1))
        self.few("out.h5", 8)

    def test_pruning_takes_values_out(self):
        self.succeed(*self.words("first.pare", "--clusters", 8))
        self.succeed("prune", self.folder / "first.pare", "-o", self.folder / "out.h5", "--sparsity", 0.6, "--budget", "uniform", *self.course(1))
        self.few("out.h5", 9, 0.55)


class Resumed(Clustering):
    def test_a_killed_run_ends_as_if_it_had_not_been(self):
        for how in (("--every", 3), ("--assignment", "soft")):
            self.ends_as_if_not_killed(self.words("out.pare", *how, *self.course(40)), "out.pare")


class Failures(Clustering):
    def test_what_is_no_count(self):
        for text in ("0", "-3", "many", "1.5"):
            self.fails(USAGE, self.words("out.pare", "--clusters", text), "--clusters")

    def test_one_value_and_more_than_there_are_weights(self):
        report = self.json_of(*self.words("out.pare", "--clusters", 1))
        self.assertTrue(all(layer["values"] == 1 for layer in report["layers"]))
        report = self.json_of(*self.words("out.pare", "--clusters", 60000))
        self.assertTrue(all(layer["relative_error"] == 0 for layer in report["layers"]))

    def test_training_needs_samples(self):
        self.fails(USAGE, self.words("out.pare", "--epochs", 3), "--epochs", "--data")

    def test_options_of_the_other_assignment(self):
        words = self.words("out.pare", *self.course(1))
        self.fails(USAGE, [*words, "--temperature", 0.5], "--temperature is of --assignment soft")
        for option, value in (("--gradient", "mean"), ("--every", 5), ("--freeze-codes", 0.5)):
            self.fails(USAGE, [*words, "--assignment", "soft", option, value], f"{option} is of --assignment hard")
        self.fails(USAGE, [*words, "--assignment", "soft", "--clusters", 300], "at most 256 were expected")
        self.fails(USAGE, self.words("out.pare", "--assignment", "soft"), "--assignment is about training", "--data")

    def test_names_that_nothing_has(self):
        self.fails(BAD_INPUT, self.words("out.pare", "--include", "none*"), "no operator with weights is called 'none*'")
        self.fails(UNSUPPORTED, self.words("out.pare", "--exclude", "*"), "there is nothing to cluster")

    def test_a_training_form(self):
        self.succeed("qat", DIGITS, "--data", self.data, "-o", self.folder / "q.tflite", "--form", self.folder / "form.pare", "--epochs", 1)
        self.fails(USAGE, self.words("out.pare", model=self.folder / "form.pare"), "cluster first")

    def test_a_broken_file(self):
        (self.folder / "broken.h5").write_bytes(b"\x89HDF\r\n\x1a\nnothing")
        self.fails(BAD_INPUT, self.words("out.pare", model=self.folder / "broken.h5"), "broken.h5")


if __name__ == "__main__":
    unittest.main()
