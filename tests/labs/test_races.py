"""Races: what the explorer's process says counts only beside control runs that fail."""

import platform
import re
from dataclasses import replace
from types import SimpleNamespace

import pytest

from handing_in import ROOT, graded_labs
from grader import sandbox
from grader.explorer import race
from grader.explorer.run import read
from grader.lab import read_lab
from grader.lab import Test as Row  # a class Test would be collected
from grader.machine.guest import WRITE_IT
from grader.verdict import Failure

ROW = "wrap  2 CPUs  preemptions: at most 2   schedules 1 + 0 cut  states 9  steps 9"
TEST = Row(
    "flush_race", 8, "The flush", explorer={"wrap": 2}, controls={"no_flush": "may still hold"}
)
WELL = f"echo '{ROW}'"
HONEST = f"""read control
case $control in
none) echo '{ROW}' ;;
no_flush) echo 'FAILED wrap: slot 0 is handed out while CPU 1 may still hold frame 14 there (7)'; exit 1 ;;
*) exit 2 ;;
esac"""
pytestmark = pytest.mark.skipif(
    (platform.system(), platform.machine()) != ("Linux", "x86_64"),
    reason="the explorer needs Linux on x86-64",
)


def judged(program, folder, test=TEST):
    """A process of these lines in the place of the explorer."""
    shop = SimpleNamespace(folder=folder, sandbox=sandbox.find(), lab=read_lab(ROOT / "labs/7"))
    (folder / "explorer").write_text(f"#!/bin/sh\n{program}\n")
    (folder / "explorer").chmod(0o755)
    return race.judge(test, shop)


def test_what_is_not_written_is_told_as_that(tmp_path):
    said = "FAILED wrap: panic: lab 7: tlb_flush_past is not written yet (labs/7/README.md) (0)"
    result = judged(f"echo '{said}'; exit 1", tmp_path)
    assert (result.where, result.hint) == (("tlb_flush_past",), WRITE_IT), result


def test_an_honest_process_passes(tmp_path):
    result = judged(HONEST, tmp_path)
    assert result.passed and result.got == 8, result


@pytest.mark.parametrize(
    "program",
    [
        WELL,
        f"{WELL}; exit 1",
        f"{WELL}; echo 'FAILED wrap: nobody can go on'; exit 1",
        f"{WELL}; {WELL}",
        f"echo '{ROW.replace('at most 2', 'at most 1')}'",
        "echo all is well",
        "exit 0",
        "kill -SEGV $$",
    ],
)
def test_who_says_that_all_is_well_earns_nothing(tmp_path, program):
    result = judged(program, tmp_path)
    assert result.got == 0 and not result.passed and result.seen, result


def test_always_well_is_told_by_a_control_run(tmp_path):
    result = judged(WELL, tmp_path)
    assert result.status == "not judged" and "no_flush" in result.seen, result


@pytest.mark.parametrize("controls", [{}, {"nobody_knows_it": "may still hold"}])
def test_without_a_control_run_nothing_is_judged(tmp_path, controls):
    result = judged(HONEST, tmp_path, replace(TEST, controls=controls))
    assert result.status == "not judged" and result.got == 0, result


def test_a_claim_is_one_row_of_the_scenario():
    assert read(0, ROW, "wrap").passed(2) and not read(0, ROW, "wrap").passed(3)
    assert not read(0, ROW, "wra").passed(2) and not read(1, ROW, "wrap").passed(2)
    assert read(0, ROW.replace("at most 2", "any number"), "wrap").passed(9)


def explored():
    labs = [read_lab(ROOT / f"labs/{number}") for number in graded_labs()]
    return [(lab, test) for lab in labs for test in lab.tests if test.explorer]


def test_every_scenario_has_a_control_run():
    assert {lab.number for lab, _ in explored()} == {4, 7}
    for lab, test in explored():
        folder = ROOT / f"labs/{lab.number}/explorer"
        controls = (folder / "controls.c").read_text()
        files = "".join(file.read_text() for file in folder.glob("*.c"))
        runs = list(race.control_runs(test))
        assert {scenario for _, scenario, _ in runs} == set(test.explorer), test.name
        assert all(f'"{name}"' in controls for name, _, _ in runs), test.name
        assert all(f"SCENARIO({scenario}," in files for scenario in test.explorer), test.name


@pytest.mark.sample
@pytest.mark.parametrize("way", sandbox.WAYS, ids=lambda way: way.name)
def test_a_schedule_is_told(teacher, way):
    """Who did what, in which function and line, in either sandbox."""
    if way.holds():
        pytest.skip(way.holds())
    lab7 = teacher(7)
    where = lab7.hand_in(
        smp_call=lambda text: text.replace("\tatomic_xchg(&call.pending, others);\n", "").replace(
            "\tsend_call(others);\n",
            "\tsend_call(others);\n\tatomic_xchg(&call.pending, others);\n",
        )
    )
    (result,) = lab7.grade(where, "calls_race", ways=(way,)).results
    assert result.status == "failed" and "nobody can go on" in result.seen, result
    assert re.search(r"CPU 0: smp_send_ipi \(ipi.c:\d+\) sends an interrupt", result.seen), result
    assert re.search(r"CPU 1 in an interrupt: call_interrupt \(smp_call.c:\d+\) load", result.seen)
    assert "call_interrupt" in result.where and "interrupted again" in result.hint, result


def test_a_failure_is_one_whoever_says_it():
    with pytest.raises(Failure, match="nobody can go on"):
        shop = SimpleNamespace(lab=read_lab(ROOT / "labs/7"))
        found = race.Race(TEST, shop)
        found.runner = SimpleNamespace(
            explore=lambda *_: read(0, f"FAILED wrap: nobody can go on\n{ROW}", "wrap")
        )
        found.explore("wrap", 2)
