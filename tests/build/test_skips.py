"""A skip that the file given by --skips does not list is a failure."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TESTS = """import pytest

def test_runs():
    pass

@pytest.mark.skip(reason="no such thing here")
def test_marked():
    pass

def test_inside():
    pytest.skip("nor that")
"""
MODULE = """import pytest
pytest.skip("nothing of it", allow_module_level=True)
"""


@pytest.fixture
def run(tmp_path):
    shutil.copy(ROOT / "tests/conftest.py", tmp_path)
    (tmp_path / "test_some.py").write_text(TESTS)
    (tmp_path / "test_module.py").write_text(MODULE)
    (tmp_path / "skips").write_text("# reasons\n")

    def run(*arguments, listed=""):
        (tmp_path / "skips").write_text(f"# reasons\n{listed}")
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "--rootdir",
            tmp_path,
            *arguments,
        ]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)

    return run


def test_without_the_file_skips_are_skips(run):
    result = run()
    assert result.returncode == 0 and "1 passed, 3 skipped" in result.stdout


@pytest.mark.parametrize("workers", [[], ["-n", "2"]])
def test_unlisted_skips_fail(run, workers):
    result = run(
        "--skips=skips",
        "test_some.py",
        *workers,
        listed="test_some.py::test_marked: it is not here\n",
    )
    assert (
        result.returncode == 1 and "1 failed, 1 passed, 1 skipped" in result.stdout
    ), result.stdout
    assert (
        "test_inside: skipped, and skips does not list it" in result.stdout
        and "nor that" in result.stdout
    )


def test_a_whole_file_that_skips_fails(run):
    result = run("--skips=skips", "test_module.py")
    assert result.returncode != 0 and "nothing of it" in result.stdout, result.stdout


def test_the_projects_list_gives_reasons():
    for line in (ROOT / ".ci/skips").read_text().splitlines():
        assert (
            line.startswith("#") or line.partition(": ")[2].strip()
        ), f".ci/skips: no reason: {line}"
