"""Every schedule of the scenarios with at most one preemption (of the longest ones, with none), and
a few planted faults that must be found: see Makefile and docs/interleave.md.
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
# Scenarios of tasks: at one preemption these take seconds each, the others parts of one.
LONG = [
    "answer_killed",
    "answer_late",
    "back_late",
    "call_again",
    "call_timeout",
    "caller_killed",
    "hold_back",
    "kill_move_three",
    "kill_timeout",
    "reply_dropped",
    "string_timeout",
    "teardown_alloc",
    "teardown_create",
    "two_callers",
    "two_callers_three",
]
# What depends on the format of page tables.
OF_BOTH_FORMATS = ["fault_revoke", "item_grant", "map_revoke", "string_unmap", "table_goes"]
# One of each kind: a flush, a lock, a wake-up, a barrier, a generation, a table; on the kernel's
# scheduler a wake-up, a move, an answer, a copy.
FAULTS = [
    "flush-on-this-cpu-only",
    "no-lock-in-kunmap",
    "queued-after-unlocking",
    "idle-flag-cleared-without-barrier",
    "generation-published-before-the-load",
    "table-freed-before-the-flush",
    "wakes-without-a-barrier",
    "moved-before-its-stack-is-left",
    "joined-while-its-stack-is-looked-at",
    "number-not-raised-on-time-out",
    "no-second-look-before-the-copy",
]

pytestmark = pytest.mark.skipif(
    (platform.system(), platform.machine()) != ("Linux", "x86_64"),
    reason="the checker needs Linux on x86-64",
)


def run(*command):
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, errors="replace")


def program_of(variant, build):
    made = faults.make(build / "interleave", variant)
    assert made.returncode == 0, made.stderr[-4000:]
    return build / "interleave" / variant / "interleave"


def names(program):
    listed = run(program, "--list").stdout.splitlines()
    assert listed
    return [line.split()[0] for line in listed]


def explore(program, bound, scenarios):
    explored = run(program, "--bound", f"0-{bound}", *scenarios)
    assert explored.returncode == 0, explored.stdout[-8000:] + explored.stderr
    lines = explored.stdout.splitlines()
    assert len(lines) == len(scenarios) > 0
    for line in lines:
        assert re.search(rf"preemptions: (any number|at most {bound}) ", line), line


@pytest.mark.parametrize("variant", [v for v in VARIANTS if "tasks" not in v])
def test_one_preemption(variant, build):
    program = program_of(variant, build)
    explore(program, 1, names(program))


def test_tasks(build):
    program = program_of("2level-2-1-tasks", build)
    short = [name for name in names(program) if name not in LONG]
    assert len(short) + len(LONG) == len(names(program))
    explore(program, 1, short)
    explore(program, 0, LONG)


def test_tasks_pae(build):
    explore(program_of("pae-2-1-tasks", build), 1, OF_BOTH_FORMATS)


@pytest.mark.parametrize("fault", faults.faults(), ids=lambda fault: fault["name"])
def test_a_fault_fits(fault):
    """Only some are planted below; the others must not fall behind the kernel."""
    assert faults.planted(fault) != (ROOT / fault["file"]).read_text()


def test_faults_are_found(build):
    planted = run(HERE / "faults.py", "--build", build, "--only", ",".join(FAULTS))
    assert planted.returncode == 0 and f"{len(FAULTS)} faults, 0 missed" in planted.stdout, (
        planted.stdout + planted.stderr
    )
