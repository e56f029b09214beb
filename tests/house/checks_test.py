"""The checks of the sources notice what they are there for."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

SCRIPTS = pathlib.Path(__file__).resolve().parents[2] / "scripts"


class Checks(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.root = pathlib.Path(self.folder.name)
        self.addCleanup(self.folder.cleanup)

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def run_check(self, script, root):
        return subprocess.run([sys.executable, SCRIPTS / script, root], capture_output=True, text=True)

    def test_an_include_from_below_is_noticed(self):
        self.write("src/base/files.cpp", '#include "ir/graph.h"\n')
        result = self.run_check("check_includes.py", self.root / "src")
        self.assertEqual(result.returncode, 1)
        self.assertIn("includes ir/graph.h", result.stdout)

    def test_onednn_outside_the_engine_is_noticed(self):
        self.write("src/ops/add.cpp", "#include <dnnl.hpp>\n")
        self.write("src/ops/add_exec.cpp", "#include <dnnl.hpp>\n")
        result = self.run_check("check_includes.py", self.root / "src")
        self.assertEqual(result.stdout.count("only the engine sees oneDNN"), 1)

    def test_long_functions_and_files_are_noticed(self):
        self.write("src/ops/a.cpp", "int f(int x) {\n" + "  x += 1;\n" * 60 + "}\n")
        self.write("src/ops/b.h", "// line\n" * 301)
        result = self.run_check("check_sizes.py", self.root)
        self.assertIn("f has 62 lines", result.stdout)
        self.assertIn("b.h: 301 lines", result.stdout)

    def test_kernels_may_be_longer(self):
        self.write("src/ops/a_exec.cpp", "int f(int x) {\n" + "  x += 1;\n" * 60 + "}\n")
        self.assertEqual(self.run_check("check_sizes.py", self.root).returncode, 0)

    def test_unfinished_marks_are_noticed(self):
        self.write("src/a.cpp", "// TO" + "DO: later\n")
        self.assertEqual(self.run_check("check_words.py", self.root).returncode, 1)

    def test_documents_that_name_files_that_are_gone_are_noticed(self):
        self.write("src/base/files.h", "")
        self.write("docs/map.md", "`src/base/files.h`, `src/base/files`, `src/base`\n")
        self.assertEqual(self.run_check("check_words.py", self.root).returncode, 0)
        self.write("docs/map.md", "`src/base/folders.h`\n")
        self.assertIn("docs/map.md:1: there is no src/base/folders.h", self.run_check("check_words.py", self.root).stdout)


if __name__ == "__main__":
    unittest.main()
