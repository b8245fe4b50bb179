#!/usr/bin/env python3
"""make check-hosts: other distributions and compilers.

    hosts.py FOLDER [NAME...]

Sets up each of SUITES below FOLDER with debootstrap, from the mirror that this host uses, and does
there what a newcomer does: `make run`, which installs what is missing, of both kernels.  Then every
compiler: plain and debug kernels, without a warning, and a boot of each.  NAMEs choose suites and
compilers (trixie, gcc-13).  A suite that is there already is used as it is.

Nothing of the host is mounted but /proc, which goes with the process.
"""

import argparse
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SUITES = ["bookworm", "trixie", "testing"]
FIRST_GCC, CLANGS = 11, range(14, 20)
LIMIT = 1800  # seconds that one command may take: a machine that hangs
BOOT = [
    "qemu-system-i386",
    "-smp",
    "2",
    "-m",
    "128M",
    "-nic",
    "none",
    "-display",
    "none",
    "-no-reboot",
    "-serial",
    "stdio",
    "-device",
    "isa-debug-exit,iobase=0xf4,iosize=4",
    "-append",
    "exit",
    "-kernel",
]
CLOSING_LINE = re.compile(r"^\d+ passed, \d+ failed.*$", re.M)


class Failed(Exception):
    """What did not work, in a line."""


def mirror():
    """Where this host has its own packages from, or where it is told."""
    if given := os.environ.get("DEBIAN_MIRROR"):
        return given
    said = subprocess.run(
        [
            "apt-get",
            "indextargets",
            "--format",
            "$(REPO_URI)",
            "Created-By: Packages",
            "Component: main",
            "Label: Debian",
        ],
        capture_output=True,
        text=True,
    ).stdout.split()
    if not said:
        sys.exit(
            "check-hosts: apt here knows no mirror of Debian (run apt-get update first, or give DEBIAN_MIRROR=)"
        )
    return said[0]


class Suite:
    def __init__(self, name, folder):
        self.name, self.root, self.log = name, folder / name, folder / f"{name}.log"

    def host(self, *command, **more):
        """On the host; what it says goes to the log and comes back."""
        try:
            ran = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=LIMIT,
                **more,
            )
        except subprocess.TimeoutExpired as late:
            raise Failed(f"not done after {LIMIT} s: {shlex.join(map(str, command))}") from late
        said = ran.stdout.decode("latin-1").replace("\r", "")
        with open(self.log, "a") as log:
            log.write(f"$ {shlex.join(map(str, command))}\n{said}")
        return ran.returncode, said

    def inside(self, *command, folder="/root/tarn"):
        script = (
            'mount -t proc proc "$0/proc" && root=$0 && shift && exec chroot "$root" env -C "$@"'
        )
        clean = {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": "/root",
            "LC_ALL": "C",
            "DEBIAN_FRONTEND": "noninteractive",
        }
        return self.host(
            "unshare", "--mount", "sh", "-c", script, self.root, "-", folder, *command, env=clean
        )

    def must(self, *command, folder="/root/tarn"):
        status, said = self.inside(*command, folder=folder)
        if status:
            wrong = (
                re.findall(r"^.*(?:error|warning|undefined|Missing|E: ).*$", said, re.M)
                or said.strip().splitlines()[-1:]
            )
            raise Failed(f"{shlex.join(command)}: status {status}: {' '.join(wrong[:1])}")
        return said

    def set_up(self):
        if not (self.root / "usr/bin/make").exists():
            shutil.rmtree(self.root, ignore_errors=True)
            status, said = self.host(
                "debootstrap",
                "--variant=minbase",
                "--include=make,ca-certificates",
                self.name,
                self.root,
                mirror(),
            )
            if status:
                raise Failed(f"debootstrap: {said.strip().splitlines()[-1]}")
        # Nothing is to be started there; and a mirror that is some days behind will do.
        (self.root / "usr/sbin/policy-rc.d").write_text("#!/bin/sh\nexit 101\n")
        (self.root / "usr/sbin/policy-rc.d").chmod(0o755)
        (self.root / "etc/apt/apt.conf.d/90tarn").write_text(
            'Acquire::Check-Valid-Until "false";\n'
        )
        self.inside("apt-get", "-qq", "update", folder="/")
        self.copy_tree()

    def copy_tree(self):
        """The source as it is, over an earlier copy, whose results stay."""

        def unwanted(folder, names):
            return [
                name
                for name in names
                if name == "__pycache__"
                or Path(folder) == ROOT
                and (name == ".git" or name.startswith("build"))
            ]

        target = self.root / "root/tarn"
        for entry in target.glob("*"):
            if not entry.name.startswith("build"):
                shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
        shutil.copytree(ROOT, target, ignore=unwanted, dirs_exist_ok=True)

    def compilers(self):
        """gcc-N and clang-N: the packages that bring them.  A cross compiler rather than the host's
        own.
        """
        names = self.inside(
            "apt-cache",
            "search",
            "--names-only",
            r"^(gcc|clang)-[0-9]+(-i686-linux-gnu)?$",
            folder="/",
        )[1]
        names = {line.split()[0] for line in names.splitlines() if line.strip()}
        found = {}
        for name in names:
            if re.fullmatch(r"gcc-\d+", name):
                found[name] = (
                    f"{name}-i686-linux-gnu" if f"{name}-i686-linux-gnu" in names else name
                )
            elif re.fullmatch(r"clang-\d+", name):
                found[name] = f"{name} lld{name.removeprefix('clang')}"
        return found

    def default_gcc(self):
        """The number of the suite's own."""
        said = self.inside("apt-cache", "depends", "gcc", folder="/")[1]
        return max((int(number) for number in re.findall(r"Depends: gcc-(\d+)", said)), default=0)

    def newcomer(self, kernel):
        said = self.must(
            "make",
            "-s",
            "run",
            "WERROR=1",
            "SMP=2",
            "MEM=256M",
            "APPEND=exit",
            *(["PAE=1"] if kernel == "pae" else []),
        )
        return CLOSING_LINE.findall(said)[-1]

    def program(self, compiler, packages):
        """What CC= gets: of a cross compiler the longer name."""
        return f"i686-linux-gnu-{compiler}" if "i686" in packages else compiler

    def build(self, compiler, packages, jobs):
        self.must(
            "apt-get",
            "-qq",
            "install",
            "-y",
            "--no-install-recommends",
            *packages.split(),
            folder="/",
        )
        for debug in ("0", "1"):
            self.must(
                "make",
                "-s",
                f"-j{jobs}",
                "WERROR=1",
                f"DEBUG={debug}",
                f"CC={self.program(compiler, packages)}",
                f"BUILD=build-{compiler}",
                "kernels",
            )

    def boot(self, compiler):
        """Closing lines of the four kernels."""
        lines = []
        for name in ("tarn", "tarn-pae", "tarn-debug", "tarn-pae-debug"):
            status, said = self.inside(*BOOT, f"build-{compiler}/{name}.elf")
            if status != 33 or not CLOSING_LINE.search(said):
                raise Failed(
                    f"{name}.elf: status {status}: {said.strip().splitlines()[-1] if said.strip() else 'nothing said'}"
                )
            lines += CLOSING_LINE.findall(said)[-1:]
        return "; ".join(dict.fromkeys(lines))


def assign(available, wanted):
    """Each wanted compiler to the first suite that has it; those that none has, to None."""
    return {
        name: next((suite for suite in available if name in available[suite]), None)
        for name in wanted
    }


def report(where, what, start, action, *arguments):
    """Does it and says how it went; True if well."""
    try:
        result, good = action(*arguments), True
    except Failed as failure:
        result, good = f"FAILED: {failure}", False
    print(f"{where:10} {what:22} {result or 'ok'}  ({time.monotonic() - start:.0f} s)", flush=True)
    return good


def check_compiler(suite, name, packages, jobs):
    suite.build(name, packages, jobs)
    return suite.boot(name)


def check_suite(suite):
    suite.set_up()
    return f"{suite.newcomer('2level')}; PAE {suite.newcomer('pae')}"


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--jobs", default="2")
    args = parser.parse_args()
    if os.geteuid() != 0 or not shutil.which("debootstrap"):
        sys.exit("check-hosts: this needs root, and debootstrap.")
    args.folder.mkdir(parents=True, exist_ok=True)
    suites = {name: Suite(name, args.folder.resolve()) for name in SUITES}
    chosen = [name for name in SUITES if name in args.names or not set(args.names) & set(SUITES)]
    good = [
        report(name, "make run", time.monotonic(), check_suite, suites[name]) for name in chosen
    ]
    available = {name: suites[name].compilers() for name in chosen}
    wanted = [f"gcc-{n}" for n in range(FIRST_GCC, suites[chosen[-1]].default_gcc() + 1)] + [
        f"clang-{n}" for n in CLANGS
    ]
    picked = [name for name in wanted if name in args.names] or wanted
    for compiler, where in assign(available, picked).items():
        if where:
            good.append(
                report(
                    where,
                    compiler,
                    time.monotonic(),
                    check_compiler,
                    suites[where],
                    compiler,
                    available[where][compiler],
                    args.jobs,
                )
            )
        else:
            print(f"{'-':10} {compiler:22} no suite of {', '.join(chosen)} has it")
            good.append(len(chosen) < len(SUITES))
    sys.exit(0 if all(good) else 1)


if __name__ == "__main__":
    main()
