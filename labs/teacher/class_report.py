#!/usr/bin/env python3
"""class_report.py REPORT.json... [--csv FILE] [--page FILE]: what a class got, test by test.

Each report is what the grader wrote with --json; its file's name is the student's.  The table goes
to the terminal; the CSV has a row for each student (columns that Moodle and Canvas can be told to
import), the page a bar for each test.
"""

import argparse
import csv
import html
import json
import statistics
import sys
from collections import Counter
from pathlib import Path

COMMON = 2  # hints that are told of each test


class BadReport(Exception):
    """No report of the grader's, or one of another lab."""


def read(paths):
    """[(student, report)], by name."""
    found = []
    for path in sorted(paths):
        try:
            report = json.loads(path.read_text())
            report["tests"][0]["name"], report["got"]
        except (OSError, ValueError, LookupError, TypeError) as error:
            raise BadReport(f"{path} is no report of the grader's: {error}") from error
        if found and report["lab"] != found[0][1]["lab"]:
            raise BadReport(
                f"{path} is about lab {report['lab']}, others about {found[0][1]['lab']}"
            )
        found.append((path.stem, report))
    return found


def rows(reports):
    """Header and rows: the student, points of each test, the sum, why nothing was tried."""
    names = [test["name"] for test in reports[0][1]["tests"]]
    yield ["student", *names, "points", "refused"]
    for student, report in reports:
        points = {test["name"]: test["got"] for test in report["tests"]}
        sums = [points.get(name, 0) for name in names] + [report["got"]]
        yield [student, *sums, reason(report["refusal"])]


def reason(refusal):
    """One line of it: the first error of the compiler or linker, or the first line."""
    lines = refusal.splitlines() or [""]
    marks = ("error:", "undefined reference")
    return next((line for line in lines if any(mark in line for mark in marks)), lines[0])


def shares(reports):
    """[(name, title, how many passed)] of each test."""
    for index, test in enumerate(reports[0][1]["tests"]):
        passed = sum(report["tests"][index]["status"] == "passed" for _, report in reports)
        yield test["name"], test["title"], passed


def hints(reports):
    """For each test, [(hint, how many were given it)]: the commonest mistakes."""
    for index in range(len(reports[0][1]["tests"])):
        failed = [report["tests"][index] for _, report in reports if not report["refusal"]]
        told = Counter(
            test["hint"] or test["status"] for test in failed if test["status"] != "passed"
        )
        yield told.most_common(COMMON)


def points(reports):
    got = sorted(report["got"] for _, report in reports)
    middle, mean = statistics.median(got), statistics.mean(got)
    return f"points: least {got[0]}, median {middle:g}, mean {mean:.1f}, most {got[-1]}"


def text(reports):
    count = len(reports)
    lines = [f"lab {reports[0][1]['lab']}, {count} submissions"]
    for name, title, passed in shares(reports):
        lines.append(f"{name:20} {passed:4} of {count}  {'#' * (40 * passed // count)}")
    return "\n".join(lines + [points(reports)])


PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title><style>
body {{ font: 16px/1.5 sans-serif; max-width: 70em; margin: 2em auto; padding: 0 1em; }}
table {{ border-collapse: collapse; }} td, th {{ padding: .1em .6em; text-align: right; }}
td:first-child, th:first-child, .said {{ text-align: left; }} tr:nth-child(even) {{ background: #f3f5f4; }}
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


def hint_rows(reports):
    for (_, title, _), told in zip(shares(reports), hints(reports)):
        for hint, count in told:
            said = (html.escape(title), html.escape(hint.splitlines()[0]))
            yield f'<tr><td>{said[0]}</td><td>{count}</td><td class="said">{said[1]}</td></tr>'


def page(reports):
    count = len(reports)
    bars = "\n".join(bar(title, passed, count) for _, title, passed in shares(reports))
    told = "\n".join(hint_rows(reports))
    head, *body = rows(reports)
    lines = ["".join(f"<th>{html.escape(str(word))}</th>" for word in head)]
    lines += ["".join(f"<td>{html.escape(str(word))}</td>" for word in row) for row in body]
    table = "\n".join(f"<tr>{line}</tr>" for line in lines)
    title = f"Lab {reports[0][1]['lab']}: {html.escape(reports[0][1]['title'])}"
    return PAGE.format(title=title, bars=bars, table=table, hints=told, points=points(reports))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("reports", nargs="+", type=Path)
    parser.add_argument("--csv", type=Path)
    parser.add_argument("--page", type=Path)
    given = parser.parse_args()
    try:
        reports = read(given.reports)
    except BadReport as error:
        print(f"class_report.py: {error}", file=sys.stderr)
        return 2
    if given.csv:
        with open(given.csv, "w", newline="") as file:
            csv.writer(file).writerows(rows(reports))
    if given.page:
        given.page.write_text(page(reports))
    print(text(reports))
    return 0


if __name__ == "__main__":
    sys.exit(main())
