"""What a teacher does with many submissions: kits, reports of a class, who has copied."""

import csv
import json
import re
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from handing_in import ROOT, make
from cutter.cut import skeleton
from grader.lab import read_lab

pytestmark = pytest.mark.sample  # make check-more

PYTHON = sys.executable


def made(*goal):
    done = make(*goal)
    assert not done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def kit(build, tmp_path_factory):
    folder = tmp_path_factory.mktemp("teacher") / "kit"
    made("grader", "N=1", f"DEST={folder}", f"BUILD={build.name}")
    return folder


def grade(kit, submission, student, folder):
    """As the README of the kit says, one test alone."""
    command = [PYTHON, "-B", kit / "grader", submission, "--test", "zeroed", "--test", "aligned"]
    for kind in ("json", "page", "gradescope"):
        command += [f"--{kind}", folder / f"{student}.{kind}"]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder)


def test_a_kit_grades_and_has_no_answer(kit, tmp_path):
    done = grade(kit, ROOT, "a", tmp_path)
    assert done.returncode == 0 and "14 of 14 points; 2 of 14 tests" in done.stdout, (
        done.stdout + done.stderr
    )
    assert not list(kit.rglob("bootmem.c*"))
    told = json.loads((tmp_path / "a.gradescope").read_text())
    assert told["score"] == 14 and [t["status"] for t in told["tests"]] == ["passed"] * 2
    assert "sandbox: " in told["output"]
    assert "14 of 14 points" in (tmp_path / "a.page").read_text()


def test_reports_that_cannot_be_written(kit, tmp_path):
    """It is said before the grading, and leaves no empty file for the class's report."""
    command = [PYTHON, "-B", kit / "grader", ROOT, "--json", "a.json", "--page", tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 2 and "Is a directory" in done.stderr, done.stderr
    assert not list(tmp_path.iterdir())


def test_the_same_points_each_time(kit, tmp_path):
    wrong = tmp_path / "wrong/kernel/mm/boot"
    wrong.mkdir(parents=True)
    text = (ROOT / "kernel/mm/boot/bootmem.c").read_text()
    (wrong / "bootmem.c").write_text(
        text.replace("memset(phys_to_virt(start), 0, size)", "phys_to_virt(start)")
    )
    for student in "ab":
        grade(kit, tmp_path / "wrong", student, tmp_path)
    first, second = ((tmp_path / f"{s}.json").read_text() for s in "ab")
    assert first == second and json.loads(first)["got"] == 7
    failed = json.loads(first)["tests"][0]
    assert "who zeroes it" in failed["hint"] and failed["expected"] and failed["seen"]


def machine_of(grader):
    """(process, places of its kernel and its RAM) of the QEMU that this grader has begun."""
    end = time.monotonic() + 120
    while time.monotonic() < end and grader.poll() is None:
        for said in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                words = said.read_text().split("\0")
            except OSError:
                continue  # it has just ended
            ram = re.search("mem-path=([^,]+)/ram", " ".join(words))
            if (
                words[0].endswith("qemu-system-i386")
                and ram
                and str(grader.pid) in tree_above(said)
            ):
                return said.parent, [Path(words[words.index("-kernel") + 1]), Path(ram[1])]
    raise AssertionError(f"the grader has begun no machine: status {grader.poll()}")


def tree_above(said):
    """Process ids of those that have begun this one, and so on."""
    pid, found = said.parent.name, []
    while pid != "0":
        pid = re.search(r"^PPid:\s+(\d+)", (Path("/proc") / pid / "status").read_text(), re.M)[1]
        found.append(pid)
    return found


def test_a_grader_that_is_ended_leaves_nothing(kit, tmp_path):
    """By a time limit of the teacher's runner, in the middle of a test."""
    grader = subprocess.Popen([PYTHON, "-B", kit / "grader", ROOT], cwd=tmp_path)
    process, places = machine_of(grader)
    assert all(place.exists() for place in places)
    grader.terminate()
    assert grader.wait(60) == 128 + 15
    assert not [place for place in places if place.exists()]
    # The sandbox's own process has ended; the one in it may be on its way.
    end = time.monotonic() + 60
    while process.exists() and time.monotonic() < end:
        time.sleep(0.01)
    assert not process.exists()


def test_a_class(kit, tmp_path):
    grade(kit, ROOT, "anna", tmp_path)
    grade(kit, tmp_path, "ben", tmp_path)
    done = subprocess.run(
        [PYTHON, "-B", ROOT / "labs/teacher/class_report.py", "anna.json", "ben.json"]
        + ["--csv", "class.csv", "--page", "class.html"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0 and "1 of 2" in done.stdout, done.stdout + done.stderr
    rows = list(csv.reader((tmp_path / "class.csv").open()))
    assert rows[0] == ["student", "zeroed", "aligned", "points", "refused"]
    assert rows[1][:4] == ["anna", "7", "7", "14"]
    assert rows[2][0] == "ben" and rows[2][3] == "0" and "is missing" in rows[2][4]
    page = (tmp_path / "class.html").read_text()
    assert "ben" in page
    for told in (page, done.stdout):
        assert "points: least 0, median 7, mean 7.0, most 14" in told


def test_what_a_class_was_told(tmp_path):
    """The commonest hint of a test, and how many it was given."""
    test = {"name": "zeroed", "title": "Zero", "points": 7, "got": 0, "status": "failed"}
    for student, hint in {"a": "who zeroes it?", "b": "who zeroes it?", "c": "goal?"}.items():
        report = {
            "lab": 1,
            "title": "Boot",
            "got": 0,
            "refusal": "",
            "tests": [test | {"hint": hint}],
        }
        (tmp_path / f"{student}.json").write_text(json.dumps(report))
    page = tmp_path / "class.html"
    command = [PYTHON, "-B", ROOT / "labs/teacher/class_report.py", "--page", page]
    done = subprocess.run(
        [*command, *sorted(tmp_path.glob("*.json"))], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert '<td>Zero</td><td>2</td><td class="said">who zeroes it?</td>' in page.read_text()
    assert page.read_text().index("who zeroes it?") < page.read_text().index("goal?")


def test_no_report(tmp_path):
    (tmp_path / "x.json").write_text("[]")
    done = subprocess.run(
        [PYTHON, "-B", ROOT / "labs/teacher/class_report.py", tmp_path / "x.json"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2 and "x.json is no report" in done.stderr


def test_an_archive_for_gradescope(build, tmp_path):
    made("gradescope", "N=1", f"DEST={tmp_path}/a.zip", f"BUILD={build.name}")
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        names = archive.namelist()
        assert {"setup.sh", "run_autograder", "grader/__main__.py", "kit/kit.json"} <= set(names)
        assert archive.getinfo("run_autograder").external_attr >> 16 & 0o111
    assert not [name for name in names if "bootmem.c" in name]


def test_who_has_copied(build, tmp_path):
    """One with other names, one who has done it otherwise, and two who have begun with nothing."""
    for student, text in {
        "nothing": skeleton("kernel/mm/boot/bootmem.c", ROOT, read_lab(ROOT / "labs/1")),
        "nothing-too": skeleton("kernel/mm/boot/bootmem.c", ROOT, read_lab(ROOT / "labs/1")),
        "copy": (ROOT / "kernel/mm/boot/bootmem.c").read_text().replace("place", "spot"),
        "own": (ROOT / "labs/1/right/ranges/kernel/mm/boot/bootmem.c").read_text(),
    }.items():
        to = tmp_path / "term" / student / "kernel/mm/boot/bootmem.c"
        to.parent.mkdir(parents=True)
        to.write_text(text)
    done = subprocess.run(
        [PYTHON, "-B", ROOT / "labs/teacher/copied.py", "1", tmp_path / "term", "--build", build],
        capture_output=True,
        text=True,
    )
    if "npm" in done.stderr:
        pytest.skip(done.stderr)
    told = [line for line in done.stdout.splitlines() if "%  " in line]
    assert (
        len(told) == 1 and "the reference" in told[0] and told[0].endswith("term/copy")
    ), done.stdout
