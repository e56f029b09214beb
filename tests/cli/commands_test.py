"""Each command does what its help says."""

import hashlib
import unittest

from program import DIGITS, ProgramTest, npy


class Commands(ProgramTest):
    @classmethod
    def prepare(cls):
        cls.data = cls.samples(cls.shared / "samples.npz")
        cls.float_file = cls.shared / "digits.tflite"
        cls.int8_file = cls.shared / "digits_int8.tflite"
        cls.succeed("convert", DIGITS, "-o", cls.float_file)
        cls.succeed("quantize", DIGITS, "--data", cls.data, "-o", cls.int8_file)

    def test_help_has_examples_for_every_command(self):
        commands = self.run_program("--help").stdout
        for command in ("inspect", "convert", "quantize", "evaluate", "bench", "compare", "run", "data", "doctor"):
            self.assertIn(command, commands)
            text = self.succeed(command, "--help").stdout
            self.assertTrue("Examples:" in text or command == "data", command)
            self.assertIn(f"pare {command}", text)

    def test_help_fits_terminals(self):
        for command in ("quantize", "evaluate", "run", "bench"):
            text = self.succeed(command, "--help").stdout
            self.assertLessEqual(max(map(len, text.splitlines())), 120, command)
            self.assertNotIn("TEXT", text)

    def test_inspect(self):
        summary = self.json_of("inspect", self.int8_file)
        self.assertEqual(summary["format"], "tflite")
        self.assertGreater(summary["quantized_operators"], 5)
        self.assertGreater(summary["multiply_adds"], 100_000)
        self.assertGreater(summary["arena_bytes"], 0)
        self.assertEqual(summary["layers"][-1]["dst"].split("[")[1], "1, 10]")
        self.assertIn("conv_2d", self.succeed("inspect", self.int8_file, "--layers").stdout)
        self.assertIsNone(summary["gzip_bytes"])
        self.assertLess(summary["entropy_bytes"], summary["parameter_bytes"])

    def test_inspect_weights(self):
        summary = self.json_of("inspect", self.int8_file, "--weights")
        self.assertEqual(summary["size_bytes"], self.int8_file.stat().st_size)
        self.assertLess(summary["gzip_bytes"], summary["size_bytes"])
        for each in summary["weights"]:
            self.assertTrue(0 < each["entropy_bits"] <= 8)
            self.assertLessEqual(each["entropy_bytes"], each["bytes"])
            self.assertGreater(each["gzip_bytes"], 0)
        text = self.succeed("inspect", self.int8_file, "--weights").stdout
        self.assertIn(summary["weights"][0]["shape"], text)

    def test_inspect_graph(self):
        self.assertIn("return %", self.succeed("inspect", self.float_file, "--graph").stdout)

    def test_convert_gives_a_keras_file_back(self):
        again = self.folder / "again.h5"
        self.succeed("convert", DIGITS, "-o", again)
        before, after = (self.json_of("inspect", file) for file in (DIGITS, again))
        self.assertEqual(before["parameters"], after["parameters"])
        done = self.run_program("convert", self.float_file, "-o", again)
        self.assertEqual(done.returncode, 4)
        self.assertIn("did not come from a Keras file", done.stderr)
        done = self.run_program("quantize", DIGITS, "--mode", "dynamic", "-o", again)
        self.assertEqual(done.returncode, 2)
        self.assertIn("a Keras file takes a network as it was read", done.stderr)

    def test_pare_files_are_stops_on_the_way(self):
        stop, direct, back = self.folder / "stop.pare", self.folder / "direct.tflite", self.folder / "back.tflite"
        self.succeed("convert", DIGITS, "-o", stop)
        self.succeed("convert", stop, "-o", back)
        self.assertEqual(back.read_bytes(), self.float_file.read_bytes())
        for source in (DIGITS, stop):
            self.succeed("convert", source, "-o", self.folder / f"{source.suffix}.h5")
        self.assertEqual((self.folder / ".h5.h5").read_bytes(), (self.folder / ".pare.h5").read_bytes())
        self.succeed("quantize", stop, "--data", self.data, "-o", self.folder / "q.pare")
        self.succeed("convert", self.folder / "q.pare", "-o", back)
        self.succeed("quantize", DIGITS, "--data", self.data, "-o", direct)
        self.assertEqual(back.read_bytes(), direct.read_bytes())
        self.assertIn("accuracy", self.json_of("evaluate", stop, "--data", self.data)["metrics"])

    def test_convert_keeps_the_numbers(self):
        outputs = []
        for model in (DIGITS, self.float_file):
            out = self.folder / "y.npy"
            (self.folder / "x.npy").write_bytes(npy("f", (2, 28, 28, 1), [i % 50 / 50 for i in range(2 * 784)]))
            self.succeed("run", model, "--input", self.folder / "x.npy", "-o", out)
            outputs.append(memoryview(out.read_bytes()[-80:]).cast("f").tolist())
        for ours, theirs in zip(*outputs):
            self.assertAlmostEqual(ours, theirs, places=5)

    def test_quantize_reports_sizes_and_reasons(self):
        report = self.json_of("quantize", DIGITS, "--data", self.data, "-o", self.folder / "q.tflite", "--mode", "int8_only", "--io", "int8")
        self.assertEqual(report["mode"], "int8_only")
        self.assertEqual(report["calibration_samples"], 64)
        self.assertEqual(report["size_bytes"], (self.folder / "q.tflite").stat().st_size)
        self.assertLess(report["size_bytes"], report["source_size_bytes"] / 3)
        self.assertTrue(all(node["reason"] or node["precision"] == "integer" for node in report["nodes"]))
        explained = self.succeed("quantize", DIGITS, "--data", self.data, "-o", self.folder / "e.tflite", "--exclude", "*", "--explain").stdout
        self.assertIn("because", explained)

    def test_quantize_says_which_patterns_match_nothing(self):
        out = ["--data", self.data, "-o", self.folder / "q.tflite", "--exclude", "*", "Dense_9/*"]
        self.assertEqual(self.json_of("quantize", DIGITS, *out)["unmatched_patterns"], ["Dense_9/*"])
        self.assertIn("No operator is called 'Dense_9/*'", self.succeed("quantize", DIGITS, *out).stdout)

    def test_every_mode_writes_a_smaller_file(self):
        for mode in ("int8", "int8_only", "int16x8", "dynamic", "weight_only", "fp16"):
            out = self.folder / f"{mode}.tflite"
            self.succeed("quantize", DIGITS, "--data", self.data, "--mode", mode, "-o", out)
            self.assertLess(out.stat().st_size, self.float_file.stat().st_size, mode)

    def test_the_same_inputs_give_the_same_file(self):
        digests = set()
        for name in ("a", "b"):
            out = self.folder / f"{name}.tflite"
            self.succeed("quantize", DIGITS, "--data", self.data, "-o", out, "--seed", 7, "--threads", 2)
            digests.add(hashlib.sha256(out.read_bytes()).hexdigest())
        self.assertEqual(len(digests), 1)

    def test_evaluate_several_models(self):
        result = self.json_of("evaluate", self.float_file, self.int8_file, "--data", self.data, "--latency")
        first, second = result["models"]
        self.assertEqual(first["samples"], 64)
        self.assertLessEqual(first["interval"]["accuracy"]["low"], first["metrics"]["accuracy"])
        self.assertEqual(second["size_bytes"], self.int8_file.stat().st_size)
        self.assertIn("p_value", second["against_first"])
        self.assertGreater(second["latency_ms"]["median"], 0)
        picture = self.folder / "result.svg"
        self.succeed("evaluate", self.float_file, "--data", self.data, "--classes", "--picture", picture)
        self.assertIn("digits.tflite", picture.read_text())

    def test_bench(self):
        result = self.json_of("bench", self.int8_file, "--threads", 1, "--seconds", 0.05, "--profile", "--engine", "fast")
        self.assertEqual([result[key] for key in ("engine", "threads", "batch")], ["fast", 1, 1])
        self.assertLessEqual(result["latency_ms"]["median"], result["latency_ms"]["p99"])
        for key in ("fps", "arena_bytes", "peak_rss_bytes"):
            self.assertGreater(result[key], 0)
        self.assertGreater(len(result["operators"]), 3)

    def test_compare(self):
        result = self.json_of("compare", self.float_file, self.int8_file, "--data", self.data)
        self.assertEqual(len(result["models"]), 2)
        self.assertGreater(len(result["tensors"]), 3)
        self.assertGreater(result["tensors"][-1]["cosine"], 0.5)
        same = self.json_of("compare", self.float_file, self.float_file, "--data", self.data)
        self.assertEqual(same["graph_difference"], "")
        self.assertTrue(all(tensor["mse"] == 0 for tensor in same["tensors"]))

    def test_run_dumps_every_tensor(self):
        (self.folder / "x.npy").write_bytes(npy("f", (1, 28, 28, 1), [0.5] * 784))
        self.succeed("run", self.float_file, "--input", self.folder / "x.npy", "-o", self.folder / "y.npz", "--dump-tensors", self.folder / "t.npz")
        import zipfile

        with zipfile.ZipFile(self.folder / "t.npz") as archive:
            names = archive.namelist()
        self.assertGreater(len(names), 5)
        self.assertTrue(all(name.split(":")[0].isdigit() for name in names), names)

    def test_data_make_describe_split_export(self):
        made = self.folder / "strokes"
        self.succeed("data", "make", "strokes", "-o", made, "--train", 200, "--test", 100)
        splits = {split["name"]: split["samples"] for split in self.json_of("data", "describe", f"{made}.toml")["splits"]}
        self.assertEqual(splits["test"], 100)
        divided = self.folder / "divided.toml"
        self.succeed("data", "split", self.data, "--calibration", 0.25, "--test", 0.75, "-o", divided)
        sizes = {split["name"]: split["samples"] for split in self.json_of("data", "describe", divided)["splits"]}
        self.assertEqual(sizes, {"calibration": 16, "test": 48})
        part = self.succeed("data", "split", self.data, "-o", self.folder / "part.toml").stdout
        self.assertIn("calibration 5.0 %\n95.0 % of the samples are in no split.", part)
        self.succeed("data", "export", divided, "--split", "test", "-o", self.folder / "test.npz")
        self.assertTrue((self.folder / "test.npz").exists())

    def test_doctor(self):
        self.assertGreaterEqual(self.json_of("doctor")["cores"], 1)


if __name__ == "__main__":
    unittest.main()
