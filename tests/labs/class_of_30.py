#!/usr/bin/env python3
"""make check-labs-class: thirty made-up submissions through all that a teacher does with a class.

    class_of_30.py BUILD [--lab N] [--jobs N]

The kit is made, all are graded in parallel with the command in docs/teaching.md, reported on, and
compared with each other.  Judged: each one's points and hints, the class's report, who is told to
have copied.  How long it took is told, not judged.
"""

import argparse
import csv
import html
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from itertools import combinations
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "labs"))

from class_made_up import COUNT, HALF_DONE, REFERENCE, made_up
from grader.lab import read_lab

DOCS = ROOT / "docs" / "teaching.md"
OTHER_NAMES = {"copy-1": "Ann O'Neil"}  # as folders are really called
PARALLEL = r"^    (parallel -j 4 .*)$"
XARGS = r"^    (\(cd submissions .* xargs .*)$"
REPORT = r"^    (/usr/bin/python3 labs/teacher/class_report.py .*)$"


def command_of_docs(pattern, number, jobs=1):
    """A line of docs/teaching.md, where its example's names stand for what is here."""
    found = re.search(pattern, DOCS.read_text(), re.M)
    if not found:
        raise SystemExit(f"{DOCS.name} has no line like {pattern}")
    line = found[1]
    for old, new in (
        ("/usr/bin/python3", f"{sys.executable} -B"),
        ("../grader6", f"grader{number}"),
        ("labs/", f"{ROOT}/labs/"),
        ("-j 4", f"-j {jobs}"),
        ("-P 4", f"-P {jobs}"),
    ):
        line = line.replace(old, new)
    return line


class ClassOf30:
    """One lab's class in a folder of its own, and what was not as it must be."""

    def __init__(self, number, build, jobs, folder):
        self.lab, self.build, self.jobs = read_lab(ROOT / f"labs/{number}"), build, jobs
        self.folder, self.faults = folder, []
        self.students = made_up(self.lab, folder / "submissions")
        for student in [s for s in self.students if s.name in OTHER_NAMES]:
            made, student.name = folder / "submissions" / student.name, OTHER_NAMES[student.name]
            made.rename(made.with_name(student.name))

    def expect(self, true, what):
        if not true:
            self.faults.append(f"lab {self.lab.number}: {what}")

    def run(self, command):
        surroundings = {name: os.environ[name] for name in os.environ if "MAKE" not in name}
        done = subprocess.run(
            command,
            shell=True,
            cwd=self.folder,
            env=surroundings,
            capture_output=True,
            text=True,
            errors="replace",
        )
        self.expect(not done.stderr.strip(), f"{command}\n{done.stderr.strip()}")
        return done.stdout

    def make(self, goal):
        return self.run(f"make -s -C {ROOT} BUILD={self.build} N={self.lab.number} {goal}")

    def grade_all(self):
        self.make(f"grader DEST={self.folder}/grader{self.lab.number}")
        way = PARALLEL if shutil.which("parallel") else XARGS
        self.run(command_of_docs(way, self.lab.number, self.jobs))

    def graded(self, student):
        """The JSON of one report; None: there is none."""
        paths = [self.folder / f"{student.name}.{kind}" for kind in ("json", "html", "txt")]
        there = all(path.exists() and path.stat().st_size for path in paths)
        self.expect(there, f"{student.name} has no report")
        return json.loads(paths[0].read_text()) if there else None

    def judge_points(self, student, report):
        name, refusal = student.name, report["refusal"]
        if student.refusal is not None:
            said = student.refusal in refusal and report["got"] == 0
            return self.expect(said, f"{name}: {report['got']} points, refused: {refusal!r}")
        failed = {test["name"]: test for test in report["tests"] if test["status"] != "passed"}
        got = sum(test["points"] for test in report["tests"] if test["name"] not in failed)
        self.expect(not refusal, f"{name} is refused: {refusal}")
        self.expect(report["got"] == got, f"{name}: {report['got']} points, not {got}")
        fits = (
            failed.keys() == student.lost if student.only_these else student.lost <= failed.keys()
        )
        self.expect(fits, f"{name} loses {sorted(failed)}, not {sorted(student.lost)}")
        for test in student.lost & failed.keys() if student.hint else ():
            hint = failed[test]["hint"]
            self.expect(student.hint in hint, f"{name}: no hint with {student.hint!r}, but: {hint}")

    def report_class(self, reports):
        said = self.run(command_of_docs(REPORT, self.lab.number))
        print(said)
        self.expect(f"{COUNT} submissions" in said, f"the class report says:\n{said}")
        with open(self.folder / "class.csv", newline="") as file:
            rows = {row["student"]: row for row in csv.DictReader(file)}
        page = (self.folder / "class.html").read_text()
        self.expect(rows.keys() == reports.keys(), f"class.csv has {len(rows)} rows: {list(rows)}")
        for name, row in rows.items():
            right = row["points"] == str(reports[name]["got"])
            self.expect(right and bool(row["refused"]) == bool(reports[name]["refusal"]), f"{row}")
            told = next(s.refusal for s in self.students if s.name == name) or ""
            self.expect(told in row["refused"], f"{name}: {row['refused']!r} does not say {told!r}")
            self.expect(f"<td>{html.escape(name)}</td>" in page, f"class.html does not have {name}")

    def compare(self):
        """Told to be alike are those of one origin, who must be, and nobody else."""
        said = self.make(f"check-copied FROM={self.folder}/submissions")
        words = re.findall(r"^ *(\d+) %  (.*)  (.*)$", said, re.M)
        told = {frozenset(map(name_of, pair)): int(share) for share, *pair in words}
        origin = {student.name: student.origin for student in self.students}
        origin[REFERENCE] = REFERENCE
        self.expect("/empty has no file of the lab" in said, f"empty is not named:\n{said}")
        for pair in map(frozenset, combinations(origin, 2)):
            (one, other), share = sorted(pair), told.get(pair)
            alike = origin[one] is not None and origin[one] == origin[other]
            self.expect(alike == bool(share), f"{one} and {other} are alike to {share} %")
            if share and origin[one] != REFERENCE:
                print(f"{share} %  {one}  {other}")

    def try_all(self):
        began = time.monotonic()
        self.grade_all()
        seconds = time.monotonic() - began
        reports = {student.name: self.graded(student) for student in self.students}
        for student in self.students:
            if reports[student.name]:
                self.judge_points(student, reports[student.name])
        if all(reports.values()):
            self.report_class(reports)
        self.compare()
        print(f"lab {self.lab.number}: {COUNT} graded in {seconds:.0f} s, {self.jobs} at a time")
        return self.faults


def name_of(path):
    return path if path == REFERENCE else Path(path).name


def main():
    parser = argparse.ArgumentParser(prog="make check-labs-class", description=__doc__)
    parser.add_argument("build", help="folder of the build, which has the plain kernels")
    parser.add_argument("--lab", type=int, action="append", choices=sorted(HALF_DONE))
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    given = parser.parse_args()
    faults = []
    for number in given.lab or sorted(HALF_DONE):
        with tempfile.TemporaryDirectory(prefix="class-") as name:
            faults += ClassOf30(number, given.build, given.jobs, Path(name)).try_all()
    print("\n".join(faults))
    print(f"{len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
