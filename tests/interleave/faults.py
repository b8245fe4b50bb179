#!/usr/bin/python3
"""Plants the faults of faults.toml, one at a time, and shows that the checker finds each.

    faults.py [--build FOLDER] [--only NAME,...] [--bound N] [--trace]

The text to replace must stand in the named function exactly once (tests/mutants/planting.py), so
that a fault that no longer fits is an error.  Each gets a copy of the unmutated build, in which
only the changed file is compiled again. """
import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE.parent / "mutants"))
from planting import mutate  # noqa: E402
from scale import scaled  # noqa: E402

MAKEFILE = HERE / "Makefile"
DEFAULT_VARIANT = "2level-2-1"


def faults():
    return tomllib.loads((HERE / "faults.toml").read_text())["fault"]


def make(out, variant):
    """Builds the variant; one process at a time, since tests run side by side."""
    out.mkdir(parents=True, exist_ok=True)
    here = os.path.relpath(
        out, ROOT
    )  # the checkout's own path may have blanks, which make cannot have in a goal
    return subprocess.run(
        [
            "flock",
            out / "lock",
            "make",
            "-s",
            "-f",
            MAKEFILE,
            f"OUT={here}",
            f"{here}/{variant}/interleave",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )


def planted(fault):
    """The file with the fault in it."""
    text = (ROOT / fault["file"]).read_text()
    for old, new in fault["edits"]:
        text = mutate(text, {"function": fault["function"], "from": old, "to": new})
    return text


def place_for(fault, folder):
    """Where the build takes this file from: its copy."""
    name = pathlib.Path(fault["file"])
    if name.suffix != ".h":
        return folder / "source" / name
    # As they are included: with the layer's name, but for those of arch and mm.
    short = name.is_relative_to("kernel/arch") or name.is_relative_to("kernel/mm")
    return folder / (name.relative_to("kernel") if short else name)


def build_with(fault, built, folder):
    """A build with the fault; the folder of the variant, or None and what the compiler said."""
    variant = fault.get("variant", DEFAULT_VARIANT)
    shutil.copytree(built / variant, folder / variant, symlinks=True)
    place = place_for(fault, folder / variant)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(scaled(fault["file"], planted(fault), int(variant.split("-")[1])))
    if place.suffix == ".h":  # then everything is compiled again
        shutil.rmtree(folder / variant / "kernel_objects")
        (folder / variant / "interleave").unlink()
    done = make(folder, variant)
    return (folder / variant / "interleave", "") if done.returncode == 0 else (None, done.stderr)


def explore(program, fault, bound):
    command = [
        program,
        "--bound",
        f"0-{fault.get('bound', bound)}",
        *fault.get("options", []),
        *fault.get("scenarios", []),
    ]
    return subprocess.run(command, capture_output=True, text=True, errors="replace")


def judge(fault, done):
    """What the checker said, and whether that is what was asked for."""
    failed = re.search(r"^FAILED (\S+): (.*)$", done.stdout, re.M)
    bound = (
        re.search(r"^" + re.escape(failed[1]) + r" .*steps +(\d+)", done.stdout, re.M)
        if failed
        else None
    )
    if done.returncode != 1 or not failed:
        return (
            False,
            "NOT FOUND"
            if done.returncode == 0
            else f"status {done.returncode}: {done.stderr[-300:]}",
        )
    said = f"{failed[1]}, {bound[1] if bound else '?'} steps: {failed[2]}"
    if fault.get("expect", "") not in failed[2]:
        return False, f"another failure than {fault['expect']}: {said}"
    return True, said


def replays(program, fault, done):
    """The schedule, given as text to a new process, fails in the same way."""
    replayed = re.search(r"^replay: (\S+) (.*)$", done.stdout, re.M)
    again = subprocess.run(
        [program, *fault.get("options", []), "--replay", replayed[1], replayed[2]],
        capture_output=True,
        text=True,
        errors="replace",
    )
    return f"\n{re.search(r'^FAILED [^:]*: (.*)$', done.stdout, re.M)[1]}\n" in again.stdout


def try_fault(fault, built, bound, trace):
    with tempfile.TemporaryDirectory(prefix="fault-") as folder:
        try:
            program, wrong = build_with(fault, built, pathlib.Path(folder))
        except ValueError as error:
            return False, f"does not fit: {error}"
        if not program:
            return False, f"does not compile: {wrong[-500:]}"
        done = explore(program, fault, bound)
        if trace:
            print(done.stdout)
        found, said = judge(fault, done)
        if found and not replays(program, fault, done):
            return False, f"the replay says something else: {said}"
    return found, said


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--build", default="build")
    parser.add_argument("--only", default="")
    parser.add_argument("--bound", type=int, default=3)
    parser.add_argument("--trace", action="store_true", help="print the failing schedule")
    args = parser.parse_args()
    built = (ROOT / args.build).resolve() / "interleave"
    chosen = [f for f in faults() if not args.only or f["name"] in args.only.split(",")]
    missed = 0
    for variant in sorted({f.get("variant", DEFAULT_VARIANT) for f in chosen}):
        if (done := make(built, variant)).returncode:
            sys.exit(done.stderr)
    for fault in chosen:
        found, said = try_fault(fault, built, args.bound, args.trace)
        missed += not found
        print(f"{'found ' if found else 'MISSED'} {fault['name']:30} {said}", flush=True)
    print(f"{len(chosen)} faults, {missed} missed")
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
