"""Symbols of user programs: build/user has each program with its debug information, those of
user/bin in bin/, beside the kernel that GDB has read.  All lie at the same addresses, so there is
one at a time.
"""

from pathlib import Path

import gdb

from kernelview import Unavailable

loaded = []  # the path of the program whose symbols GDB has


def folder():
    kernel = gdb.current_progspace().filename
    if not kernel:
        raise Unavailable("GDB has read no kernel (`file build/tarn.elf`)")
    return Path(kernel).parent / "user"


def paths():
    """Name of each program that the folder has (files that begin as ELF does), with its path.  A
    folder's program goes before one of bin/ that has its name.
    """
    return {
        path.name: path
        for path in [*folder().glob("bin/*"), *folder().glob("*")]
        if path.is_file() and path.read_bytes()[:4] == b"\x7fELF"
    }


def programs():
    return sorted(paths())


def path_of(name):
    """In quotes, as GDB's commands take it."""
    if name not in programs():
        known = ", ".join(programs()) or "none (make user)"
        raise Unavailable(f"{folder()} has no program {name}; there are: {known}")
    return f'"{paths()[name]}"'


def load(name):
    path = path_of(name)
    while loaded:
        gdb.execute(f"remove-symbol-file {loaded.pop()}", to_string=True)
    gdb.execute(f"add-symbol-file {path}", to_string=True)
    loaded.append(path)
    return [f"symbols of {name}: breakpoints, back traces and `list` know it now"]
