"""Every schedule of the scenarios with at most one preemption, and a few planted faults that must
be found: see Makefile and docs/interleave.md.
"""

import platform
import re
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import faults  # noqa: E402

ROOT = HERE.parents[1]
MAKEFILE = HERE / "Makefile"
VARIANTS = next(
    line.split(":=")[1].split()
    for line in MAKEFILE.read_text().splitlines()
    if line.startswith("VARIANTS :=")
)
# One of each kind: a flush, a lock, a wake-up, a barrier, a generation, a table.
FAULTS = [
    "flush-on-this-cpu-only",
    "no-lock-in-kunmap",
    "queued-after-unlocking",
    "idle-flag-cleared-without-barrier",
    "generation-published-before-the-load",
    "table-freed-before-the-flush",
]

pytestmark = pytest.mark.skipif(
    (platform.system(), platform.machine()) != ("Linux", "x86_64"),
    reason="the checker needs Linux on x86-64",
)


def run(*command):
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, errors="replace")


@pytest.mark.parametrize("variant", VARIANTS)
def test_one_preemption(variant, build):
    program = build / "interleave" / variant / "interleave"
    made = faults.make(build / "interleave", variant)
    assert made.returncode == 0, made.stderr[-4000:]
    explored = run(program, "--bound", "0-1")
    assert explored.returncode == 0, explored.stdout[-8000:] + explored.stderr
    lines = explored.stdout.splitlines()
    listed = run(program, "--list").stdout.splitlines()
    assert len(lines) == len(listed) > 0
    for line in lines:
        assert re.search(r"preemptions: (any number|at most 1) ", line), line


def test_faults_are_found(build):
    planted = run(HERE / "faults.py", "--build", build, "--only", ",".join(FAULTS))
    assert planted.returncode == 0 and f"{len(FAULTS)} faults, 0 missed" in planted.stdout, (
        planted.stdout + planted.stderr
    )
