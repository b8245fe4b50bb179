"""Where a student's files are compiled and his kernel runs: sees /usr and what it is given, nothing
else of the host, and has an end.

bubblewrap makes it of namespaces.  Where they are refused (containers, some distributions), nothing
of a student's is run, and no points are given.
"""

import shutil
import subprocess
from pathlib import Path

# Of one command: seconds of CPU, bytes of memory, bytes of one file, open files.
CPU_SECONDS, MEMORY, FILE_SIZE, FILES = 60, 4 << 30, 256 << 20, 256
SYSTEM = ["/usr", "/bin", "/lib", "/lib64", "/lib32", "/sbin", "/etc/alternatives"]


class NoSandbox(Exception):
    """This machine cannot keep a student's work in."""


def limits():
    return [
        "prlimit",
        f"--cpu={CPU_SECONDS}",
        f"--as={MEMORY}",
        f"--fsize={FILE_SIZE}",
        f"--nofile={FILES}",
        "--core=0",
    ]


def system_folders():
    """Read-only, links as links."""
    for name in SYSTEM:
        path = Path(name)
        if path.is_symlink():
            yield from ("--symlink", str(path.readlink()), name)
        elif path.exists():
            yield from ("--ro-bind", name, name)


def prefix(read=(), write=()):
    """The command in front of another.  read, write: folders that it sees, under their own names."""
    command = ["bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--clearenv"]
    command += ["--setenv", "PATH", "/usr/bin:/bin", "--setenv", "LC_ALL", "C.UTF-8"]
    command += [*system_folders(), "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]
    for folder in read:
        command += ["--ro-bind", str(folder), str(folder)]
    for folder in write:
        command += ["--bind", str(folder), str(folder)]
    return [*limits(), *command]


def look():
    """What it is made of; NoSandbox if it does not hold.  It is tried, not believed."""
    for program in ("bwrap", "prlimit"):
        if not shutil.which(program):
            raise NoSandbox(f"{program} is not installed")
    tried = subprocess.run(
        [*prefix(), "sh", "-c", "test ! -e /root -a ! -e /home && echo inside"],
        capture_output=True,
        text=True,
    )
    if tried.stdout != "inside\n":
        raise NoSandbox(f"bubblewrap gives no sandbox here: {tried.stderr.strip()}")
    version = subprocess.run(["bwrap", "--version"], capture_output=True, text=True).stdout.strip()
    return version
