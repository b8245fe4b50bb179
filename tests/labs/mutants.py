#!/usr/bin/env python3
"""make check-labs-mutants: one-line mistakes made by rule (tests/mutants/generate.py) in the files
that labs own; each must lose points.

    mutants.py BUILD [--count N] [--least N] [--lab N]

Spread over the labs by how much their files hold, at least --least each.  Left out are those of
which an equivalent.toml says why nothing can catch them.  Assertions of the owned files catch
nothing: a student may not have written them.
"""

import argparse
import hashlib
import re
import sys
import tempfile
import time
import tomllib
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(ROOT / "labs"), str(ROOT / "tests" / "mutants")]

import generate
from cutter.cut import Cutter, answer
from cutter.replace import without_assertions
from grader.grade import REFUSALS, Grader
from grader.kit import make_kit
from grader.lab import all_labs
from planting import mutate

COUNT, LEAST = 200, 15  # of all labs, and of each
AT_LEAST = 97  # of a hundred must lose points
HOOKS = re.compile(r"\bkmap_held_|\bshadow_|\block_order_")  # empty but in the debug build


def candidates(lab):
    """In what students write; where a line stands twice in a function, neither is changed."""
    for path in [p for p in lab.owns if p.endswith((".c", ".h"))]:
        file = answer(path, ROOT, lab)
        given = Cutter(file.relative_to(ROOT), ROOT, lab.number, lab.given).given
        for name, body in generate.functions(file.read_text()):
            if generate.SILENT_FUNCTION.search(name) or name in given:
                continue
            once = [line for line in generate.telling_lines(body) if body.count(line.strip()) < 2]
            for line in filter(lambda said: not HOOKS.search(said), once):
                for kind, changed in generate.changes(line):
                    yield {
                        "file": path,
                        "function": name,
                        "from": line + "\n",
                        "to": changed + "\n",
                        "kind": kind,
                    }


def rank(mutant):
    return hashlib.sha256("".join(mutant[k] for k in ("file", *generate.ALIKE)).encode()).digest()


def spread(labs, count, least):
    """{lab's number: its mutants}: the same for the same tree."""
    why = arguments_why()
    all_of = {
        lab.number: sorted((m for m in candidates(lab) if key_of(m) not in why), key=rank)
        for lab in labs
    }
    total = sum(map(len, all_of.values())) or 1
    share = {n: max(least, round(count * len(found) / total)) for n, found in all_of.items()}
    return {n: found[: share[n]] for n, found in all_of.items()}


def arguments_why():
    """{(function, from, to) without blanks: why}"""
    why = {}
    for path in (HERE / "equivalent.toml", ROOT / "tests/mutants/equivalent.toml"):
        for entry in tomllib.loads(path.read_text()).get("equivalent", []):
            why[key_of(entry)] = entry["why"]
    return why


def key_of(mutant):
    return tuple("".join(mutant[key].split()) for key in generate.ALIKE)


def write(lab, mutant, folder, assertions):
    """The owned files, of which one has the mutant in it, if there is one."""
    for path in lab.owns:
        text = answer(path, ROOT, lab).read_text()
        if mutant and path == mutant["file"]:
            text = mutate(text, mutant)
        to = folder / path
        to.parent.mkdir(parents=True, exist_ok=True)
        to.write_text(text if assertions else without_assertions(text, path))
    return folder


class Trial:
    """One lab.  Tests that ask for panics by the owned files' own assertions meet mutants that have
    theirs; all others meet mutants without.
    """

    def __init__(self, lab, build, folder):
        self.lab, self.folder = lab, folder
        kit = make_kit(ROOT, build, lab, folder / "kit")
        self.grader = Grader(kit, lab, ROOT / f"labs/{lab.number}")
        wrong = self.grader.loses(write(lab, None, folder / "answer", True), lab.tests)
        if wrong:
            raise SystemExit(f"lab {lab.number}: the answer itself loses points in {wrong}")
        bare = write(lab, None, folder / "bare", assertions=False)
        self.panics = [test for test in lab.tests if self.grader.loses(bare, [test])]
        self.others = [test for test in lab.tests if test not in self.panics]

    def lost(self, mutant):
        """The test that catches it, or None."""
        where = self.folder / "mutant"
        caught = self.grader.loses(write(self.lab, mutant, where, False), self.others)
        return caught or self.grader.loses(write(self.lab, mutant, where, True), self.panics)


def said(mutant):
    return f"{mutant['function']}: {mutant['from'].strip()}  ->  {mutant['to'].strip()}"


def try_lab(lab, mutants, build):
    """(how many were tried, those that lost no points).  What the compiler refuses is none."""
    tried, open_ones = 0, []
    with tempfile.TemporaryDirectory(prefix="mutants-") as name:
        trial = Trial(lab, build, Path(name))
        for mutant in mutants:
            began = time.monotonic()
            try:
                lost = trial.lost(mutant)
            except REFUSALS as refused:
                print(f"lab {lab.number}  {said(mutant)}  refused: {str(refused)[:200]}")
                continue
            tried += 1
            seconds = time.monotonic() - began
            how = lost or "NOT CAUGHT"
            print(f"lab {lab.number} {seconds:5.1f} s  {said(mutant)}  {how}", flush=True)
            if not lost:
                open_ones.append(mutant)
    return tried, open_ones


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("build")
    parser.add_argument("--count", type=int, default=COUNT)
    parser.add_argument("--least", type=int, default=LEAST)
    parser.add_argument("--lab", type=int, action="append")
    given = parser.parse_args()
    labs = [lab for lab in all_labs(ROOT / "labs") if lab.tests]
    mutants = spread(labs, given.count, given.least)
    chosen = [lab for lab in labs if not given.lab or lab.number in given.lab]
    ended = {lab.number: try_lab(lab, mutants[lab.number], given.build) for lab in chosen}
    tried = sum(count for count, _ in ended.values())
    left = sum(len(survived) for _, survived in ended.values())
    for number, (count, survived) in ended.items():
        print(f"lab {number}: {count} planted, {len(survived)} open")
        for mutant in survived:
            print(f"    {mutant['file']}: {said(mutant)}")
    print(f"{tried} mutants, {tried - left} lost points")
    return 1 if 100 * (tried - left) < AT_LEAST * tried or not tried else 0


if __name__ == "__main__":
    sys.exit(main())
