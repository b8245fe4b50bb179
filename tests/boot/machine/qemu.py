"""Boots a kernel in QEMU and says how it ended: console text, exit status, what the firmware
reported.

Verdicts come from the guest: a line, or the exit status that it gives to isa-debug-exit.  The
host's clock gives none: when HOST_LIMIT has passed the boot has "no verdict", which fails the test.
It bounds a guest that hangs with its CPUs busy, and is far beyond what any boot takes on a host
that has other things to do. """

import json
import os
import re
import select
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import coverage_boot
import lines

ROOT = Path(__file__).resolve().parents[3]
HOST_LIMIT = float(os.environ.get("TARN_HOST_LIMIT", "1800"))
QUIET = 3  # seconds without output after which a guest is asked whether it has stopped for good
OUTPUT_LIMIT = 4 << 20  # bytes: a guest that prints more goes round in a circle

# Exit statuses of QEMU: what the kernel writes to isa-debug-exit, twice and plus one; and what
# -no-reboot makes of a reset (a triple fault is one).
PASS, FAIL, RESET = 33, 35, 0


def of_program(status):
    """QEMU's status where root ends the machine with a program's."""
    return 129 + 2 * min(status, 63) if status else PASS


ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def tool(*arguments):
    return subprocess.run(
        ["sh", ROOT / "tools/compiler.sh", *arguments], capture_output=True, text=True
    ).stdout.strip()


def have_grub():
    return bool(tool("grub-files"))


class NoVerdict(AssertionError):
    """The guest neither ended nor said what was waited for."""


@dataclass
class Machine:
    """What QEMU is given.  kernel: "2level" or "pae"; loader: "kernel" (QEMU's own) or "iso"
    (GRUB).
    """

    kernel: str = "2level"
    loader: str = "kernel"
    memory: str = "128M"
    smp: str = "1"
    cpu: str = ""
    machine: str = ""
    append: str = ""
    poison: bool = False
    debug: bool = False
    plain: bool = False  # without self-tests and benchmark (TESTS=0)
    programs: bool = False  # with build/user.tar as a boot module
    module: Path = None  # with this file as a boot module instead
    typed: bool = False  # its serial line can be typed at
    system: str = "i386"  # which QEMU; x86_64 for what only a 64-bit CPU has
    extra: list = field(default_factory=list)

    @property
    def cpus(self):
        return int(self.smp.split(",")[0])

    @property
    def elf_name(self):
        kind = "-debug" if self.debug else "-poison" if self.poison else ""
        return (
            "tarn"
            + ("-pae" if self.kernel == "pae" else "")
            + kind
            + ("-plain" if self.plain else "")
            + ".elf"
        )

    def __str__(self):
        shown = [
            self.kernel,
            self.loader,
            self.memory,
            f"smp{self.smp}",
            self.cpu,
            self.machine,
            self.append,
        ]
        return " ".join(
            word
            for word in shown + (["debug"] if self.debug else ["poison"] if self.poison else [])
            if word
        )


def make_iso(kernel, append, folder, modules=()):
    """An ISO whose only entry starts at once; `modules` are files that it loads, by their names."""
    menu = folder / "grub.cfg"
    menu.write_text(
        "serial --unit=0 --speed=115200\nterminal_output serial\nset timeout=0\n"
        f'menuentry "Tarn" {{\n\tmultiboot /boot/{kernel.name} {append}\n'
        + "".join(f"\tmodule /boot/{module.name} {module.name}\n" for module in modules)
        + "}\n"
    )
    subprocess.run(
        [
            "sh",
            ROOT / "tools/mkiso.sh",
            tool("objcopy", ""),
            folder / "tarn.iso",
            menu,
            *modules,
            kernel,
        ],
        check=True,
    )
    return folder / "tarn.iso"


class Boot:
    """One run of QEMU; a context manager, so that no QEMU outlives its test."""

    output_limit = OUTPUT_LIMIT

    def __init__(self, machine, build, iso=None, paused=False):
        self.machine = machine
        self.elf = build / machine.elf_name
        self.folder = Path(tempfile.mkdtemp(prefix="tarn-"))
        self.deadline = time.monotonic() + HOST_LIMIT
        self.output = bytearray()
        self.ended = False
        self.errors = ""  # what QEMU itself wrote, once it has ended
        self.changed = threading.Condition()
        self.monitor = None
        try:
            self._start(iso, paused)
        except BaseException:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise

    def _start(self, iso, paused):
        machine = self.machine
        command = [
            f"qemu-system-{machine.system}",
            "-m",
            machine.memory,
            "-smp",
            machine.smp,
            "-nic",
            "none",
            "-display",
            "none",
            "-serial",
            "stdio",
            "-no-reboot",
            "-device",
            "isa-debug-exit,iobase=0xf4,iosize=4",
            "-debugcon",
            f"file:{self.folder}/firmware",
            "-global",
            "isa-debugcon.iobase=0x402",
            "-qmp",
            f"unix:{self.folder}/qmp,server=on,wait=off",
        ]
        command += ["-cpu", machine.cpu] if machine.cpu else []
        command += ["-machine", machine.machine] if machine.machine else []
        command += ["-S", "-gdb", f"unix:{self.folder}/gdb,server=on,wait=off"] if paused else []
        modules = [self.elf.parent / "user.tar"] if machine.programs else []
        modules = [machine.module] if machine.module else modules
        if iso or machine.loader == "iso":
            own = iso or make_iso(self.elf, machine.append, self.folder, modules)
            command += ["-cdrom", str(own)]
        else:
            command += ["-kernel", str(self.elf), "-append", machine.append]
        if modules and machine.loader != "iso":
            # QEMU takes two commas for one, and what follows a blank for the module's name.
            command += ["-initrd", str(modules[0]).replace(",", ",,") + " user.tar"]
        command += coverage_boot.arguments(self.elf)
        command += [word.replace("{folder}", str(self.folder)) for word in machine.extra]
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE if machine.typed else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=open(self.folder / "stderr", "wb"),
        )
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        """The console, until its end.  What leaves the pipe is in `output` before the lock is
        free.
        """
        console = self.process.stdout.fileno()
        while not self.ended:
            select.select([console], [], [])
            with self.changed:
                data = os.read(console, 65536)
                self.output += data
                self.ended = not data
                self.changed.notify_all()

    def _has_said(self, size):
        """Whether there is more than `size` bytes of output, be it still in the pipe."""
        with self.changed:
            unread = select.select([self.process.stdout], [], [], 0)[0]
            return len(self.output) > size or bool(unread)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.monitor:
            self.monitor.close()
        self.process.kill()
        self.process.wait()
        self.reader.join()
        self.errors = (self.folder / "stderr").read_text(errors="replace") or "(no message)"
        shutil.rmtree(self.folder, ignore_errors=True)

    # ---- Console ----

    @property
    def text(self):
        """The kernel's part of the console: without the boot loader's, without its escape
        sequences.
        """
        shown = ESCAPES.sub("", self.output.decode("ascii", "replace")).replace("\r", "")
        return shown.partition("Booting `")[2].partition("\n")[2] if "Booting `" in shown else shown

    def wait_for(self, pattern):
        """Waits until the console shows `pattern`; its match.  The guest's end without it is a
        failure.
        """
        while not (match := pattern.search(self.text)):
            assert self.reader.is_alive(), self.report(f"ended without {pattern.pattern!r}")
            self._wait_for_output()
        return match

    def wait_for_exit(self):
        """Waits until the guest ends QEMU; the exit status."""
        while self.reader.is_alive():
            self._wait_for_output()
        return self.process.wait()

    def type(self, text):
        """At the serial line; "\\r" is Enter."""
        self.process.stdin.write(text.encode("latin-1"))
        self.process.stdin.flush()

    def press(self, *keys):
        """At the keyboard: QEMU's names of keys, several at once joined by '-'."""
        for key in keys:
            down = [{"type": "qcode", "data": name} for name in key.split("-")]
            for pressed in (True, False):
                events = [{"type": "key", "data": {"key": name, "down": pressed}} for name in down]
                self.qmp("input-send-event", events=events if pressed else events[::-1])

    def screen(self):
        """The rows of the text screen, without the blanks at their ends."""
        cells = self.physical_memory(0xB8000, 80 * 25 * 2)[::2].decode("cp437").replace("\0", " ")
        return [cells[at : at + 80].rstrip() for at in range(0, len(cells), 80)]

    def _wait_for_output(self):
        """Waits for more output or the end, a few seconds at most; fails if neither can come any
        more.
        """
        before = len(self.output)
        assert before < self.output_limit, self.report("endless output")
        self.check_limit("waits for more output")
        with self.changed:
            came = self.changed.wait_for(lambda: len(self.output) > before or self.ended, QUIET)
        # A guest that has stopped says no more, but a busy host may not have read all of it.
        if not came and self.all_stopped() and not self._has_said(before):
            raise AssertionError(self.report("every CPU has halted with interrupts off"))

    def check_limit(self, what):
        if time.monotonic() >= self.deadline:
            raise NoVerdict(
                self.report(
                    f"no verdict after {HOST_LIMIT:.0f} s of the host's time: {what}",
                    registers=True,
                )
            )

    def halted(self):
        """The CPUs that halt at this moment: for each whether it has interrupts on (EFLAGS.IF, bit
        9).
        """
        try:
            state = re.findall(r"EFL=([0-9a-f]+).*HLT=1", self.hmp("info registers -a"))
        except (OSError, ValueError):
            return []  # QEMU has just ended
        return [bool(int(flags, 16) & 1 << 9) for flags in state]

    def all_stopped(self):
        return self.halted() == [False] * self.machine.cpus

    def report(self, what, registers=False):
        errors = self.errors or (self.folder / "stderr").read_text(errors="replace")
        cpus = self.hmp("info registers -a") if registers else ""
        return (
            f"{self.machine}: {what}\n--- QEMU\n{errors}\n{cpus}\n--- console\n{self.text[-6000:]}"
        )

    # ---- QEMU's monitor ----

    def qmp(self, command, **arguments):
        if not self.monitor:
            self._connect()
        self.monitor.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self.monitor.flush()
        while True:  # events come between
            answer = json.loads(self.monitor.readline())
            if "return" in answer:
                return answer["return"]
            assert "error" not in answer, answer

    def _connect(self):
        self.monitor = connect(self, "qmp").makefile("rw")
        self.monitor.readline()
        self.qmp("qmp_capabilities")

    def hmp(self, line):
        return self.qmp("human-monitor-command", **{"command-line": line})

    def physical_memory(self, address, size):
        path = self.folder / "memory"
        self.qmp("pmemsave", val=address, size=size, filename=str(path))
        return path.read_bytes()

    # ---- What the firmware said ----

    def firmware_ram(self):
        """The RAM ranges of the firmware's memory map (SeaBIOS prints it), as pairs of
        addresses.
        """
        text = (self.folder / "firmware").read_text(errors="replace")
        listing = text.rpartition("e820 map has")[2]
        found = re.findall(r"^\s*\d+: ([0-9a-f]{16}) - ([0-9a-f]{16}) = 1 RAM", listing, re.M)
        assert found, self.report("the firmware printed no memory map")
        return [(int(start, 16), int(end, 16)) for start, end in found]


def connect(boot, name):
    """A connection to a socket that QEMU is about to open."""
    while True:
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.connect(str(boot.folder / name))
            connection.settimeout(max(1, boot.deadline - time.monotonic()))
            return connection
        except (FileNotFoundError, ConnectionRefusedError):
            connection.close()
            if boot.process.poll() is not None:
                ended = f"QEMU has ended, and its socket {name} with it"
                raise ConnectionError(boot.report(ended)) from None
            if time.monotonic() >= boot.deadline:
                raise NoVerdict(boot.report(f"QEMU did not open its socket {name}")) from None
            time.sleep(0.01)


class GuestClock:
    """The guest's time in ns since this was made.  With -icount shift=0 an instruction takes 1 ns.

    It is read from the ACPI timer, which SeaBIOS puts at port 0x608 on the `pc` machine: 3.579545
    MHz, 24 bits (ACPI 6.4, 4.8.3.3).  That wraps after 4.7 s, so it must be read more often than
    that."""

    def __init__(self, boot):
        self.boot = boot
        self.ticks = 0
        self.last = self._register()

    def _register(self):
        return int(self.boot.hmp("i /w 0x608").rpartition("=")[2], 16) & 0xFFFFFF

    def read(self):
        now = self._register()
        self.ticks += (now - self.last) & 0xFFFFFF
        self.last = now
        return self.ticks * 1_000_000_000 // 3_579_545


@dataclass
class Tap:
    planned: int
    passed: list
    failed: list
    skipped: list


def parse_tap(boot):
    """The results on the console, checked for form: one plan, numbers without gaps, as many as
    planned.
    """
    text = boot.text
    assert lines.TAP_VERSION.search(text), boot.report("no TAP version line")
    plans = lines.TAP_PLAN.findall(text)
    assert len(plans) == 1, boot.report(f"{len(plans)} TAP plans")
    results = lines.TAP_RESULT.findall(text)
    numbers = [int(number) for _, number, _ in results]
    assert numbers == list(range(1, len(results) + 1)), boot.report(f"TAP numbers {numbers}")
    assert len(results) == int(plans[0]), boot.report(
        f"{plans[0]} planned, {len(results)} reported"
    )
    skipped = lines.TAP_SKIPPED.findall(text)
    passed = [
        name for verdict, _, name in results if verdict == "ok" and name.split()[0] not in skipped
    ]
    return Tap(
        int(plans[0]), passed, [name for verdict, _, name in results if verdict != "ok"], skipped
    )


def check_passed(boot):
    """The verdict on a boot that should have passed: every test "ok", the closing line, and no
    panic.
    """
    tap = parse_tap(boot)
    closing = lines.CLOSING.findall(boot.text)
    assert len(closing) == 1, boot.report(f"{len(closing)} closing lines")
    assert not tap.failed, boot.report(f"failed: {tap.failed}")
    counted = tuple(str(len(names)) for names in (tap.passed, tap.failed, tap.skipped))
    assert closing[0] == counted, boot.report(f"closing line {closing[0]}, counted {counted}")
    return tap


def run(machine, build, firmware=True):
    """Boots with `exit` on the command line and waits for the end; the Boot (closed, its text
    stays) and the status.

    firmware: it prints its memory map, which the Boot then has as `ram`.
    """
    machine.append = f"exit {machine.append}".strip()
    with Boot(machine, build) as boot:
        boot.status = boot.wait_for_exit()
        boot.ram = boot.firmware_ram() if firmware else None
        programs = map(of_program, range(64))
        assert boot.status in (PASS, FAIL, *programs), boot.report(
            "reset" if boot.status == RESET else f"status {boot.status}"
        )
        boot.final_report = boot.report(f"status {boot.status}")
    return boot
