"""What a teacher does with many submissions: kits, reports of a class, who has copied."""

import csv
import json
import re
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from class_of_30 import PARALLEL, XARGS, command_of_docs
from handing_in import ROOT, make
from cutter.cut import skeleton
from grader.build import elsewhere
from grader.lab import read_lab
from teacher.copied import sequences

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


TEST = {"name": "zeroed", "title": "Zero", "points": 7, "got": 0, "status": "failed"}
TEST |= {"hint": "who `zeroes` it?", "seen": "0x1"}
REPORT = {"lab": 1, "title": "Boot", "got": 0, "refusal": "", "tests": [TEST]}


def class_report(folder, reports, *words):
    """What is said of a class: {student: report, or what its file holds instead}"""
    for student, report in reports.items():
        path = folder / f"{student}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(report if isinstance(report, str) else json.dumps(report))
    names = [f"{student}.json" for student in reports]
    command = [PYTHON, "-B", ROOT / "labs/teacher/class_report.py", *names, *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


def test_what_a_class_was_told(tmp_path):
    """The commonest hint of a test, in plain text, and how many it was given."""
    hints = {"a": TEST["hint"], "b": TEST["hint"], "c": "goal?"}
    reports = {name: REPORT | {"tests": [TEST | {"hint": h}]} for name, h in hints.items()}
    done = class_report(tmp_path, reports, "--page", "class.html")
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "class.html").read_text()
    assert '<td>Zero</td><td>2</td><td class="said">who zeroes it?</td>' in page
    assert page.index("who zeroes it?") < page.index("goal?")


def test_what_is_not_written_is_told_once(tmp_path):
    """However many tests it costs."""
    test = TEST | {"seen": "panic: lab 1: bootmem_init is not written yet (labs/1/README.md)"}
    report = REPORT | {"tests": [test, test | {"name": "busy"}]}
    assert not class_report(tmp_path, {"a": report}, "--page", "class.html").returncode
    page = (tmp_path / "class.html").read_text()
    said = '<td>All tests</td><td>1</td><td class="said">bootmem_init is not written yet</td>'
    assert said in page and page.count('class="said">') == 1


def test_a_bad_report_costs_its_own_row(tmp_path):
    """It is named, whatever is wrong with it."""
    bad = {
        "array": "[]",
        "bare": '{"tests":[{"name":"x"}],"got":3}',
        "empty": "",
        "no-status": REPORT | {"tests": [{"name": "zeroed"}]},
        "null": REPORT | {"refusal": None},
        "other": REPORT | {"lab": 2},
    }
    good = {"a": REPORT, "b": REPORT}
    done = class_report(tmp_path, good | bad, "--csv", "new/class.csv")
    assert done.returncode == 1 and "lab 1, 2 submissions" in done.stdout, done.stderr
    said = done.stderr.splitlines()
    assert [line.split()[1] for line in said] == [f"{name}.json" for name in bad], done.stderr
    assert "it has no lab" in said[1] and "refusal cannot be None" in said[4]
    assert "is about lab 2, others about 1" in said[5]
    done = class_report(tmp_path, {"array": "[]"})
    assert done.returncode == 2 and "array.json is no report" in done.stderr


def test_one_test_alone_in_a_report(tmp_path):
    """Counted are those who have tried a test."""
    zeroed, busy = TEST | {"status": "passed", "got": 7}, TEST | {"name": "busy"}
    reports = {"all": REPORT | {"got": 7, "tests": [busy, zeroed]}}
    reports |= {"one": REPORT | {"got": 7, "tests": [zeroed]}}
    done = class_report(tmp_path, reports, "--csv", "class.csv")
    said = " ".join(done.stdout.split())
    assert "busy 0 of 1" in said and "zeroed 2 of 2" in said, done.stdout + done.stderr
    rows = list(csv.reader((tmp_path / "class.csv").open()))
    assert rows[1:] == [["all", "0", "7", "7", ""], ["one", "", "7", "7", ""]]


def test_names_of_students(tmp_path):
    """A folder tells two apart; nobody's name is a formula; who has no report is told."""
    names = ["=HYPERLINK(1)", "Ann Lee", "O'Neil", "a/r", "b/r", "n\udcff"]
    (tmp_path / "class" / "Zoe").mkdir(parents=True)
    (tmp_path / "class" / "Ann Lee").mkdir()
    words = ["--csv", "class.csv", "--page", "class.html", "--submissions", "class"]
    done = class_report(tmp_path, dict.fromkeys(names, REPORT), *words)
    assert done.returncode == 1 and done.stderr == "class_report.py: Zoe has no report\n"
    told = [row[0] for row in csv.reader((tmp_path / "class.csv").open())][1:]
    assert sorted(told) == ["'=HYPERLINK(1)", "Ann Lee", "O'Neil", "a/r", "b/r", "n?"]
    done = class_report(tmp_path, {"a": REPORT}, "--csv", "a.json/class.csv")
    assert done.returncode == 2 and "Traceback" not in done.stderr


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


BOOTMEM = "kernel/mm/boot/bootmem.c"


def hand_in(folder, *files):
    for name in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("int x;\n")


def test_no_submission_is_left_out_without_a_word(tmp_path):
    """Wherever its files are, and by whatever name it is reached: once."""
    names = ["deep/lab1/" + BOOTMEM, "flat/bootmem.c", "plain's one/" + BOOTMEM, "none/README.md"]
    hand_in(tmp_path / "term", *names)
    (tmp_path / "same").symlink_to(tmp_path / "term")
    folders = [tmp_path / "term", tmp_path / "same"]
    files, empty = sequences(read_lab(ROOT / "labs/1"), folders)
    term = f"{tmp_path}/term"
    assert [file["name"] for file in files[1:]] == [
        f"{term}/{n}" for n in ("deep", "flat", "plain's one")
    ]
    assert empty == [f"{term}/none"] and len(files) == 4


@pytest.mark.parametrize(
    "number, folders, said",
    [
        ("", ["term"], "N=: there are labs 1"),
        ("1", [], "FROM=: folders of submissions are wanted"),
        ("1", ["nowhere"], "FROM=nowhere: there is no such folder"),
        ("1", ["term/a"], "FROM=term/a: is a submission itself"),
        ("1", ["term/b"], "no folder in FROM= has a file of lab 1"),
    ],
)
def test_nothing_to_compare(tmp_path, number, folders, said):
    hand_in(tmp_path / "term", "a/" + BOOTMEM, "b/c/d")
    command = [PYTHON, "-B", ROOT / "labs/teacher/copied.py", number, *folders]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 2 and done.stderr.startswith(f"make check-copied: {said}")


@pytest.mark.parametrize(
    "file, said",
    [
        ("lab1/" + BOOTMEM, "; there is one in the folder lab1"),
        ("bootmem.c", "; there is bootmem.c: it belongs in the folder kernel/mm/boot"),
        ("up/bootmem.c", "; there is up/bootmem.c: it belongs in the folder kernel/mm/boot"),
        ("other.c", ""),
    ],
)
def test_where_a_file_lies_instead(tmp_path, file, said):
    hand_in(tmp_path, file)
    assert elsewhere(tmp_path, BOOTMEM) == said


GRADER = "import json, sys; json.dump(sys.argv[1:], open(sys.argv[3], 'w')); print(sys.argv[1])"


@pytest.mark.parametrize("way", [PARALLEL, XARGS])
def test_commands_of_the_documentation(tmp_path, way):
    """Whatever a folder's name holds: it is one word, and no program."""
    if way == PARALLEL and not shutil.which("parallel"):
        pytest.skip("there is no parallel")
    names = ["=Ann Lee", "O'Neil", 'Q "Q"', "$(touch run)"]
    for name in names:
        (tmp_path / "submissions" / name).mkdir(parents=True)
    (tmp_path / "grader6").mkdir()
    (tmp_path / "grader6/grader").write_text(GRADER)
    done = subprocess.run(command_of_docs(way, 6), shell=True, cwd=tmp_path, capture_output=True)
    assert not done.returncode, done.stderr
    made = {f"{name}.{kind}" for name in names for kind in ("json", "txt")}
    assert {path.name for path in tmp_path.iterdir() if path.is_file()} == made
    for name in names:
        words = [f"submissions/{name}", "--json", f"{name}.json", "--page", f"{name}.html"]
        assert json.loads((tmp_path / f"{name}.json").read_text()) == words
