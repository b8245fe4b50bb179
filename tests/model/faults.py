#!/usr/bin/python3
"""Plants the faults of faults.toml, one at a time, and shows that the model finds each.

    faults.py BUILD [--only NAME,...] [--count N]

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
from planting import mutate  # noqa: E402

SOURCES = ("Makefile", "boot", "kernel", "lib", "linker.ld", "tests", "tools", "user")


def copy_tree(build, folder):
    for name in SOURCES:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, symlinks=True)
        else:
            shutil.copy2(source, folder / name)
    shutil.copytree(build, folder / "build", symlinks=True)


def plant(fault, folder):
    path = folder / fault["file"]
    text = path.read_text()
    for old, new in fault["edits"]:
        text = mutate(text, {"function": fault["function"], "from": old, "to": new})
    path.write_text(text)


def find(fault, build, steps, limits):
    """What the run with the fault said; None: it was not found."""
    with tempfile.TemporaryDirectory(prefix="tarn-fault-") as name:
        folder = pathlib.Path(name)
        copy_tree(build, folder)
        plant(fault, folder)
        made = subprocess.run(
            ["make", "-s", "build/tarn.elf"], cwd=folder, capture_output=True, text=True
        )
        assert made.returncode == 0, made.stderr
        script = instep.script_bytes(steps, limits)
        try:
            status, text = instep.boot(folder / "build", "tarn.elf", script, 60)
        except subprocess.TimeoutExpired:
            return "it does not end"
    if status == instep.PASS:
        return None
    said = [line for line in text.splitlines() if line.startswith(("model:", "panic:"))]
    return said[0] if said else f"status {status}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--only", default="")
    parser.add_argument("--count", type=int, default=20000)
    asked = parser.parse_args()
    caller, steps = instep.make_steps(asked.build, "tarn.elf", 1, asked.count)
    missed = 0
    for fault in tomllib.loads((HERE / "faults.toml").read_text())["fault"]:
        if asked.only and fault["name"] not in asked.only.split(","):
            continue
        found = find(fault, asked.build, steps, caller.limits)
        missed += not found
        print(f"{fault['name']}: {found or 'NOT FOUND'}", flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
