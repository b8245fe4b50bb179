"""The documents beside the book: what docs/invariants.md says of self-tests is what they say of
themselves.
"""

import re
from collections import defaultdict
from fnmatch import fnmatch
from pathlib import Path

import lines
import pytest
import reading
from qemu import Boot, Machine

ROOT = Path(__file__).resolve().parents[2]
# "| number | promise | asserted in | self-tests |"
ROW = re.compile(r"^\| (\d+) \|.*\|([^|]*)\|([^|]*)\|$", re.M)
# 20 is checked inside another test, which is registered for what it is about.
NOT_REGISTERED = {20}


def registered():
    """Number of a promise: the self-tests that are registered for it."""
    found = defaultdict(set)
    for file in (ROOT / "tests/kernel").rglob("*.c"):
        for name, numbers in re.findall(
            r'^SELFTEST\w*\(\w+, "([\w.]+)", \d+, "([^"]*)"', file.read_text(), re.M
        ):
            for number in re.findall(r"\d+", numbers):
                found[int(number)].add(name)
    return found


def rows():
    found = ROW.findall((ROOT / "docs/invariants.md").read_text())
    assert len(found) > 50, "the tables of docs/invariants.md are not where they were"
    return {int(number): (where, tests) for number, where, tests in found}


def test_invariants_list_their_self_tests():
    tests = registered()
    listed = {number: set(re.findall(r"`([\w.]+)`", cell)) for number, (_, cell) in rows().items()}
    wrong = {
        number: listed[number] ^ tests[number] for number in listed if number not in NOT_REGISTERED
    }
    assert not any(wrong.values()), {number: names for number, names in wrong.items() if names}
    assert set(tests) <= set(listed), "a self-test names a number that is not in docs/invariants.md"


def test_functions_that_assert_are_where_it_says():
    source = (
        "".join(file.read_text() for file in (ROOT / "kernel").rglob("*.[ch]"))
        + (ROOT / "lib/assert.h").read_text()
    )
    for number, (where, _) in rows().items():
        for name in re.findall(r"`([\w./]+)`", where):
            if name.endswith((".c", ".h")):
                assert list((ROOT / "kernel").rglob(Path(name).name)), f"{number}: no file {name}"
            else:
                assert re.search(
                    rf"\b{re.escape(name)}\b", source
                ), f"{number}: nothing named {name}"


def test_numbers_of_self_tests_are_the_kernels(build):
    """docs/testing.md and the README count the quick set: so does each kernel's plan."""
    text = (ROOT / "docs/testing.md").read_text()
    told = re.search(
        r"The quick set has (\d+) tests, (\d+) with `POISON=1` and (\d+) in the debug build", text
    ).groups()
    for number, kind in zip(told, ({}, {"poison": True}, {"debug": True})):
        with Boot(Machine(**kind), build) as boot:
            assert boot.wait_for(lines.TAP_PLAN).group(1) == number, boot.report(
                f"docs/testing.md: {number}"
            )
    for page in (text, (ROOT / "README.md").read_text()):
        assert re.search(
            rf"^ *1\.\.{told[0]}$", page, re.M
        ), f"a page shows another plan than 1..{told[0]}"
        passed, failed, skipped = map(
            int, re.search(r"^ *(\d+) passed, (\d+) failed, (\d+) skipped$", page, re.M).groups()
        )
        assert (passed + skipped, failed) == (
            int(told[0]),
            0,
        ), "the closing line shown does not fit the plan"


# ---- What pages name is there ----

FILE = re.compile(r"`([\w*./-]+\.(?:c|h|asm|py|sh|md|toml|awk|mk|txt|ld|cfg|json|svg|elf|iso))`")
FOLDER = re.compile(r"`((?:boot|kernel|lib|tests|tools|docs|user|\.ci)/[\w./*-]*)`")
# What builds and benchmarks leave in build/, and what the compiler brings along.
MADE = [
    "build/*.elf",
    "build/*.iso",
    "build/*.core",
    "bench.json",
    "bench.md",
    "linux.json",
    "linux.md",
    "part.json",
    "part.md",
    "*_cpus.svg",
    "fill.svg",
    "tables.svg",
    "targets.svg",
    "std*.h",
    "tarn*.elf",
    "tarn*.iso",
]
# Stands for a name.
PATTERNS = {"tools/gdb/tours/NAME.tour"}


def repository():
    """Every file of the tree, as a path from the top folder."""
    skipped = ("build", ".git", ".cache")
    for top in ROOT.iterdir():
        if top.name.split("-")[0] not in skipped:
            for path in [top] if top.is_file() else top.rglob("*"):
                yield path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize(
    "page",
    [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))],
    ids=lambda page: page.relative_to(ROOT).as_posix(),
)
def test_every_path_that_a_page_names_exists(page):
    """From the top folder on, from another folder on ("mm/wait.h"), or by name alone."""
    text, tree = page.read_text(), list(repository())
    missing = [
        name
        for name in set(FILE.findall(text)) | set(FOLDER.findall(text))
        if not any(fnmatch(name, made) for made in MADE)
        and not any(fnmatch(path, name) or fnmatch(path, f"*/{name}") for path in tree)
        and not (ROOT / name).is_dir()
        and not list(ROOT.glob(name))
        and name not in PATTERNS
    ]
    assert not missing, sorted(missing)


def test_the_lines_of_the_reading_order():
    found = list(reading.wrong((ROOT / "docs/README.md").read_text()))
    assert not found, "\n".join([*found, "python3 tools/lint/reading.py --write sets it right"])


def test_the_lines_of_the_reading_order_are_looked_at():
    page = (ROOT / "docs/README.md").read_text()
    row = next(names for names, _, _ in reading.rows(page))
    assert list(reading.wrong(f"| {row} | 990 | what it shows |"))
    assert not list(reading.wrong(reading.set_right(f"| {row} | 990 | what it shows |")))
    with pytest.raises(AssertionError, match="which is not there"):
        list(reading.wrong("| `lib/nothing.c` | 10 | x |"))


def test_make_check_leaves_out_no_folder(request):
    """pytest does not go into a folder whose name one of its patterns has."""
    left_out = [
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "tests").rglob("test_*.py")
        for folder in path.relative_to(ROOT).parts[:-1]
        if any(fnmatch(folder, pattern) for pattern in request.config.getini("norecursedirs"))
    ]
    assert not left_out, left_out
