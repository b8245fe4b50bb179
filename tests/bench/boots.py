"""Boots what is measured, each in a QEMU of its own, and reads what it prints."""

import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path += [str(ROOT / "tests/boot/machine")]

import figures  # noqa: E402
import qemu  # noqa: E402

# The guest's clock is its instructions, whatever the host does; nothing comes from outside.
EXACT = ["-icount", "shift=0,sleep=off", "-rtc", "base=2024-01-01,clock=vm", "-seed", "1"]
MEMORY = "3G"


class Failed(Exception):
    """A boot without figures; the message says how it ended."""


@dataclass
class Boot:
    """One boot of Tarn: bench=`what` on `cpus` CPUs, with more words for the command line."""

    kernel: str
    cpus: int
    what: str = "all"
    options: str = ""

    @property
    def name(self):
        words = [f"tarn.{self.kernel}.smp{self.cpus}", self.what, self.options]
        return ".".join(word.replace(",", "+") for word in words if word)

    def start(self, build):
        append = f"bench={self.what} {self.options}".strip()
        boot = qemu.run(
            qemu.Machine(
                self.kernel, memory=MEMORY, smp=str(self.cpus), append=append, extra=list(EXACT)
            ),
            build,
        )
        return boot.text, boot.status == qemu.PASS


def tag_of_programs(kernel, cpus):
    return f"tarn.{kernel}.smp{cpus}.user"


@dataclass
class UserBoot:
    """One boot of Tarn that runs a program which measures, with these keys: `bench` (user/bench) as
    the first task, or `bench_processes` (user/bin) as a process.
    """

    kernel: str
    cpus: int
    program: str
    what: str = ""

    @property
    def tag(self):
        return tag_of_programs(self.kernel, self.cpus)

    @property
    def name(self):
        words = (self.tag, self.program, self.what)
        return ".".join(word.replace(",", "+") for word in words if word)

    def start(self, build):
        words = " ".join([self.program, self.tag, *self.what.replace(",", " ").split()])
        machine = qemu.Machine(
            self.kernel,
            memory=MEMORY,
            smp=str(self.cpus),
            append=f'selftest=none "run={words}"',
            programs=True,
            extra=list(EXACT),
        )
        boot = qemu.run(machine, build)
        return boot.text, boot.status == qemu.PASS


PROMPT = re.compile(r"^tarn:/\$ $", re.M)


@dataclass
class PromptBoot:
    """One boot of Tarn to the shell's prompt; how long that took is asked for there."""

    kernel: str
    cpus: int

    @property
    def name(self):
        return f"{tag_of_programs(self.kernel, self.cpus)}.prompt"

    def start(self, build):
        machine = qemu.Machine(
            self.kernel,
            memory=MEMORY,
            smp=str(self.cpus),
            append="selftest=none",
            programs=True,
            typed=True,
            extra=list(EXACT),
        )
        with qemu.Boot(machine, build) as boot:
            boot.wait_for(PROMPT)
            tag = tag_of_programs(self.kernel, self.cpus)
            boot.type(f"bench_processes {tag} user.prompt\r")
            boot.wait_for(figures.END)
            boot.type("poweroff\r")
            return boot.text, boot.wait_for_exit() == qemu.PASS


@dataclass
class LinuxBoot:
    """One boot of a Linux with our module and /init in its initramfs: it measures its kernel by the
    module, or programs.
    """

    kernel: str
    cpus: int
    image: Path
    initramfs: Path
    options: str
    programs: bool = False

    @property
    def name(self):
        return f"linux.{self.kernel}.smp{self.cpus}" + (".user" if self.programs else "")

    def start(self, _build):
        append = f"console=ttyS0 quiet panic=-1 maxcpus=1 {self.options} tag={self.name} ncpu={self.cpus}"
        append += f" measure={'programs' if self.programs else 'kernel'}"
        command = [
            "qemu-system-i386",
            "-m",
            MEMORY,
            "-smp",
            str(self.cpus),
            *EXACT,
            "-nic",
            "none",
            "-display",
            "none",
        ]
        command += [
            "-serial",
            "stdio",
            "-no-reboot",
            "-device",
            "isa-debug-exit,iobase=0xf4,iosize=4",
        ]
        command += ["-kernel", self.image, "-initrd", self.initramfs, "-append", append]
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        return done.stdout.decode("ascii", "replace"), done.returncode == qemu.PASS


def one(boot, build, logs):
    """The Run of one boot, its log kept.  Failed, if it did not come to its end."""
    print(f"  {boot.name}", flush=True)
    text, passed = boot.start(build)
    log = logs / f"{boot.name}.log"
    log.write_text(text)
    try:
        run = figures.parse(text)
    except figures.BadLine as error:
        raise Failed(f"{boot.name}: {error}; see {log}\n{text[-2000:]}") from error
    if not run.ended or not passed:
        raise Failed(
            f"{boot.name}: {'failed' if run.ended else 'no BENCH-END'}; see {log}\n{text[-2000:]}"
        )
    return run


def merge(into, run):
    """Two boots of one tag are one run: the second adds its keys."""
    kept = into.setdefault(run.tag, run)
    kept.figures |= run.figures
    kept.distributions |= run.distributions
    kept.infos |= run.infos


def every(boots, build, logs, jobs):
    """The runs of all boots, by tag, `jobs` at a time."""
    logs.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(jobs) as pool:
        done = list(pool.map(lambda boot: one(boot, build, logs), boots))
    runs = {}
    for run in done:
        merge(runs, run)
    for run in runs.values():
        if not run.keys():
            raise Failed(f"{run.tag}: no key was measured")
    return runs
