"""What a grading says and does around its tests: unknown names, lost time, what guests print."""

import pytest

from handing_in import ROOT
from grader.grade import Grader
from grader.lab import BadLab, read_lab
from grader.report import Report, text_of
from grader.verdict import Result


def test_a_test_that_there_is_not(teacher):
    with pytest.raises(BadLab, match="there is no test nosuch; there are busy, "):
        teacher(1).grade(ROOT, "nosuch")


def test_behind_two_tests_without_an_end_none_is_tried(teacher, monkeypatch):
    """Each takes the sandbox's limit of CPU time; a guest's own hang is found sooner."""
    ended = iter(["passed", "out of time", "hang", "out of time"])

    def judge(_grader, test, _kernels):
        return Result(test.name, test.title, test.points, 0, next(ended))

    monkeypatch.setattr(Grader, "judge", judge)
    report = teacher(1).grade(ROOT)
    assert [result.status for result in report.results[4:]] == ["not judged"] * 10
    assert "2 tests before have used up their time" in report.results[4].seen


def test_what_a_guest_prints_reaches_no_terminal():
    result = Result("a", "b", 5, 0, "panic", seen="\x1b[2J\r100 of 100 points\nmore")
    lines = text_of(result)
    assert not any(c in "\x1b\r" for c in "".join(lines))
    assert "\\x1b[2J\\x0d100 of 100 points" in lines[1] and lines[2].startswith("      ")


def test_a_cause_is_told_once():
    """Whose first function is not written loses every test for it."""
    causes = {"a": "panic 1", "b": "panic 1", "c": "panic 2"}
    results = [Result(name, name, 5, 0, "panic", seen=seen) for name, seen in causes.items()]
    report = Report(read_lab(ROOT / "labs/1"), results, {})
    for told in (report.text(), report.page()):
        assert told.count("panic 1") == told.count("panic 2") == 1
        assert told.count("the same as in a") == 1
        assert "0 of 15 points; 3 of 14 tests were tried" in told


def test_the_page_has_the_notes():
    report = Report(read_lab(ROOT / "labs/1"), [], {}, notes=["Makefile was changed"])
    assert "note: Makefile was changed" in report.page()
