#!/usr/bin/env python3
"""class_report.py REPORT.json... [--csv FILE] [--page FILE] [--submissions FOLDER]: what a class
got, test by test.

Each report is what the grader wrote with --json; its file's name is the student's.  The table goes
to the terminal; the CSV has a row for each student (columns that Moodle and Canvas can be told to
import), the page a bar for each test.  A file that is no report is named and left out, and so is
who has a folder in FOLDER and no report; the status is 1 then.
"""

import argparse
import csv
import html
import json
import re
import statistics
import sys
from collections import Counter
from pathlib import Path

COMMON = 2  # hints that are told of each test
NOT_WRITTEN = re.compile(r"(\w+) is not written yet")  # labs/tree/lib/lab.h
NUMBER = (int, float)
OF_REPORT = {"lab": int, "title": str, "got": NUMBER, "refusal": str, "tests": list}
OF_TEST = {"name": str, "title": str, "got": NUMBER, "status": str, "hint": str, "seen": str}


class BadReport(Exception):
    """No report of the grader's, or one of another lab."""


def look_for(keys, table):
    if not isinstance(table, dict):
        raise BadReport(f"a table is wanted where {table!r:.40} stands")
    for key, kind in keys.items():
        if key not in table:
            raise BadReport(f"it has no {key}")
        if not isinstance(table[key], kind):
            raise BadReport(f"{key} cannot be {table[key]!r:.40}")


def read_one(path):
    try:
        report = json.loads(path.read_text())
    except (OSError, ValueError, RecursionError) as error:
        raise BadReport(error) from error
    look_for(OF_REPORT, report)
    if not report["tests"]:
        raise BadReport("it has no test")
    for test in report["tests"]:
        look_for(OF_TEST, test)
    return report


def read(paths):
    """({path: report}, {path: why it is none})"""
    found, bad = {}, {}
    for path in sorted({path.resolve(): path for path in paths}.values()):
        try:
            found[path] = read_one(path)
        except BadReport as error:
            bad[path] = f"is no report of the grader's: {error}"
    labs = Counter(report["lab"] for report in found.values()).most_common(1)
    for path in [path for path in found if found[path]["lab"] != labs[0][0]]:
        bad[path] = f"is about lab {found.pop(path)['lab']}, others about {labs[0][0]}"
    return found, bad


def by_student(found):
    """[(student, report)]: the file's name; its folder too, where two have the same name."""
    count = Counter(path.stem for path in found)
    names = {p: p.stem if count[p.stem] == 1 else str(p.with_suffix("")) for p in found}
    return [(names[path], report) for path, report in found.items()]


def without_report(folder, found):
    """Submissions that nobody has graded, or whose report is none."""
    there = {path.stem for path in found}
    return sorted(p.name for p in folder.iterdir() if p.is_dir() and p.name not in there)


def tests_of(reports):
    """{name: title}, as the report with most tests has them: --test chooses some."""
    titles = {}
    for report in sorted((report for _, report in reports), key=lambda r: -len(r["tests"])):
        for test in report["tests"]:
            titles.setdefault(test["name"], test["title"])
    return titles


def results(reports, name):
    """[(report, test)] of those in which this test has been tried."""
    return [(r, test) for _, r in reports for test in r["tests"] if test["name"] == name]


def as_text(cell):
    """A spreadsheet takes what begins so for a formula."""
    return f"'{cell}" if cell.startswith(tuple("=+-@\t\r")) else cell


def rows(reports):
    """Header and rows: the student, points of each test, the sum, why nothing was tried."""
    names = list(tests_of(reports))
    yield ["student", *names, "points", "refused"]
    for student, report in reports:
        points = {test["name"]: test["got"] for test in report["tests"]}
        sums = [points.get(name, "") for name in names] + [report["got"]]
        yield [as_text(student), *sums, as_text(reason(report["refusal"]))]


def reason(refusal):
    """One line of it: the first error of the compiler or linker, or the first line."""
    lines = refusal.splitlines() or [""]
    marks = ("error:", "undefined reference")
    return next((line for line in lines if any(mark in line for mark in marks)), lines[0])


def shares(reports):
    """[(title, how many passed, how many have tried)] of each test, by name."""
    for name, title in tests_of(reports).items():
        tried = [test["status"] == "passed" for _, test in results(reports, name)]
        yield name, title, sum(tried), len(tried)


def not_written(test):
    """The name of a function that was not there; None: all that was called was."""
    found = NOT_WRITTEN.search(test["seen"])
    return found and found[1]


def unwritten(reports):
    """[(function, in how many submissions it was not written)]"""
    names = [name for _, r in reports for name in {not_written(test) for test in r["tests"]}]
    return Counter(filter(None, names)).most_common()


def hints(reports):
    """[(title, [(hint, how many were given it)])] of each test: the commonest mistakes."""
    for name, title in tests_of(reports).items():
        failed = [
            test
            for report, test in results(reports, name)
            if test["status"] != "passed" and not report["refusal"] and not not_written(test)
        ]
        told = Counter(test["hint"].strip() or test["status"] for test in failed)
        yield title, told.most_common(COMMON)


def points(reports):
    got = sorted(report["got"] for _, report in reports)
    middle, mean = statistics.median(got), statistics.mean(got)
    return f"points: least {got[0]}, median {middle:g}, mean {mean:.1f}, most {got[-1]}"


def text(reports):
    count = len(reports)
    lines = [f"lab {reports[0][1]['lab']}, {count} submissions"]
    for name, _, passed, tried in shares(reports):
        lines.append(f"{name:20} {passed:4} of {tried}  {'#' * (40 * passed // tried)}")
    return "\n".join(lines + [points(reports)])


PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title><style>
body {{ font: 16px/1.5 sans-serif; max-width: 70em; margin: 2em auto; padding: 0 1em; }}
table {{ border-collapse: collapse; }} td, th {{ padding: .1em .6em; text-align: right; }}
td:first-child, th:first-child, .said {{ text-align: left; }}
tr:nth-child(even) {{ background: #f3f5f4; }}
.bar {{ background: #2a7; height: 1em; }} .frame {{ background: #ddd; width: 20em; }}
</style></head><body><h1>{title}</h1><h2>Passed, by test</h2><table>{bars}</table>
<p>{points}</p><h2>What those who failed were told most often</h2><table>{hints}</table>
<h2>Points</h2><table>{table}</table></body></html>
"""


def bar(title, passed, count):
    width = (
        f'<div class="frame"><div class="bar" style="width: {100 * passed // count}%"></div></div>'
    )
    return f"<tr><td>{html.escape(title)}</td><td>{width}</td><td>{passed} of {count}</td></tr>"


def plain(hint):
    """Its first line, without marks that a terminal's reader takes for quotes."""
    return (hint.splitlines() or [""])[0].replace("`", "")


def hint_row(title, count, said):
    words = html.escape(title), html.escape(plain(said))
    return f'<tr><td>{words[0]}</td><td>{count}</td><td class="said">{words[1]}</td></tr>'


def hint_rows(reports):
    for function, count in unwritten(reports):
        yield hint_row("All tests", count, f"{function} is not written yet")
    for title, told in hints(reports):
        for hint, count in told:
            yield hint_row(title, count, hint)


def page(reports):
    bars = "\n".join(bar(*share) for _, *share in shares(reports))
    told = "\n".join(hint_rows(reports))
    head, *body = rows(reports)
    lines = ["".join(f"<th>{html.escape(str(word))}</th>" for word in head)]
    lines += ["".join(f"<td>{html.escape(str(word))}</td>" for word in row) for row in body]
    table = "\n".join(f"<tr>{line}</tr>" for line in lines)
    title = f"Lab {reports[0][1]['lab']}: {html.escape(reports[0][1]['title'])}"
    return PAGE.format(title=title, bars=bars, table=table, hints=told, points=points(reports))


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    # A name that is no UTF-8 is not worth the report.
    with open(path, "w", newline="", encoding="utf-8", errors="replace") as file:
        text(file)


def say(what):
    print(f"class_report.py: {what}", file=sys.stderr)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("reports", nargs="+", type=Path)
    parser.add_argument("--csv", type=Path)
    parser.add_argument("--page", type=Path)
    parser.add_argument("--submissions", type=Path, help="names folders in it without a report")
    given = parser.parse_args()
    sys.stdout.reconfigure(errors="replace")
    try:
        found, bad = read(given.reports)
        missing = without_report(given.submissions, found) if given.submissions else []
        for path, why in bad.items():
            say(f"{path} {why}")
        for name in missing:
            say(f"{name} has no report")
        if not found:
            return 2
        reports = by_student(found)
        if given.csv:
            write(given.csv, lambda file: csv.writer(file).writerows(rows(reports)))
        if given.page:
            write(given.page, lambda file: file.write(page(reports)))
    except OSError as error:
        say(error)
        return 2
    print(text(reports))
    return 1 if bad or missing else 0


if __name__ == "__main__":
    sys.exit(main())
