"""What goes wrong ends with the right code, one clear sentence and no file left behind."""

import os
import signal
import subprocess
import sys
import time
import unittest

from program import BAD_INPUT, DIGITS, GOAL_MISSED, PROGRAM, UNSUPPORTED, USAGE, ProgramTest, npy, npz


class Errors(ProgramTest):
    @classmethod
    def prepare(cls):
        cls.data = cls.samples(cls.shared / "samples.npz")
        cls.net = cls.shared / "digits.tflite"
        cls.succeed("convert", DIGITS, "-o", cls.net)

    def write(self, name, content):
        path = self.folder / name
        path.write_bytes(content)
        return path

    def quantize(self, model, data, out="out.tflite", *more):
        return ["quantize", model, "--data", data, "-o", self.folder / out if isinstance(out, str) else out, *more]

    # --- the command line

    def test_no_command(self):
        self.fails(USAGE, [], "`pare` needs a command", "quantize")
        self.fails(USAGE, ["data"], "`pare data` needs a command; one of describe, make, split, export")

    def test_unknown_command(self):
        self.fails(USAGE, ["shrink"], "there is no command 'shrink' of `pare`", "quantize")
        self.fails(USAGE, ["-v"], "there is no command '-v'", "`pare --help`")
        self.fails(USAGE, ["data", "shrink"], "there is no command 'shrink' of `pare data`", "`pare data --help`")

    def test_unknown_option(self):
        self.fails(USAGE, ["inspect", self.net, "--layer"], "--layer", "`pare inspect --help`")

    def test_numbers_that_are_none_or_too_small(self):
        self.fails(USAGE, self.quantize(self.net, self.data, "out.tflite", "--samples", "0"), "--samples: '0' was given, a whole number from 1 on was expected")
        self.fails(USAGE, ["inspect", self.net, "--seed", "two"], "--seed: 'two' was given, a whole number from 0 on", "`pare inspect --help`")
        self.fails(USAGE, ["evaluate", self.net, "--data", self.data, "--min-accuracy", "95"], "'95' was given, a number from 0 to 1 was expected")
        self.fails(USAGE, ["bench", self.net, "--seconds", "-1"], "--seconds: '-1' was given, a number from 0 on was expected")
        self.fails(USAGE, ["data", "split", self.data, "-o", self.folder / "d.toml", "--test", "2"], "`pare data split --help`")

    def test_unknown_mode(self):
        self.fails(USAGE, self.quantize(self.net, self.data, "out.tflite", "--mode", "int7"), "--mode", "int7")

    def test_missing_option(self):
        self.fails(USAGE, ["quantize", self.net], "--output is required")
        self.fails(USAGE, ["quantize", self.net, "-o", self.folder / "out.tflite", "--mode", "weight_only", "--effort", 2], "--effort 2 needs samples")

    def test_missing_data(self):
        self.fails(USAGE, ["quantize", self.net, "-o", self.folder / "out.tflite"], "needs calibration samples", "dynamic, weight_only or fp16")

    def test_unknown_pass(self):
        self.fails(USAGE, ["convert", DIGITS, "-o", self.folder / "out.tflite", "--without", "magic"], "there is no pass 'magic'", "fold_constants")

    def test_wrong_ending(self):
        self.fails(USAGE, ["convert", DIGITS, "-o", self.folder / "out.bin"], "out.bin", ".tflite")

    # --- models

    def test_wrong_ending_of_arrays(self):
        self.fails(USAGE, ["run", self.net, "--input", self.folder / "x.npy", "-o", self.folder / "y.txt"], "y.txt", ".npy or .npz")
        self.fails(USAGE, ["data", "split", self.data, "-o", self.folder / "d.bin"], "d.bin", ".toml")

    def test_missing_model(self):
        self.fails(BAD_INPUT, ["inspect", self.folder / "none.tflite"], "none.tflite", "No such file")

    def test_wrong_magic(self):
        path = self.write("net.tflite", b"neither this nor that" * 10)
        self.fails(BAD_INPUT, ["inspect", path], "net.tflite", "not a model file that Pare knows")

    def test_empty_file(self):
        self.fails(BAD_INPUT, ["inspect", self.write("net.tflite", b"")], "net.tflite")

    def test_folder_as_model(self):
        self.fails(BAD_INPUT, ["inspect", self.folder], "folder")

    def test_truncated_tflite(self):
        content = self.net.read_bytes()
        for share in (0.01, 0.2, 0.5, 0.9):
            self.fails(BAD_INPUT, ["inspect", self.write("cut.tflite", content[: int(len(content) * share)])], "cut.tflite")

    def test_truncated_keras(self):
        content = DIGITS.read_bytes()
        for share in (0.05, 0.5, 0.9):
            self.fails(BAD_INPUT, ["inspect", self.write("cut.h5", content[: int(len(content) * share)])], "cut.h5")

    def test_unknown_layer(self):
        content = DIGITS.read_bytes()
        changed = content.replace(b'"MaxPooling2D"', b'"MaxPoolingXD"')
        self.assertNotEqual(changed, content)
        self.fails(UNSUPPORTED, ["inspect", self.write("layer.h5", changed)], "MaxPoolingXD")

    def test_format_that_is_not_read(self):
        self.fails(UNSUPPORTED, ["inspect", self.write("net.onnx", b"\x08\x07\x12\x04pare")], "ONNX")

    def test_nan_weights(self):
        content = bytearray(self.net.read_bytes())
        middle = len(content) // 2 // 16 * 16  # the weights take most of the file
        content[middle : middle + 64] = b"\x00\x00\xc0\x7f" * 16
        self.fails(BAD_INPUT, self.quantize(self.write("nan.tflite", bytes(content)), self.data), "NaN")

    # --- data

    def test_wrong_sample_shape(self):
        path = self.folder / "wide.npz"
        npz(path, x=("f", (2, 8, 8, 3), [0.0] * 384), y=("q", (2,), [0, 1]))
        self.fails(BAD_INPUT, self.quantize(self.net, path), "f32[1, 8, 8, 3]", "28, 28, 1]")

    def test_wrong_sample_type(self):
        path = self.write("bytes.npy", npy("b", (2, 28, 28, 1), [0] * 1568))
        self.fails(BAD_INPUT, ["run", self.net, "--input", path, "-o", self.folder / "y.npy"], "i8[2, 28, 28, 1]", "f32[")

    def test_nan_in_samples(self):
        path = self.folder / "nan.npz"
        npz(path, x=("f", (1, 28, 28, 1), [float("nan")] * 784), y=("q", (1,), [0]))
        self.fails(BAD_INPUT, self.quantize(self.net, path), "sample 0")

    def test_empty_folder(self):
        (self.folder / "photos").mkdir()
        self.fails(BAD_INPUT, self.quantize(self.net, self.folder / "photos"), "photos")

    def test_missing_data_set(self):
        self.fails(BAD_INPUT, self.quantize(self.net, self.folder / "none.toml"), "none.toml")

    def test_labels_beyond_the_outputs(self):
        path = self.folder / "labels.npz"
        npz(path, x=("f", (2, 28, 28, 1), [0.0] * 1568), y=("q", (2,), [0, 99]))
        self.fails(BAD_INPUT, ["evaluate", self.net, "--data", path], "digits.tflite")

    def test_missing_array(self):
        path = self.write("broken.npy", b"\x93NUMPY")
        self.fails(BAD_INPUT, ["run", self.net, "--input", path, "-o", self.folder / "y.npy"], "broken.npy")

    def test_arrays_of_other_names(self):
        path = self.folder / "names.npz"
        npz(path, a=("f", (1, 28, 28, 1), [0.0] * 784), b=("f", (1,), [0.0]))
        self.fails(BAD_INPUT, ["run", self.net, "--input", path, "-o", self.folder / "y.npy"], "there is no array for the input", "among a, b")

    # --- outputs

    def test_output_in_a_folder_that_does_not_exist(self):
        self.fails(BAD_INPUT, self.quantize(self.net, self.data, "no/such/out.tflite"), "out.tflite", "No such file")

    def test_folders_are_missed_before_the_work(self):
        for words in (
            self.quantize(self.net, self.folder / "none.npz", "no/such/out.tflite"),
            ["evaluate", self.net, "--data", self.folder / "none.npz", "--picture", self.folder / "no/out.svg"],
            ["run", self.net, "--input", self.folder / "none.npy", "-o", self.folder / "no/out.npy"],
        ):
            self.fails(BAD_INPUT, words, "/out.", "No such file")

    def test_output_is_a_folder(self):
        (self.folder / "out.tflite").mkdir()
        self.fails(BAD_INPUT, self.quantize(self.net, self.data), "out.tflite")

    def test_full_disk(self):
        link = self.folder / "full.tflite"
        link.symlink_to("/dev/full")
        self.fails(BAD_INPUT, self.quantize(self.net, self.data, link), "No space left")

    def test_standard_output_is_full(self):
        with open("/dev/full", "w") as full:
            done = subprocess.run([PROGRAM, "inspect", self.net, "--json"], stdout=full, stderr=subprocess.PIPE, text=True)
        self.assertEqual(done.returncode, BAD_INPUT)
        self.assertIn("standard output", done.stderr)

    def test_old_file_stays_when_a_command_fails(self):
        kept = self.write("out.tflite", b"kept")
        self.fails(BAD_INPUT, self.quantize(self.net, self.folder / "none.npz"), "none.npz")
        self.assertEqual(kept.read_bytes(), b"kept")

    # --- goals, signals

    def test_missed_goals(self):
        self.fails(GOAL_MISSED, ["evaluate", self.net, "--data", self.data, "--min-accuracy", "1"], "below the goal")

    def test_goals_of_accuracy_need_classes(self):
        path = self.folder / "values.npz"
        npz(path, x=("f", (2, 28, 28, 1), [0.0] * 1568), y=("f", (2, 10), [0.25] * 20))
        self.fails(USAGE, ["evaluate", self.net, "--data", path, "--min-accuracy", "0.5"], "--min-accuracy", "'value', classes were expected")
        self.fails(USAGE, ["compare", self.net, self.net, "--data", path, "--max-drop", "1"], "--max-drop", "classes were expected")

    def test_interrupt(self):
        process = subprocess.Popen([PROGRAM, "bench", self.net, "--seconds", "60"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=10)
        self.assertEqual((process.returncode, out, err.strip()), (128 + signal.SIGINT, "", "pare: interrupted"))


if __name__ == "__main__":
    sys.exit(unittest.main())
