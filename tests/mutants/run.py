#!/usr/bin/env python3
"""Plants mistakes, one at a time, and shows which test catches each.

A mutant is a replacement inside a named function (LISTS, or made by generate.py): the text must
stand in that function exactly once, so that a mutant that no longer fits is an error and not a
silent pass.

    run.py [--jobs N] [--only NAME,...] [--ask NAME,...] [--list FILE...] [--all]
    [--at-least PERCENT] [--keep FOLDER] [--check]

The tree is built once without a mistake.  Each mutant is planted in a copy of that, in which only
what depends on the changed file is compiled again.  It is caught if a test fails, the kernel
panics, or a boot does not come to its end.  Without --all the first to catch it is enough; with it
all are asked.  One that does not compile shows nothing: it counts as an error if it was written by
hand, and is left out of the total if it was made by rule.

Each verdict is kept in the folder of --keep, under a hash of the mutant and of all that can change
the verdict, so a run goes on where it was stopped.  --check plants nothing: it says whether each
text still stands where it is to be replaced.

Keys of a mutant: name, kind, file, function (without it: the whole file), from, to; `equivalent`,
why nothing can catch it; `asks`, a list of who can catch it (names as in BOOTS and BOOT_TESTS of
judges.py, host variants as host-64-pae, explorers as explore-pae-2-1); without it ASKED there says
who is asked.
`tests`, how the names of the in-system tests begin that are asked before.  `bochs = true`: Bochs is
asked too. """
import argparse
import concurrent.futures
import fcntl
import hashlib
import json
import pathlib
import queue
import shutil
import subprocess
import sys
import tomllib

from judges import ALL_ASKED, NEAR, ask, build_for, catchers
from planting import mutate
from summary import report, summary
from trees import ROOT, DoesNotBuild, listing, mirror, tracked_files, update_base

HERE = pathlib.Path(__file__).resolve().parent
LISTS = ["mutants.toml", "microkernel.toml"]
# What can change a verdict.
DECIDES = (
    "kernel/",
    "lib/",
    "user/",
    "boot/",
    "linker.ld",
    "Makefile",
    "tools/compiler.sh",
    "tools/compiler.mk",
    "tools/kernel.mk",
    "tools/user.mk",
    "tools/variables",
    "tools/ksyms.awk",
    "tools/mkiso.sh",
    "tests/checkers/",
    "tests/kernel/",
    "tests/bench/bench",
    "tests/bench/tools",
    "tests/host/",
    "tests/interleave/",
    "tests/boot/",
    "tests/bochs/",
    "tests/conftest.py",
    "tests/pytest.ini",
    "tests/mutants/judges.py",
    "tests/mutants/planting.py",
    "tests/mutants/trees.py",
)
PROGRAMS = ["i686-linux-gnu-gcc", "gcc", "clang", "nasm", "qemu-system-i386"]


def tree_hash():
    """Of all that can change a verdict: the sources that DECIDES names, and the versions of
    compilers and emulator.
    """
    digest = hashlib.sha256()
    for name in sorted(name for name in tracked_files() if name.startswith(DECIDES)):
        digest.update(name.encode() + b"\0" + hashlib.sha256((ROOT / name).read_bytes()).digest())
    for program in PROGRAMS:
        if shutil.which(program):
            digest.update(subprocess.run([program, "--version"], capture_output=True).stdout)
    return digest.hexdigest()


def try_mutant(mutant, tree, ask_all):
    """Pairs of who caught it and by what; [("ERROR", why)] if it does not fit, [("unbuilt", why)]
    if it does not compile.
    """
    found = []
    path = tree / mutant["file"]
    try:
        path.write_text(mutate(path.read_text(), mutant))
        for name in catchers(mutant):
            if caught := ask(name, tree, mutant.get("tests", "")):
                found.append((name, caught))
                if not ask_all:
                    break
    except ValueError as error:
        return [("ERROR", str(error))]
    except DoesNotBuild as error:
        return found or [("unbuilt", str(error))]
    return found


# Keys of a mutant on which its verdict depends.
DECIDED_BY = ("file", "function", "from", "to", "asks", "bochs", "tests")


class Verdicts:
    """What earlier runs have found, a file for each mutant: its name is a hash of the tree, the
    mutant and who was asked.
    """

    def __init__(self, folder, ask_all):
        self.folder, self.ask_all, self.tree = folder, ask_all, tree_hash()
        folder.mkdir(parents=True, exist_ok=True)

    def _path(self, mutant):
        decides = {key: mutant[key] for key in DECIDED_BY if key in mutant}
        text = json.dumps([self.tree, decides, self.ask_all], sort_keys=True)
        return self.folder / (hashlib.sha256(text.encode()).hexdigest()[:32] + ".json")

    def get(self, mutant):
        path = self._path(mutant)
        return [tuple(pair) for pair in json.loads(path.read_text())] if path.exists() else None

    def put(self, mutant, found):
        if not found or found[0][0] != "ERROR":
            part = self._path(mutant).with_suffix(".part")
            part.write_text(json.dumps(found))
            part.replace(self._path(mutant))


def read_list(name):
    try:
        return tomllib.loads(pathlib.Path(name).read_text())["mutant"]
    except (OSError, tomllib.TOMLDecodeError, KeyError) as error:
        sys.exit(f"{name}: no list of mutants: {error!r}")


def chosen(args):
    mutants = [mutant for name in args.list for mutant in read_list(name)]
    only = [name for name in args.only.split(",") if name]
    mutants = [m for m in mutants if not only or any(m["name"].startswith(o) for o in only)]
    if args.ask:
        mutants = [
            m
            | {
                "asks": [name for name in catchers(m) if name in args.ask.split(",")],
                "bochs": False,
            }
            for m in mutants
        ]
    return [m for m in mutants if catchers(m)]


def check_texts(mutants):
    """Says which no longer fit; 1 if there are any."""
    wrong = 0
    for mutant in mutants:
        try:
            mutate((ROOT / mutant["file"]).read_text(), mutant)
            assert set(catchers(mutant)) <= set(
                ALL_ASKED
            ), f"asks somebody who does not exist: {mutant.get('asks')}"
        except (ValueError, OSError, AssertionError) as error:
            wrong += 1
            print(f"{mutant['name']}: {error}")
    print(f"{len(mutants)} mutants, {wrong} do not fit")
    return 1 if wrong else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", default="", help="names, or how they begin, with commas")
    parser.add_argument(
        "--ask", default="", help="of those who would be asked only these, with commas"
    )
    parser.add_argument("--list", nargs="+", default=[HERE / name for name in LISTS])
    parser.add_argument(
        "--all", action="store_true", help="ask all, even when the first has caught it"
    )
    parser.add_argument(
        "--at-least", type=float, default=100, metavar="PERCENT", help="how many must be caught"
    )
    parser.add_argument(
        "--keep",
        default=str(ROOT / "build/mutants"),
        metavar="FOLDER",
        help="copies of the tree, and verdicts",
    )
    parser.add_argument(
        "--check", action="store_true", help="only look whether each text still stands there"
    )
    args = parser.parse_args()
    mutants = chosen(args)
    if args.check:
        sys.exit(check_texts(mutants))
    keep = pathlib.Path(args.keep).resolve()
    keep.mkdir(parents=True, exist_ok=True)
    with open(keep / "lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            sys.exit(f"another run uses {keep}")
        results = run_all(mutants, keep, args)
    sys.exit(summary(mutants, results, args.at_least))


def run_all(mutants, keep, args):
    """What was found of each mutant: what an earlier run knows first, then the others, each in a
    copy of the tree.
    """
    verdicts = Verdicts(keep / "verdicts", args.all)
    known = {m["name"]: verdicts.get(m) for m in mutants}
    left = [m for m in mutants if known[m["name"]] is None]
    if len(left) < len(mutants):
        print(
            f"{len(mutants) - len(left)} of {len(mutants)} verdicts are kept from an earlier run of the same tree",
            flush=True,
        )
    if left:
        check_unmutated(
            keep / "base",
            verdicts,
            sorted({name for m in left for name in catchers(m)}, key=ALL_ASKED.index),
        )
        plant_all(left, keep, verdicts, known, args)
    return [known[m["name"]] for m in mutants]


def plant_all(mutants, keep, verdicts, known, args):
    wanted = listing(keep / "base")
    trees = queue.SimpleQueue()
    for number in range(args.jobs):
        (keep / f"copy-{number}").mkdir(exist_ok=True)
        trees.put(keep / f"copy-{number}")

    def plant(mutant):
        tree = trees.get()
        try:
            mirror(keep / "base", wanted, tree)
            found = try_mutant(mutant, tree, args.all)
        finally:
            trees.put(tree)
        verdicts.put(mutant, found)
        known[mutant["name"]] = found
        report(mutant, found)

    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        list(pool.map(plant, mutants))


def check_unmutated(base, verdicts, names):
    """Builds all that the mutants start from, which must pass by itself."""
    base.mkdir(exist_ok=True)
    update_base(base)
    for name in names:
        unmutated = {"name": "none", "file": name}
        try:
            build_for(name, base)
            if verdicts.get(unmutated) is None and name != NEAR:
                if caught := ask(name, base):
                    sys.exit(f"unmutated, on {name}: {caught}")
                verdicts.put(unmutated, [])
        except DoesNotBuild as error:
            sys.exit(f"unmutated, {name} does not build: {error}")


if __name__ == "__main__":
    main()
