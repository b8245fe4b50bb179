"""Where a student's files are compiled and his kernel runs: it sees little of the host, changes
nothing of it, reaches no network, and has an end.

Two ways.  Namespaces (bubblewrap): of the host only /usr and what is given.  Where they are refused
(containers, some distributions) and the grader is root: a user of its own without rights, and a
filter of system calls (confine.py).  Where neither holds, nothing of a student's is run, and no
points are given.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

# Of one command: seconds of CPU, bytes of memory, bytes of one file, open files.
CPU_SECONDS, MEMORY, FILE_SIZE, FILES = 60, 4 << 30, 256 << 20, 256
SYSTEM = ["/usr", "/bin", "/lib", "/lib64", "/lib32", "/sbin", "/etc/alternatives"]
NOBODY = 65534


class NoSandbox(Exception):
    """This machine cannot keep a student's work in."""


def limits():
    return [
        "prlimit",
        f"--cpu={CPU_SECONDS}:{CPU_SECONDS + 5}",  # SIGXCPU tells it from other ends
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


def first_line(*command):
    return subprocess.run(command, capture_output=True, text=True).stdout.split("\n")[0]


class Namespaces:
    name = "bubblewrap"

    def describe(self):
        return first_line("bwrap", "--version")

    def prefix(self, read=(), write=()):
        """Goes in front of a command.  read, write: folders that it sees, under their names."""
        command = ["bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--clearenv"]
        command += ["--setenv", "PATH", "/usr/bin:/bin", "--setenv", "LC_ALL", "C.UTF-8"]
        command += [*system_folders(), "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]
        for folder in read:
            command += ["--ro-bind", str(folder), str(folder)]
        for folder in write:
            command += ["--bind", str(folder), str(folder)]
        return [*limits(), *command]

    def holds(self):
        """None, or why not.  It is tried, not believed."""
        for program in ("bwrap", "prlimit"):
            if not shutil.which(program):
                return f"{program} is not installed"
        script = "test ! -e /root -a ! -e /home && echo inside"
        tried = subprocess.run([*self.prefix(), "sh", "-c", script], capture_output=True, text=True)
        return None if tried.stdout == "inside\n" else tried.stderr.strip()


class OwnUser:
    name = "own user"

    def describe(self):
        return "a user without rights, with a filter of system calls (no namespaces here)"

    def prefix(self, read=(), write=()):
        """The folders are opened to that user: they are the grader's own, made for this."""
        for folder in [*read, *write]:
            open_way(Path(folder))
        for folder in write:
            os.chmod(folder, 0o777)
        open_way(Path(__file__).parent)
        confine = str(Path(__file__).with_name("confine.py"))
        rights = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
        rights += ["--no-new-privs", "--bounding-set=-all", "--inh-caps=-all", "--pdeathsig=KILL"]
        environment = ["env", "-i", "PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8", "HOME=/nonexistent"]
        return [*limits(), *rights, *environment, sys.executable, "-IB", confine]

    def holds(self):
        if os.geteuid() != 0:
            return "a user of its own can be had by root alone"
        for program in ("setpriv", "prlimit"):
            if not shutil.which(program):
                return f"{program} is not installed"
        with tempfile.NamedTemporaryFile(prefix="secret-") as secret:
            script = f"cat {secret.name} || {{ id -u; echo > /usr/x; }} || echo inside"
            tried = subprocess.run(
                [*self.prefix(), "sh", "-c", script], capture_output=True, text=True
            )
        held = tried.stdout == f"{NOBODY}\ninside\n"
        return None if held else tried.stderr.strip() or tried.stdout


def open_way(folder):
    """For another user: folders of the grader's own (temporary ones) are opened, others must be."""
    temporary = (Path(tempfile.gettempdir()), Path("/dev/shm"))
    for path in [folder, *folder.parents]:
        if path.stat().st_mode & 0o001:
            continue
        if not any(place in path.parents for place in temporary):
            raise NoSandbox(f"{path} is closed to other users: the grader must lie elsewhere")
        path.chmod(path.stat().st_mode | 0o011)
    if any(place in folder.parents for place in temporary):
        folder.chmod(folder.stat().st_mode | 0o055)


WAYS = (Namespaces(), OwnUser())


def find(ways=WAYS):
    """The first that holds on this machine."""
    reasons = []
    for way in ways:
        reason = way.holds()
        if reason is None:
            return way
        reasons.append(f"{way.name}: {reason}")
    raise NoSandbox("there is no sandbox here. " + "; ".join(reasons))
