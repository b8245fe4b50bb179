"""What a mistake of the book shows (mistakes.py): four here, all by `make check-book`."""

import os
import subprocess
from pathlib import Path

import mistakes
import pytest

TOOLS = Path(__file__).resolve().parents[2] / "tools"

# A panic of the boot, a failed self-test, what the debug build sees, a program's output.
SAMPLE = ["kmap-first", "no-reserve", "spare-global", "child-changes-folder"]


@pytest.mark.parametrize("seen", mistakes.all_seen(), ids=lambda seen: seen.name)
def test_arguments_are_of_make_run(seen):
    assert seen.machine and any(line.strip(" .") for line in seen.lines)
    look = ["awk", "-v", "what=refuse", "-f", TOOLS / "variables.awk", TOOLS / "variables.txt"]
    given = {"BUILD": "build", "TESTS": "1", **seen.arguments}
    refused = subprocess.run(
        look, env={"PATH": os.environ["PATH"], **given}, capture_output=True, text=True
    )
    assert not refused.stdout + refused.stderr


@pytest.mark.parametrize("name", SAMPLE)
def test_a_mistake_shows_what_the_book_says(name, build):
    wrong = mistakes.check(mistakes.by_mistake([name])[name], build)
    assert not wrong, "\n".join(wrong)


CONSOLE = "ok 1 - a\nnot ok 2 - b.c\n  expected: 17 (0x11), seen: c01ff000\ny\n"


@pytest.mark.parametrize(
    "shown, missing",
    [
        (["not ok 9 - b.c", "expected: 3 (0xa), seen: 7"], None),
        (["not ok ... - b.c", "...", "y"], None),
        (["not ok ... - b.d"], "not ok ... - b.d"),
        (["y", "not ok 2 - b.c"], "not ok 2 - b.c"),
        (["ok"], "ok"),
    ],
)
def test_lines_are_found_in_their_order(shown, missing):
    assert mistakes.first_missing(shown, CONSOLE) == missing
