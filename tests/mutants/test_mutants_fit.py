"""The lists of mutants follow the kernel, though `make mutants` is asked once in a while."""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def test_every_mutant_fits():
    run = [sys.executable, "-B", HERE / "run.py", "--check"]
    checked = subprocess.run(run, capture_output=True, text=True)
    assert checked.returncode == 0 and " 0 do not fit" in checked.stdout, checked.stdout


def test_every_argument_fits():
    """Of mutants that are made by rule, those that nothing can catch."""
    run = [sys.executable, "-B", HERE / "generate.py", "--count", "1"]
    made = subprocess.run(run, capture_output=True, text=True)
    assert made.returncode == 0 and made.stdout.count("[[mutant]]") == 1, made.stderr
