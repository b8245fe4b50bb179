"""A student's tree: what it holds, and what it must not."""

import os
import re
import subprocess
import sys
import tarfile

import pytest

from handing_in import ROOT, graded_labs, make
from cutter.chunks import chunks
from cutter.cut import Cutter
from cutter.tree import LeftOver, NotBrought, Tree, own_files
from grader.lab import given_files, read_lab, with_scenarios

LEAST = 30


@pytest.fixture(scope="module", params=graded_labs())
def tree(request, tmp_path_factory):
    made = Tree(ROOT, request.param, tmp_path_factory.mktemp("tree") / "lab")
    made.write()
    return made


def texts(folder):
    for path in sorted(folder.rglob("*")):
        if path.is_file() and ".git" not in path.parts:
            yield path.relative_to(folder), path.read_text(errors="replace")


def removed_lines(lab, given):
    """By the source alone: every long line of an owned body or static, with its comments."""
    for path in [p for p in lab.owns if p.endswith((".c", ".h"))]:
        cutter = Cutter(path, ROOT, lab.number, given)
        kept = cutter.text()
        for row in cutter.removed():
            for line in row.text(cutter.source).split("\n"):
                line = line.strip()
                if len(line) >= LEAST and line not in kept and line not in lab.idioms:
                    yield path, line


def better_lines(lab):
    """Of the answer of a lab whose files are not emptied: what these have not."""
    begun = "\n".join((ROOT / path).read_text() for path in lab.owns)
    answer = ROOT / f"labs/{lab.number}/answer"
    for path in [p for p in lab.owns if (answer / p).exists()]:
        for line in (answer / path).read_text().split("\n"):
            line = line.strip()
            if len(line) >= LEAST and line not in begun and line not in lab.idioms:
                yield path, line


def test_no_answer_is_anywhere(tree):
    lines = {}
    for lab, given in tree.cut:
        rows = better_lines(lab) if lab.continues else removed_lines(lab, given)
        lines |= {line: path for path, line in rows}
    found = subprocess.run(
        ["grep", "-rnoaF", "--exclude-dir=.git", "-f", "-", "."],
        cwd=tree.destination,
        input="\n".join(lines),
        capture_output=True,
        text=True,
    )
    assert lines and found.returncode == 1, f"{found.stdout}{found.stderr}"


def test_of_the_explorer_goes_what_grades(tree):
    """Neither planted faults nor scenarios of other labs; a lab without races has none of it."""
    assert bool(tree.explorer) == tree.lab.explored
    own = f"labs/{tree.lab.number}/explorer/"
    for name in tree.explorer:
        if name.startswith(("tests/interleave/", "labs/")):
            assert not any(word in name for word in ("fault", "tasks", "/scenarios/")), name
            assert name.startswith(("tests/", own)), name


def test_what_stays_away(tree):
    names = {str(name) for name, _ in texts(tree.destination)} - tree.explorer
    for word in (
        "tests/host",
        "tests/interleave",
        "tests/mutants",
        "tests/model",
        "wrong/",
        "right/",
        "given/",
        "answer/",
        "labs/cutter/",
        ".ci/",
        "teaching.md",
    ):
        assert not [name for name in names if word in name], word
    for lab, _ in tree.cut:
        assert not names & (set(lab.without) - set(given_files(ROOT, lab)))
    objects = [n for n in names if n.endswith((".o", ".a", ".elf"))]
    assert not objects


def test_what_it_recommends_works(tree):
    """Benchmarks run behind the last step of the boot alone."""
    benches = tree.until() >= 8
    for name in ("README.md", "tools/goals.txt"):
        text = (tree.destination / name).read_text()
        assert ("make bench" in text) == benches and not re.search("@[A-Z_]+@(?<!@BUILD@)", text)


def test_its_help_names_what_it_has(tree):
    """Variables that something in it reads, and the goals that their headings name."""
    words = set()
    for name, text in texts(tree.destination):
        if name.suffix in (".mk", ".sh", ".py") or name.name in ("Makefile", "goals.txt"):
            words |= set(re.findall(r"\w+", text))
    table = (tree.destination / "tools/variables.txt").read_text()
    names = re.findall(r"^(\w+)  ", table, re.M)
    assert {"PAE", "TEST", "BENCH"} <= set(names) <= words
    assert not {"N", "DEST", "FROM", "COUNT", "COVERAGE", "CURDIR"} & set(names)
    goals = (tree.destination / "tools/goals.txt").read_text()
    headed = re.findall(r"^## make (.*)", table, re.M)
    assert headed and all(re.findall(rf"\b{goal}\b", goals) for goal in headed[0].split(", "))


def test_pages_say_what_the_tree_lacks(tree):
    docs = tree.destination / "docs"
    for name in ("testing.md", "structure.md", "interleave.md"):
        assert "about the whole source" in (docs / name).read_text().split("\n\n")[1], name
    assert "about the whole source" not in (docs / "calls.md").read_text()
    pool = (tree.destination / "kernel/mm/pkmap/pkmap.h").read_text()
    there = (tree.destination / "kernel/mm/pkmap/lazy.c").exists()
    assert ("\n * Not in this tree: lazy.c.\n */" in pool) != there


def test_how_to_hand_in(tree):
    """The archive has the files at their paths; what is not written is told as it comes."""
    text = (tree.destination / "README.md").read_text()
    command = re.search(r"^    (tar .*)$", text, re.M)[1]
    subprocess.run(command, shell=True, cwd=tree.destination, check=True)
    made = tree.destination / f"lab{tree.lab.number}.tar.gz"
    with tarfile.open(made) as archive:
        assert archive.getnames() == tree.lab.owns
    made.unlink()
    assert ("ends the program" in text) == bool(tree.lab.program)


def test_what_it_has(tree):
    names = {str(name) for name, _ in texts(tree.destination)}
    assert {"README.md", "Makefile", f"labs/{tree.lab.number}/README.md", "lib/lab.h"} <= names
    assert {*tree.lab.owns, "labs/grader/__main__.py"} <= names
    said = subprocess.run(
        ["git", "log", "--format=%s %d"], cwd=tree.destination, capture_output=True, text=True
    )
    assert said.stdout.count("\n") == 1 and "tag: start" in said.stdout


def test_links_lead_to_what_the_tree_has(tree):
    """The course's pages stay away, and so do links to them."""
    for page in tree.destination.rglob("*.md"):
        for target in re.findall(r"(?<!!)\[[^\]]+\]\(([^)#\s]+)", page.read_text()):
            assert "://" in target or (page.parent / target).exists(), (page, target)


def test_an_answer_elsewhere_is_refused(tmp_path):
    tree = Tree(ROOT, 1, tmp_path / "lab")
    tree.answers["obj-m := nothing of the kind; a line of the build"] = "x.c"
    tree.answers[
        next(l for l in (ROOT / "Makefile").read_text().split("\n") if len(l) > LEAST)
    ] = "x.c"
    with pytest.raises(LeftOver, match="Makefile holds a line of x.c"):
        tree.write()


def test_what_continues_a_lab_is_not_emptied(tmp_path):
    """Nor does it empty anything in the trees of earlier labs."""
    for number in [n for n in graded_labs() if read_lab(ROOT / f"labs/{n}").continues]:
        tree = Tree(ROOT, number, tmp_path / str(number))
        tree.write()
        before = tree.lab.continues
        for path in tree.lab.owns:
            assert (tree.destination / path).read_text() == (ROOT / path).read_text()
        assert (tree.destination / f"labs/{before}/scenarios.py").exists()
        assert with_scenarios(tree.destination / "labs").number == number
        earlier = Tree(ROOT, before + 1, tmp_path / "earlier")
        assert number not in [lab.number for lab, _ in earlier.cut]
        assert not set(tree.lab.owns) & set(earlier.cutters)


def test_show_all_empties_one_lab(tmp_path):
    tree = Tree(ROOT, 1, tmp_path / "lab", all_after=False)
    assert [lab.number for lab, _ in tree.cut] == [1]


def test_earlier_files_are_brought_along(tmp_path):
    """But for a lab that is caught up, and the files that the lab itself empties."""
    own = {p: f"/* mine: {p} */\n" for n in (1, 3, 6) for p in read_lab(ROOT / f"labs/{n}").owns}
    for path, text in own.items():
        (tmp_path / "old" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "old" / path).write_text(text)
    tree = Tree(ROOT, 6, tmp_path / "new", own=tmp_path / "old", caught_up=[3])
    tree.write()
    mine = {p for p, text in own.items() if (tmp_path / "new" / p).read_text() == text}
    assert mine == set(read_lab(ROOT / "labs/1").owns)
    changed = subprocess.run(
        ["git", "diff", "--name-only", "start", "own"],
        cwd=tmp_path / "new",
        capture_output=True,
        text=True,
    )
    assert set(changed.stdout.split()) == mine


def test_only_plain_text_is_brought_along(tmp_path):
    """Neither what lies elsewhere nor what is no C."""
    (tmp_path / "linked").symlink_to("/etc/passwd")
    (tmp_path / "inner").symlink_to("/etc")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "bytes").write_bytes(b"\xff\0")
    (tmp_path / "x.c").write_text("int x;\n")
    for name in ("linked", "inner/passwd", "folder", "pipe"):
        with pytest.raises(NotBrought, match=f"{name} is no plain file"):
            own_files(tmp_path, ["x.c", name])
    with pytest.raises(NotBrought, match="bytes:1: is no text"):
        own_files(tmp_path, ["bytes"])
    assert own_files(tmp_path, ["x.c", "y.c"]) == {"x.c": "int x;\n"}


@pytest.mark.parametrize(
    "goal, said",
    [
        (["lab"], "N="),
        (["lab", "N=1", "DEST=build/nowhere", "SHOW=some"], "SHOW=some: SHOW=all, or nothing"),
        (["gradescope", "N=1"], "make gradescope: DEST= names a file that does not exist yet"),
    ],
)
def test_wrong_arguments(goal, said):
    done = make(*goal)
    assert done.returncode and said in done.stderr + done.stdout


def test_a_kit_is_refused_before_the_build(tmp_path):
    done = make("grader", "N=1", "DEST=docs", f"BUILD={tmp_path}/build")
    assert done.returncode and "DEST=docs: exists; DEST= names a folder" in done.stderr
    assert not list(tmp_path.rglob("*.o"))


NOWHERE = "build/nowhere"
LAB, KIT, CHECK = "cutter/__main__.py", "cutter/grader.py", "cutter/check.py"


@pytest.mark.parametrize(
    "program, words, said",
    [
        (LAB, ["99", "x"], "N=99: there are labs 1"),
        (LAB, ["0", "x"], "N=0: nothing is to be written"),
        (LAB, ["1", "newlab"], "DEST=newlab: is within this source"),
        (LAB, ["1", "docs"], "exists and is not empty"),
        (LAB, ["1", "README.md"], "DEST=README.md: is a file"),
        (LAB, ["1", NOWHERE, "--own", "nowhere"], "there is no such folder"),
        (LAB, ["6", NOWHERE, "--own", "docs"], "has no file of an earlier lab"),
        (LAB, ["6", NOWHERE, "--own", "docs", "--caught-up", "2 77"], "there is no lab 77"),
        (LAB, ["6", NOWHERE, "--own", "docs", "--caught-up", "1 6"], "lab 6 is no lab before"),
        (LAB, ["6", NOWHERE, "--caught-up", "3"], "there is no OWN="),
        (KIT, ["77", NOWHERE, "build"], "N=77: there are graders of labs 1"),
        (KIT, ["1", "labs/1/kit", "build"], "DEST=labs/1/kit: is within this source"),
        (CHECK, ["build", "--lab", "12"], "N=12: there are graders of labs 1"),
    ],
)
def test_refused_words(program, words, said):
    """What make's goals call."""
    command = [sys.executable, "-B", ROOT / "labs" / program, *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode and said in done.stderr
    assert not (ROOT / NOWHERE).exists()


def test_every_lab_reads(tmp_path):
    """Each owned file is cut in either format, and the same."""
    for number in graded_labs():
        lab = read_lab(ROOT / f"labs/{number}")
        for path in [p for p in lab.owns if p.endswith((".c", ".h"))]:
            two, three = (
                [(c.kind, c.names) for c in chunks(ROOT / path, ROOT, v)] for v in ("2level", "pae")
            )
            assert two == three, path
