"""Pruning as its users meet it: what becomes zero in the written file, runs that are taken up again, and each way it can fail."""

import unittest

from program import BAD_INPUT, DIGITS, UNSUPPORTED, USAGE, ProgramTest, npz


class Pruning(ProgramTest):
    @classmethod
    def prepare(cls):
        cls.data = cls.samples(cls.shared / "samples.npz")

    def words(self, out, *more, epochs=2):
        course = ("--epochs", epochs, "--batch", 16, "--lr", 0.003, "--threads", 1)
        return ["prune", DIGITS, "--data", self.data, "-o", self.folder / out, *course, *more]

    def layers_of(self, name):
        """Those of a file with more than a thousand weights."""
        return [layer for layer in self.json_of("inspect", self.folder / name)["layers"] if layer["parameters"] > 1000]


class Written(Pruning):
    def test_so_many_weights_are_zero_in_every_file(self):
        for name in ("out.tflite", "out.h5", "out.pare"):
            report = self.json_of(*self.words(name, "--sparsity", 0.8, "--budget", "uniform"))
            self.assertAlmostEqual(report["sparsity"], 0.8, delta=0.002)
            zeros = sum(layer["zeros"] for layer in report["layers"])
            self.assertEqual(zeros, report["zeros"])
            layers = self.layers_of(name)
            self.assertGreater(len(layers), 1)
            for layer in layers:
                self.assertAlmostEqual(layer["zeros"] / layer["parameters"], 0.8, delta=0.05)

    def test_two_of_four_stay(self):
        report = self.json_of(*self.words("out.tflite", "--n-of-m", "2:4"))
        self.assertAlmostEqual(report["sparsity"], 0.5, delta=0.02)
        weights = self.json_of("inspect", self.folder / "out.tflite")["weights"]
        self.assertIn("2:4", [each["n_of_m"] for each in weights])
        self.assertIn(" 2:4 ", self.succeed("inspect", self.folder / "out.tflite", "--weights").stdout)

    def test_blocks_are_seen_in_the_file(self):
        report = self.json_of(*self.words("out.tflite", "--sparsity", 0.8, "--budget", "uniform", "--block", "1x4"))
        weights = [each for each in self.json_of("inspect", self.folder / "out.tflite", "--weights")["weights"] if each["elements"] > 1000]
        self.assertTrue(weights)
        for each in weights:
            self.assertEqual(int(each["blocks"].split("x")[1]) % 4, 0, each["name"])
            self.assertLess(each["entropy_bytes"], 0.5 * each["bytes"])
        self.assertLess(report["entropy_bytes"], 0.4 * 4 * report["weights"])

    def test_every_criterion_and_course(self):
        for more in (("--criterion", "movement"), ("--criterion", "fisher"), ("--course", "rigl"), ("--course", "constant")):
            report = self.json_of(*self.words("out.pare", "--sparsity", 0.6, "--budget", "uniform", *more))
            self.assertAlmostEqual(report["sparsity"], 0.6, delta=0.01)

    def test_what_a_person_reads(self):
        text = self.succeed(*self.words("out.tflite", "--sparsity", 0.5, "--budget", "global")).stdout
        self.assertRegex(text, r"out.tflite: [\d,]+ of [\d,]+ weights are zero, 50.00 %")
        self.assertIn("under gzip", text)
        self.assertIn("they make it smaller only where it is compressed", text)

    def test_a_file_shrinks_under_gzip(self):
        sizes = [self.json_of(*self.words("out.tflite", "--sparsity", share))["gzip_bytes"]["after"] for share in (0, 0.9)]
        self.assertLess(sizes[1], 0.5 * sizes[0])


class OneShot(Pruning):
    """Without training."""

    def words(self, out, *more, model=DIGITS, data=True, criterion="obs"):
        return ["prune", model, *(("--data", self.data) if data else ()), "-o", self.folder / out, "--one-shot", criterion, "--threads", 1, *more]

    def test_so_many_weights_are_zero_in_every_file(self):
        for name in ("out.tflite", "out.h5", "out.pare"):
            report = self.json_of(*self.words(name, "--sparsity", 0.7))
            self.assertAlmostEqual(report["sparsity"], 0.7, delta=0.002)
            self.assertNotIn("training", report)
            for layer in report["layers"]:
                self.assertLess(layer["output_error"], 1)
            written = sum(layer["zeros"] for layer in self.layers_of(name))
            self.assertAlmostEqual(written, report["zeros"], delta=0.05 * report["zeros"])

    def test_outputs_stay_closer_than_by_magnitude(self):
        for pattern in (("--sparsity", 0.6), ("--n-of-m", "2:4"), ("--sparsity", 0.5, "--block", "4x1")):
            errors = []
            for criterion in ("obs", "magnitude"):
                self.succeed(*self.words("out.tflite", *pattern, criterion=criterion))
                compared = self.json_of("compare", DIGITS, self.folder / "out.tflite", "--data", self.data)
                errors.append(compared["tensors"][-1]["snr_db"])
            self.assertGreater(errors[0], errors[1] + 3, pattern)

    def test_the_same_file_again(self):
        written = []
        for name in ("a.pare", "b.pare"):
            self.succeed(*self.words(name, "--sparsity", 0.6))
            written.append((self.folder / name).read_bytes())
        self.assertEqual(written[0], written[1])

    def test_nothing_and_everything(self):
        self.assertEqual(self.json_of(*self.words("out.tflite", "--sparsity", 0))["zeros"], 0)
        report = self.json_of(*self.words("out.tflite", "--sparsity", 1))
        self.assertEqual(report["zeros"], report["weights"])

    def test_constant_samples(self):
        samples = self.folder / "constant.npz"
        npz(samples, x=("f", (8, 28, 28, 1), [0.0] * (8 * 28 * 28)))
        report = self.json_of("prune", DIGITS, "--data", samples, "-o", self.folder / "out.tflite", "--one-shot", "obs", "--sparsity", 0.5)
        self.assertAlmostEqual(report["sparsity"], 0.5, delta=0.002)

    def test_patterns_that_do_not_divide(self):
        report = self.json_of(*self.words("out.tflite", "--n-of-m", "3:7"))
        self.assertGreater(report["sparsity"], 0.3)
        report = self.json_of(*self.words("out.tflite", "--block", "3x5", "--sparsity", 0.5))
        self.assertAlmostEqual(report["sparsity"], 0.5, delta=0.02)

    def test_magnitudes_need_no_samples(self):
        report = self.json_of(*self.words("out.tflite", "--sparsity", 0.5, data=False, criterion="magnitude"))
        self.assertAlmostEqual(report["sparsity"], 0.5, delta=0.002)

    def test_zeros_stay_zero_through_quantisation_aware_training_and_another_run(self):
        self.succeed(*self.words("out.pare", "--sparsity", 0.8, "--budget", "uniform"))
        course = ("--epochs", 1, "--batch", 16, "--threads", 1)
        self.succeed("qat", self.folder / "out.pare", "--data", self.data, "-o", self.folder / "out.tflite", *course)
        for layer in self.layers_of("out.tflite"):
            self.assertGreater(layer["zeros"] / layer["parameters"], 0.75)
        report = self.json_of(*self.words("more.pare", "--sparsity", 0.9, model=self.folder / "out.pare"))
        self.assertAlmostEqual(report["sparsity"], 0.9, delta=0.002)

    def test_what_a_person_reads(self):
        text = self.succeed(*self.words("out.tflite", "--sparsity", 0.5)).stdout
        self.assertIn("output error", text)
        self.assertRegex(text, r"out.tflite: [\d,]+ of [\d,]+ weights are zero, 50.00 %")

    def test_options_of_training_are_refused(self):
        self.fails(USAGE, self.words("out.pare", "--epochs", 3), "--epochs does not go with --one-shot, which makes single weights zero without training")
        self.fails(USAGE, self.words("out.pare", "--distill"), "--distill does not go with --one-shot")
        self.fails(USAGE, self.words("out.pare", "--macs", 0.5), "--macs does not go with --one-shot")
        self.fails(USAGE, ["prune", DIGITS, "-o", self.folder / "out.pare"], "--data is required")
        self.fails(USAGE, self.words("out.pare", data=False), "needs samples; give them with --data, or choose magnitude")
        self.fails(UNSUPPORTED, self.words("out.pare", "--exclude", "*"), "there is nothing to prune")


class Behind(Pruning):
    def test_zeros_stay_zero_through_quantisation_aware_training(self):
        self.succeed(*self.words("out.pare", "--sparsity", 0.8, "--budget", "uniform"))
        course = ("--epochs", 1, "--batch", 16, "--threads", 1)
        self.succeed("qat", self.folder / "out.pare", "--data", self.data, "-o", self.folder / "out.tflite", *course)
        layers = self.layers_of("out.tflite")
        self.assertGreater(len(layers), 1)
        for layer in layers:
            self.assertGreater(layer["zeros"] / layer["parameters"], 0.75)


class Logged(Pruning):
    def rows(self):
        lines = (self.folder / "log/sparsity.csv").read_text().splitlines()
        self.assertEqual(lines[0], "epoch,weights,sparsity,threshold")
        return [line.split(",") for line in lines[1:]]

    def test_sparsity_and_threshold_of_each_tensor(self):
        self.succeed(*self.words("out.pare", "--sparsity", 0.8, "--budget", "uniform", "--log", self.folder / "log", epochs=3))
        rows = self.rows()
        self.assertEqual(sorted({int(row[0]) for row in rows}), [1, 2, 3])
        last = [row for row in rows if row[0] == "3"]
        self.assertGreater(len(last), 3)
        for _, _, sparsity, threshold in last:
            self.assertAlmostEqual(float(sparsity), 0.8, delta=0.01)
            self.assertGreater(float(threshold), 0)
        events = b"".join(path.read_bytes() for path in (self.folder / "log").glob("events*"))
        self.assertIn(f"threshold/{last[0][1]}".encode(), events)

    def test_the_log_of_a_run_taken_up_goes_on(self):
        words = self.words("out.pare", "--sparsity", 0.8, "--log", self.folder / "log", epochs=30)
        self.succeed(*words)
        whole = self.rows()
        self.killed_once_kept(words, "out.pare")
        self.succeed(*words, "--resume")
        self.assertEqual(self.rows(), whole)


class Resumed(Pruning):
    def test_a_killed_run_ends_as_if_it_had_not_been(self):
        words = self.words("out.pare", "--sparsity", 0.8, "--every", 3, epochs=40)
        self.ends_as_if_not_killed(words, "out.pare")


class Failures(Pruning):
    def test_what_is_no_pattern(self):
        for text in ("4", "4x", "x4", "1x0", "axb"):
            self.fails(USAGE, self.words("out.pare", "--block", text), "block")
        for text in ("2", "2:", "4:2", "4:4", "0:4", "2:4:8"):
            self.fails(USAGE, self.words("out.pare", "--n-of-m", text), "2:4")
        self.fails(USAGE, self.words("out.pare", "--n-of-m", "2:4", "--block", "4x1"), "not both")

    def test_what_is_no_sparsity(self):
        for text in ("1.5", "-0.1", "much"):
            self.fails(USAGE, self.words("out.pare", "--sparsity", text), "--sparsity")
        self.fails(USAGE, self.words("out.pare", "--begin", 0.8, "--end", 0.5), "from a share of 0.8 to 0.5")

    def test_names_that_nothing_has(self):
        self.fails(BAD_INPUT, self.words("out.pare", "--include", "none*"), "no operator with weights is called 'none*'", "`pare inspect --layers`")
        self.fails(BAD_INPUT, self.words("out.pare", "--exclude", "none*"), "no operator with weights is called 'none*'")
        self.fails(UNSUPPORTED, self.words("out.pare", "--exclude", "*"), "there is nothing to prune")

    def test_more_zeros_than_the_pattern_has(self):
        self.fails(USAGE, self.words("out.pare", "--n-of-m", "2:4", "--sparsity", 0.7), "2:4 takes out at most 50 % of the weights, 70 % were asked for")


if __name__ == "__main__":
    unittest.main()
