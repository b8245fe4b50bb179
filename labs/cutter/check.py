"""make check-labs: whether the graders grade.  The answer gets all points; what the student begins
with none; a wrong answer loses points in the test about its mistake, and gets its hint; a
different right one gets all.
"""

import argparse
import json
import shutil
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "labs"))

from cutter.cut import answer, skeleton
from cutter.grader import wanted
from cutter.replace import read_wrong, wrong_answers, write_wrong
from grader.grade import grade
from grader.kit import make_kit
from grader.lab import BadLab, all_labs


def failed(report):
    """What is wrong, in a few lines."""
    said = [
        f"{r.name}: expected {r.expected}; seen {r.seen}" for r in report.results if not r.passed
    ]
    return report.refusal or "\n    ".join(said)


class Bench:
    """A lab's kit in a folder of its own, and what was found wrong with the graders."""

    def __init__(self, lab, build, seed=None):
        self.lab, self.folder = lab, Path(tempfile.mkdtemp(prefix="labs-"))
        self.own = ROOT / "labs" / str(lab.number)
        self.kit = make_kit(ROOT, build, lab, self.folder / "kit")
        if seed is not None:
            (self.kit / "seed.json").write_text(json.dumps(seed))
        self.faults, self.count = [], 0

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    def grade(self, name, submission, only=()):
        began = time.monotonic()
        report = grade(self.kit, self.lab, self.own, submission, only=only)
        lost = ", ".join(result.name for result in report.results if not result.passed)
        seconds = time.monotonic() - began
        self.count += 1
        print(
            f"lab {self.lab.number}  {name:32} {report.got:3} points {seconds:5.1f} s  {lost}",
            flush=True,
        )
        return report

    def fault(self, name, what):
        self.faults.append(f"lab {self.lab.number}, {name}: {what}")

    def place(self, name):
        return self.folder / name

    def write(self, name, text_of):
        """A folder with the owned files: text_of(path)."""
        where = self.place(name)
        for path in self.lab.owns:
            to = where / path
            to.parent.mkdir(parents=True, exist_ok=True)
            to.write_text(text_of(path))
        return where

    def answer(self):
        where = self.write("answer", lambda path: answer(path, ROOT, self.lab).read_text())
        report = self.grade("answer", where)
        if not report.passed:
            self.fault("answer", failed(report))

    def skeleton(self):
        where = self.write("skeleton", lambda path: skeleton(path, ROOT, self.lab))
        report = self.grade("skeleton", where)
        if report.got or report.refusal:
            self.fault("skeleton", f"{report.got} points: {failed(report)}")

    def right(self, folder):
        """It has the owned files that it changes; the others are the answer's."""

        def text_of(path):
            given = folder / path
            return (given if given.exists() else answer(path, ROOT, self.lab)).read_text()

        where = self.write(f"right-{folder.name}", text_of)
        report = self.grade(f"right/{folder.name}", where)
        if not report.passed:
            self.fault(f"right/{folder.name}", failed(report))

    def wrong(self, path, all_tests):
        wrong, where = read_wrong(path), self.place(f"wrong-{path.stem}")
        write_wrong(self.lab, wrong, ROOT, where)
        report = self.grade(f"wrong/{path.stem}", where, () if all_tests else (wrong.test,))
        result = next((r for r in report.results if r.name == wrong.test), None)
        if not result or result.passed or report.refusal:
            self.fault(f"wrong/{path.stem}", f"passes {wrong.test}\n{report.refusal}")
        elif wrong.hint not in result.hint:
            self.fault(f"wrong/{path.stem}", f"no hint with {wrong.hint!r}, but: {result.hint}")


def chosen(items, turn):
    """All, or the one whose turn it is."""
    return items if turn is None else [items[turn % len(items)]] if items else []


def check(lab, given):
    bench = Bench(lab, given.build, given.seed)
    try:
        bench.answer()
        bench.skeleton()
        for path in chosen(wrong_answers(bench.own), given.turn):
            bench.wrong(path, given.all_tests)
        if given.turn is None:
            for folder in sorted((bench.own / "right").glob("*/")):
                bench.right(folder)
    finally:
        bench.close()
    return bench


def main():
    parser = argparse.ArgumentParser(prog="make check-labs", description=__doc__)
    parser.add_argument("build", help="folder of the build, which has the plain kernels")
    parser.add_argument("--turn", type=int, help="of the wrong answers this one alone")
    parser.add_argument("--lab", action="append", help="this lab alone")
    parser.add_argument("--all-tests", action="store_true", help="wrong answers meet every test")
    parser.add_argument("--seed", type=int, help="as of a teacher's kit, not that of the students")
    given = parser.parse_args()
    try:
        labs = [wanted(number) for number in given.lab or []] or all_labs(ROOT / "labs")
    except BadLab as error:
        print(f"make check-labs: {error}", file=sys.stderr)
        return 2
    benches = [check(lab, given) for lab in labs if lab.tests]
    faults = [fault for bench in benches for fault in bench.faults]
    print("\n".join(faults))
    print(f"{sum(bench.count for bench in benches)} answers graded, {len(faults)} faults")
    return 1 if faults or not benches else 0


if __name__ == "__main__":
    sys.exit(main())
