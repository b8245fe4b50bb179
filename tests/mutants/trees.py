"""Copies of the tree, in which mistakes are planted, and what make says in them."""
import os
import pathlib
import re
import shutil
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]


class DoesNotBuild(Exception):
    """The mutant is none: the compiler or the linker refuses it."""


def tracked_files():
    out = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [name for name in out.stdout.split("\n") if name and (ROOT / name).is_file()]


def listing(folder):
    """The files below, each with its size and the time of its last change."""
    found = {}
    for path, _, names in os.walk(folder):
        for name in names:
            full = os.path.join(path, name)
            status = os.lstat(full)
            found[os.path.relpath(full, folder)] = (status.st_size, status.st_mtime_ns)
    return found


def mirror(source, wanted, target):
    """Makes the files of `target` those of `source` that are in `wanted` (as listing() gives them),
    and copies only what differs.
    """
    present = listing(target)
    for name in present.keys() - wanted.keys():
        (target / name).unlink()
    for name, state in wanted.items():
        if present.get(name) != state:
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source / name, target / name)


def update_base(base):
    """The unmutated copy: its sources become those of the tree, what it has built stays, for make
    to see what is out of date.
    """
    listed = listing(base) if base.exists() else {}
    sources = {
        name: (status.st_size, status.st_mtime_ns)
        for name in tracked_files()
        if (status := (ROOT / name).stat())
    }
    mirror(
        ROOT,
        sources | {name: state for name, state in listed.items() if name.startswith("build/")},
        base,
    )


def make(tree, *arguments):
    """Builds in a copy of the tree.  CURDIR goes into the flags, by which the Makefile would take
    all objects for out of date.
    """
    built = subprocess.run(
        ["make", "-s", "CURDIR=.", *arguments], cwd=tree, capture_output=True, text=True
    )
    if built.returncode:
        message = re.search(r"(error: .*|undefined reference.*)", built.stderr + built.stdout)
        raise DoesNotBuild(
            message[1][:90] if message else (built.stderr or built.stdout)[-90:].strip()
        )
