#!/usr/bin/python3
"""Plants the faults of planted.toml, one at a time, and shows that the model finds each, in step or
in the order of a race.

    planted.py BUILD [--only NAME,...] [--count N]

Each gets a copy of sources and build, in which only the changed file is compiled again. """
import argparse
import pathlib
import shutil
import subprocess
import sys
import tempfile
import tomllib

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(HERE), str(HERE.parent / "mutants")]
import instep  # noqa: E402
import order  # noqa: E402
import replay  # noqa: E402
from planting import mutate  # noqa: E402

ORDERED = "tarn-debug.elf"  # the log of the order is the debug build's
SOURCES = ("Makefile", "boot", "kernel", "lib", "linker.ld", "tests", "tools", "user")


def copy_tree(build, folder):
    for name in SOURCES:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, symlinks=True)
        else:
            shutil.copy2(source, folder / name)
    shutil.copytree(build, folder / "build", symlinks=True)


def faults():
    return tomllib.loads((HERE / "planted.toml").read_text())["fault"]


def with_fault(fault, folder):
    """The text of its file with the fault; ValueError if it does not fit."""
    text = (folder / fault["file"]).read_text()
    for old, new in fault["edits"]:
        text = mutate(text, {"function": fault["function"], "from": old, "to": new})
    return text


def plant(fault, folder):
    (folder / fault["file"]).write_text(with_fault(fault, folder))


def built(fault, build, folder, kernel):
    """The folder of a build with the fault."""
    copy_tree(build, folder)
    plant(fault, folder)
    debug = ["DEBUG=1"] if "debug" in kernel else []
    made = subprocess.run(
        ["make", "-s", *debug, f"build/{kernel}"], cwd=folder, capture_output=True, text=True
    )
    assert made.returncode == 0, made.stderr
    return folder / "build"


def said(status, text):
    lines = [line for line in text.splitlines() if line.startswith(("model:", "panic:"))]
    return lines[0] if lines else f"status {status}"


def found_in_step(build, steps, limits):
    """What the run with the fault said; None: it was not found."""
    script = instep.script_bytes(steps, limits)
    status, text = instep.boot(build, "tarn.elf", script, 60)
    return None if status == instep.PASS else said(status, text)


def found_in_order(build, count):
    status, text, lines, _ = order.race(build, ORDERED, 1, count, 600)
    if status != instep.PASS:
        return said(status, text)
    try:
        replay.replay(lines, False)
    except replay.Different as different:
        return f"line {different.number}: {different}"
    return None


def find(fault, build, kernel, look):
    with tempfile.TemporaryDirectory(prefix="tarn-fault-") as name:
        try:
            return look(built(fault, build, pathlib.Path(name), kernel))
        except subprocess.TimeoutExpired:
            return "it does not end"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--only", default="")
    parser.add_argument("--count", type=int, default=100000)
    asked = parser.parse_args()
    caller, steps = instep.make_steps(asked.build, "tarn.elf", 1, asked.count)
    missed = 0
    for fault in faults():
        if asked.only and fault["name"] not in asked.only.split(","):
            continue
        if fault.get("races"):
            count = fault.get("count", asked.count)
            found = find(fault, asked.build, ORDERED, lambda b, n=count: found_in_order(b, n))
        else:
            found = find(
                fault, asked.build, "tarn.elf", lambda b: found_in_step(b, steps, caller.limits)
            )
        missed += not found
        print(f"{fault['name']}: {found or 'NOT FOUND'}", flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
