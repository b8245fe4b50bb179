"""The tables of labs/README.md and docs/teaching.md, and the handouts, beside what the labs are."""

import re
from pathlib import Path

import mutants
from handing_in import ROOT, graded_labs
from grader.lab import read_lab

LABS = ROOT / "labs"
NUMBERS = "no one two three four five six seven eight nine ten eleven twelve".split()
FIRST = "| [0](0/README.md) | Build, boot, GDB | 1 | - | - | - | - |"


def answers(number):
    """How many wrong ones, and other right ones."""
    return [len(list((LABS / str(number) / kind).glob("*"))) for kind in ("wrong", "right")]


def row(number):
    lab, (wrong, right) = read_lab(LABS / str(number)), answers(number)
    files = ", ".join(f"`{Path(path).name}`" for path in lab.owns)
    return (
        f"| [{number}]({number}/README.md) | {lab.title} | {lab.hours} | {files} "
        f"| {len(lab.tests)} | {wrong} | {right} |"
    )


def test_the_table_is_what_there_is():
    shown = re.findall(r"^\| \[\d.*$", (LABS / "README.md").read_text(), re.M)
    assert shown == [FIRST, *(row(number) for number in graded_labs())]


def figures():
    """[lab, tests, wrong answers, other right ones, mistakes planted by rule, those left out since
    nothing can catch them], and the sum of each.
    """
    labs, why = [read_lab(LABS / str(number)) for number in graded_labs()], mutants.arguments_why()
    planted = mutants.spread(labs, mutants.COUNT, mutants.LEAST)
    rows = []
    for lab in labs:
        left_out = sum(mutants.key_of(mutant) in why for mutant in mutants.candidates(lab))
        mistakes = [len(planted[lab.number]), left_out]
        rows.append([lab.number, len(lab.tests), *answers(lab.number), *mistakes])
    return [*rows, ["all", *map(sum, list(zip(*rows))[1:])]]


def test_the_figures_are_what_there_is():
    text = (ROOT / "docs/teaching.md").read_text()
    shown = re.findall(r"^\| (?:\d+|all) \|(?: \d+ \|){5}$", text, re.M)
    must = [f"| {' | '.join(map(str, row_))} |" for row_ in figures()]
    assert shown == must, "\n".join(["the rows are:", *must])


def test_a_lab_gives_100_points():
    for number in graded_labs():
        assert read_lab(LABS / str(number)).points == 100, number


def test_every_test_has_its_mistake():
    """A wrong answer names a test that there is; each lab has at least six."""
    for number in graded_labs():
        names = {test.name for test in read_lab(LABS / str(number)).tests}
        wrong = list((LABS / str(number) / "wrong").iterdir())
        asked = {re.search(r"\btest: (\w+)", path.read_text())[1] for path in wrong}
        assert len(wrong) >= 6 and asked <= names, (number, asked - names)


def test_a_handout_names_what_is_written():
    """Every owned file, and every test's points."""
    for number in graded_labs():
        text = (LABS / str(number) / "README.md").read_text()
        for path in read_lab(LABS / str(number)).owns:
            assert Path(path).name in text, (number, path)


def test_bars_stand_in_the_handout():
    """Of tests that measure: points, what one begins with, and both bars."""
    for number in graded_labs():
        text = (LABS / str(number) / "README.md").read_text()
        for test in [test for test in read_lab(LABS / str(number)).tests if test.bars]:
            row = re.search(rf"^\| `{test.name}` \|(.*)\|$", text, re.M)[1].split("|")
            shown = [int(cell) for cell in (row[0], *row[-3:])]
            assert shown == [test.points, test.book, *test.bars], (number, test.name)
            assert test.book > test.bars[0] > test.bars[1] and test.points % 2 == 0


def test_what_continues_a_lab_has_an_answer():
    """And what is continued is there, with the same files."""
    for lab in [read_lab(LABS / str(n)) for n in graded_labs()]:
        answer = LABS / str(lab.number) / "answer"
        assert bool(lab.continues) == answer.is_dir(), lab.number
        if lab.continues:
            assert read_lab(LABS / str(lab.continues)).owns == lab.owns
            better = [path for path in lab.owns if (answer / path).exists()]
            files = [f for f in answer.rglob("*") if f.is_file()]
            assert better and len(files) == len(better)


def test_a_handout_says_how_many_hours():
    for number in graded_labs():
        lab = read_lab(LABS / str(number))
        text = (LABS / str(number) / "README.md").read_text()
        assert f"\nAbout {NUMBERS[lab.hours]} hours. " in text, (number, lab.hours)


def test_links_of_handouts_lead_somewhere():
    for page in LABS.glob("*/README.md"):
        for link in re.findall(r"\]\(([^)#:]+)", page.read_text()):
            assert (page.parent / link).exists() or page.parent.name == "tree", f"{page}: {link}"
