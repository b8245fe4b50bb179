"""Of each lab the answer, what the student begins with, and one wrong answer, whose turn comes with
the number of commits (make check-more); all of them: make check-labs.
"""

import subprocess

import pytest

from handing_in import ROOT, graded_labs
from cutter.cut import answer, skeleton
from cutter.replace import read_wrong, wrong_answers, write_wrong
from grader.kit import kits

pytestmark = pytest.mark.sample


def turn():
    """Of this commit; 0 where there is no history."""
    count = subprocess.run(
        ["git", "rev-list", "--count", "HEAD"], cwd=ROOT, capture_output=True, text=True
    )
    return int(count.stdout or 0)


def write(lab, folder, text_of):
    for path in lab.owns:
        to = folder / path
        to.parent.mkdir(parents=True, exist_ok=True)
        to.write_text(text_of(path))


labs = pytest.mark.parametrize("number", graded_labs())


@labs
def test_the_answer_gets_all(teacher, number, tmp_path):
    lab = teacher(number).lab
    write(lab, tmp_path, lambda path: answer(path, ROOT, lab).read_text())
    report = teacher(number).grade(tmp_path)
    assert report.got == report.lab.points, report.text()


@labs
def test_a_kit_has_every_format(teacher, number):
    """Else a test would run on another one, and not say so."""
    lab = teacher(number).lab
    assert set(kits(teacher(number).kit, lab)) == {lab.format, *lab.other_formats}


@labs
def test_a_skeleton_gets_nothing(teacher, number, tmp_path):
    lab = teacher(number).lab
    write(lab, tmp_path, lambda path: skeleton(path, ROOT, lab))
    report = teacher(number).grade(tmp_path)
    assert report.got == 0 and not report.refusal, report.text()


@labs
def test_a_wrong_answer_loses_points(teacher, number, tmp_path):
    paths = wrong_answers(ROOT / f"labs/{number}")
    wrong = read_wrong(paths[turn() % len(paths)])
    write_wrong(teacher(number).lab, wrong, ROOT, tmp_path)
    report = teacher(number).grade(tmp_path, wrong.test)
    (result,) = report.results
    assert not report.refusal and not result.passed, f"{wrong.name}\n{report.text()}"
    assert wrong.hint in result.hint, f"{wrong.name}: {result.hint}"
