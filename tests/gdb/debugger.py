"""GDB on a guest that tests/boot/machine/qemu.py has started: commands in, the output of each
out.
"""

import re
import subprocess
import sys
from pathlib import Path

from qemu import HOST_LIMIT, ROOT, Boot, tool

MARK = "@@ next @@"
SETTINGS = [
    "set pagination off",
    "set confirm off",
    "set breakpoint pending off",
    f"set remotetimeout {int(HOST_LIMIT)}",
]
GDB = tool("gdb") or "gdb"
LOAD = ROOT / "tools/gdb/load.py"


def gdb(elf, commands, folder="/nonexistent", core=None):
    """Runs GDB in batch mode, with `folder` for drawings; the output of each command."""
    words = [GDB, "-nx", "-q", "-batch", str(elf)] + ([str(core)] if core else [])
    for command in SETTINGS + [f"source {LOAD}"]:
        words += ["-ex", command]
    for command in commands:
        words += ["-ex", f"echo {MARK}\\n", "-ex", command]
    words += ["-ex", f"echo {MARK}\\n"]  # what GDB says when it ends is no answer
    ran = subprocess.run(
        words,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=HOST_LIMIT,
        env={"PATH": "/usr/bin:/bin:/usr/local/bin", "TARN_DRAWINGS": str(folder)},
    )
    outputs = ran.stdout.split(MARK + "\n")[1:]
    assert len(outputs) == len(commands) + 1, ran.stdout[-3000:]
    return outputs[:-1]


class Session:
    """A guest stopped somewhere, asked once: answers by command."""

    def __init__(self, boot, commands, at=None, folder="/nonexistent"):
        self.boot = boot
        boot.qmp("query-status")  # once QEMU answers, its gdb stub listens too
        first = [f"target remote {boot.folder}/gdb"] + ([f"break {at}", "continue"] if at else [])
        outputs = gdb(boot.elf, first + list(commands), folder)[len(first) :]
        self.outputs = dict(zip(commands, outputs))
        self.in_order = outputs

    def __getitem__(self, command):
        return self.outputs[command]


def ask(machine, build, commands, at=None, folder="/nonexistent"):
    """Boots, stops at `at`, asks, ends."""
    with Boot(machine, build, paused=True) as boot:
        return Session(boot, commands, at, folder)


def number(text):
    """The value that GDB printed: `$1 = 0x12 <name>`."""
    return int(re.search(r"= (?:\([^)]*\) )?(0x[0-9a-f]+|-?\d+)", text).group(1), 0)


def broken(text):
    """The invariants that `tarn check` found broken."""
    return {int(found) for found in re.findall(r"^invariant (\d+) is broken", text, re.M)}


def session(*arguments, stdin="", cwd=ROOT, path="", **environment):
    """tools/gdb/session.py, as make calls it; `path`: a folder in which programs are looked for
    first.
    """
    usual = "/usr/bin:/bin:/usr/local/bin:/usr/sbin:/sbin"
    base = {"PATH": f"{path}:{usual}".lstrip(":"), "HOME": str(Path.home())}
    return subprocess.run(
        [sys.executable, ROOT / "tools/gdb/session.py", *arguments],
        cwd=cwd,
        input=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=base | {name: str(value) for name, value in environment.items()},
        timeout=HOST_LIMIT,
    )
