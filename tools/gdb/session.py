#!/usr/bin/env python3
"""QEMU and GDB together: session.py gdb | server | client | dump | tour [NAME], for the make
targets of the same names.

What to start stands in the environment, as `make` exports it: BUILD, KIND ("", -debug, -poison),
ENDING (-plain: without self-tests), PAE, SMP, MEM, CPU, MACHINE, APPEND, REVERSE, PORT, CORE,
SMP_GIVEN (SMP was said on the command line), TOUR_AUTO (a tour that waits for nobody).  Of those
that switch something on, "" and "0" are off.  TARN_DRAWINGS: the folder for drawings, else that of
the build. """

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE)]
sys.dont_write_bytecode = True

import qmp  # noqa: E402
import tourfile  # noqa: E402

# Seconds until GDB gives QEMU up.  One that has ended is noticed at once: this bounds a slow one.
REMOTE_TIMEOUT = 3600
# A fixed shift: with shift=auto each step back takes several times as long.
REVERSE_SHIFT = 7
# Going back loads a snapshot, which resets the devices.  In QEMU 7.2 the reset of the local APIC's
# helper for Windows guests (kvmvapic) waits for the CPU's thread, and that one for the lock that
# the reset holds: without it nothing hangs.
NO_VAPIC = ["-global", "apic.vapic=off"]
ENDS = re.compile(r"^(\d+ passed, \d+ failed\b.*|stopped after step \d+\b.*)$", re.M)
PANIC = re.compile(r"^panic", re.M | re.I)


class Refused(Exception):
    """What was asked for cannot be had: the message says why."""


def given(name, default=""):
    return os.environ.get(name) or default


def switched_on(name):
    return given(name) not in ("", "0")


@dataclass
class Settings:
    """A machine and its kernel."""

    build: Path = field(default_factory=lambda: (ROOT / given("BUILD", "build")).resolve())
    kind: str = field(default_factory=lambda: given("KIND"))
    ending: str = field(default_factory=lambda: given("ENDING"))
    pae: bool = field(default_factory=lambda: switched_on("PAE"))
    smp: str = field(default_factory=lambda: given("SMP", "4"))
    memory: str = field(default_factory=lambda: given("MEM", "3G"))
    cpu: str = field(default_factory=lambda: given("CPU"))
    machine: str = field(default_factory=lambda: given("MACHINE"))
    append: str = field(default_factory=lambda: given("APPEND"))
    reverse: bool = field(default_factory=lambda: switched_on("REVERSE"))
    loader: str = "kernel"  # or "iso": by GRUB
    programs: bool = True  # with the programs of user.tar as a boot module, where they are built

    @property
    def elf(self):
        return self.build / f"tarn{'-pae' if self.pae else ''}{self.kind}{self.ending}.elf"

    @property
    def modules(self):
        archive = self.build / "user.tar"
        return [archive] if self.programs and archive.is_file() else []

    @property
    def folder(self):
        """Where the sessions of this build leave their files."""
        path = self.build / "gdb"
        path.mkdir(parents=True, exist_ok=True)
        return path


# ---- QEMU ----


def own_iso(settings, folder):
    """An ISO whose only entry starts at once."""
    menu = folder / "grub.cfg"
    menu.write_text(
        "serial --unit=0 --speed=115200\nterminal_output serial\nset timeout=0\n"
        f'menuentry "Tarn" {{\n\tmultiboot /boot/{settings.elf.name} {settings.append}\n'
        + "".join(f"\tmodule /boot/{module.name} {module.name}\n" for module in settings.modules)
        + "}\n"
    )
    objcopy = subprocess.run(
        ["sh", ROOT / "tools/compiler.sh", "objcopy", ""], capture_output=True, text=True
    ).stdout.strip()
    subprocess.run(
        ["sh", ROOT / "tools/mkiso.sh", objcopy, folder / "tarn.iso", menu]
        + [*settings.modules, settings.elf],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    if not (folder / "tarn.iso").is_file():
        raise Refused("this needs GRUB for the PC, and it is not on this machine")
    return folder / "tarn.iso"


def qemu_command(settings, folder):
    command = [
        "qemu-system-i386",
        "-m",
        settings.memory,
        "-smp",
        settings.smp,
        "-nic",
        "none",
        "-display",
        "none",
        "-no-reboot",
        "-device",
        "isa-debug-exit,iobase=0xf4,iosize=4",
    ]
    command += ["-cpu", settings.cpu] if settings.cpu else []
    command += ["-machine", settings.machine] if settings.machine else []
    if settings.loader == "iso":
        return command + ["-cdrom", str(own_iso(settings, folder))]
    # QEMU takes two commas for one, and what follows a blank for the module's name.
    modules = [f"{str(module).replace(',', ',,')} {module.name}" for module in settings.modules]
    command += ["-kernel", str(settings.elf), "-append", settings.append]
    return command + (["-initrd", ",".join(modules)] if modules else [])


def halted(folder, address=None):
    """Options: QEMU waits for GDB, at `address` or at a socket of its own, with the monitor beside
    it.
    """
    address = address or f"unix:{folder}/gdb.socket,server=on,wait=off"
    return ["-S", "-gdb", address, "-qmp", f"unix:{folder}/qmp.socket,server=on,wait=off"]


def start(command, folder):
    """QEMU in a session of its own, so that Ctrl-C in GDB does not reach it.  Returns when GDB can
    connect.
    """
    with open(folder / "qemu.log", "wb") as errors:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=errors, stderr=errors, start_new_session=True
        )
    try:
        qmp.wait_until_ready(folder / "qmp.socket", process)
    except qmp.Ended:
        raise Refused(
            "QEMU ended: " + (folder / "qemu.log").read_text(errors="replace").strip()
        ) from None
    return process


def stop(process):
    process.kill()
    process.wait()


# ---- Backwards ----


def snapshots_disk(folder):
    """Options: an otherwise empty disk, connected to nothing, where QEMU keeps snapshots."""
    disk = folder / "snapshots.qcow2"
    if not disk.exists():
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", disk, "1M"], check=True)
    return ["-drive", f"file={disk},if=none,format=qcow2,id=snapshots"]


def reverse_options(folder, mode):
    """Record and replay, from a snapshot that QEMU makes when it starts."""
    if mode == "record":
        (folder / "snapshots.qcow2").unlink(missing_ok=True)
    how = f"shift={REVERSE_SHIFT},rr={mode},rrfile={folder}/recording,rrsnapshot=start"
    return NO_VAPIC + ["-nodefaults"] + snapshots_disk(folder) + ["-icount", how]


def check_reverse(settings):
    if switched_on("SMP_GIVEN") and settings.smp != "1":
        raise Refused(
            f"REVERSE=1 and SMP={settings.smp}: QEMU records and replays one CPU alone. Leave SMP away, or say SMP=1."
        )
    settings.smp = "1"
    settings.append = f"{settings.append} exit".strip()
    if not shutil.which("qemu-img"):
        raise Refused("REVERSE=1 needs qemu-img (Debian: qemu-utils)")


def record(settings, folder, quiet=False):
    """Runs the kernel to its end, writing down all that comes from outside."""
    if not quiet:
        print(f"Recording the whole run ({settings.append}); Ctrl-C ends it early.", flush=True)
    command = (
        qemu_command(settings, folder)
        + ["-serial", f"file:{folder}/recorded"]
        + reverse_options(folder, "record")
    )
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        process.wait()
    except KeyboardInterrupt:
        process.send_signal(signal.SIGINT)
        process.wait()
    if process.returncode not in (0, 33, 35):
        raise Refused(f"QEMU ended with status {process.returncode} while recording")


# ---- GDB ----


def gdb_program():
    """One that knows the i386; where there is none, the plain one says what it lacks."""
    return (
        subprocess.run(
            ["sh", ROOT / "tools/compiler.sh", "gdb"], capture_output=True, text=True
        ).stdout.strip()
        or "gdb"
    )


def check_gdb():
    """There is a GDB, with Python."""
    program = gdb_program()
    if not shutil.which(program):
        raise Refused("there is no gdb on this machine (Debian: gdb)")
    tried = subprocess.run(
        [program, "-nx", "-batch", "-ex", "python print('python')"], capture_output=True, text=True
    )
    if "python" not in tried.stdout.split():
        raise Refused(
            f"{shutil.which(program)} was built without Python, in which the tarn commands are "
            "written. Install another (Debian: gdb instead of gdb-minimal)"
        )


def gdb_environment(folder):
    """Drawings outlive the session."""
    drawings = Path(given("TARN_DRAWINGS", ROOT / given("BUILD", "build"))).resolve()
    return os.environ | {"TARN_CONSOLE": str(folder / "console"), "TARN_DRAWINGS": str(drawings)}


def gdb_command(settings, *commands, batch=False):
    words = [gdb_program(), "-q"] + (["-nx", "-batch"] if batch else []) + [str(settings.elf)]
    settle = (
        "set confirm off",
        "set breakpoint pending off",
        f"set remotetimeout {REMOTE_TIMEOUT}",
        f"source {HERE / 'load.py'}",
    )
    for command in settle + commands:
        words += ["-ex", command]
    return words


@contextmanager
def interrupts_left_to(command, **arguments):
    """Runs a program in this terminal; Ctrl-C is its own."""

    def as_usual():
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    former = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with subprocess.Popen(command, preexec_fn=as_usual, **arguments) as process:
            try:
                yield process
            except BaseException:
                process.kill()
                raise
    finally:
        signal.signal(signal.SIGINT, former)


def run_gdb(settings, folder, *commands, batch=False):
    """GDB in this terminal, until it ends."""
    command = gdb_command(settings, *commands, batch=batch)
    with interrupts_left_to(
        command, cwd=ROOT, env=gdb_environment(folder), stdin=subprocess.DEVNULL if batch else None
    ) as process:
        return process.wait()


def connected(settings, folder, *commands, batch=False, extra=(), greeting=""):
    """Starts QEMU, halted, with `extra` options, then GDB with these commands; ends both."""
    extra = list(extra)
    if settings.reverse:
        check_reverse(settings)
        record(settings, folder, batch)
        extra = reverse_options(folder, "replay")
    (folder / "console").write_text("")
    process = start(
        qemu_command(settings, folder)
        + ["-serial", f"file:{folder}/console"]
        + extra
        + halted(folder),
        folder,
    )
    try:
        print(greeting, end="", flush=True)
        return run_gdb(
            settings, folder, f"target remote {folder}/gdb.socket", *commands, batch=batch
        )
    finally:
        stop(process)


# ---- What make calls ----


def debug(settings):
    if given("CORE"):
        core = Path(given("CORE")).resolve()
        if not core.is_file():
            raise Refused(f"CORE={given('CORE')}: there is no such file (make dump writes one)")
        return run_gdb(settings, settings.folder, f"core-file {core}", "tarn cpus")
    greeting = (
        f"{settings.elf.name} is halted before its first instruction. "
        "For example: break kernel_main, continue, help tarn.\n"
    )
    with tempfile.TemporaryDirectory(prefix="session-", dir=settings.folder) as folder:
        return connected(settings, Path(folder), greeting=greeting)


def serve(settings):
    """QEMU in this terminal, waiting for `make gdb-client` in another one."""
    port, extra = given("PORT", "1234"), []
    if settings.reverse:
        check_reverse(settings)
        record(settings, settings.folder)
        extra = reverse_options(settings.folder, "replay")
    socket = settings.folder / "qmp.socket"
    socket.unlink(missing_ok=True)
    serial = [
        "-chardev",
        "stdio,id=terminal,mux=on",
        "-serial",
        "chardev:terminal",
        "-mon",
        "terminal",
    ]
    command = (
        qemu_command(settings, settings.folder)
        + serial
        + extra
        + halted(settings.folder, f"tcp:127.0.0.1:{port}")
    )
    with interrupts_left_to(command) as process:
        try:
            qmp.wait_until_ready(socket, process)
        except qmp.Ended:
            return process.wait()  # it has said why, in this terminal
        print(
            f"Waiting for GDB at port {port}: make gdb-client in another terminal. "
            "To quit: Ctrl-A, then X.",
            flush=True,
        )
        return process.wait()


def client(settings):
    return run_gdb(settings, settings.folder, f"target remote 127.0.0.1:{given('PORT', '1234')}")


def wait_until_over(monitor, process, console):
    """Until the kernel has said its last line, or has panicked and every CPU has stopped; Ctrl-C:
    now.
    """
    print(
        "Waiting for the end of the self-test, or for a panic; Ctrl-C: the dump is made at once.",
        flush=True,
    )
    try:
        while process.poll() is None:
            written = console.read_bytes()
            text = written.decode("ascii", "replace").replace("\r", "")
            if ENDS.search(text) or (PANIC.search(text) and monitor.all_stopped()):
                return
            qmp.wait_for_change(console, len(written))
    except KeyboardInterrupt:
        return
    raise Refused("QEMU ended before the dump was made; leave `exit` away")


def announce(monitor, path):
    """Says how much is about to be written, and refuses what there is no room for."""
    size, free = monitor.memory_bytes() >> 20, shutil.disk_usage(path.parent).free >> 20
    if size > free:
        raise Refused(
            f"{path} would have {size} MiB, and {free} MiB are free there. "
            "MEM= makes the machine smaller, CORE= names another place"
        )
    print(f"{path}: about {size} MiB will be written.", flush=True)


def dump_of_new(settings, path):
    with tempfile.TemporaryDirectory(prefix="session-", dir=settings.folder) as folder:
        folder = Path(folder)
        (folder / "console").write_text("")
        process = start(
            qemu_command(settings, folder) + ["-serial", f"file:{folder}/console"] + halted(folder),
            folder,
        )
        try:
            monitor = qmp.Monitor(folder / "qmp.socket")
            announce(monitor, path)
            monitor.ask("cont")
            wait_until_over(monitor, process, folder / "console")
            monitor.dump(path)
        finally:
            stop(process)


def dump_of_running(monitor, path):
    announce(monitor, path)
    monitor.dump(path)


def running_server(settings):
    """The monitor of the machine that `make gdb-server` runs, or None."""
    try:
        return qmp.Monitor(settings.folder / "qmp.socket")
    except (OSError, qmp.Ended):
        return None


def dump(settings):
    """Of the machine that `make gdb-server` runs, if one does; else of one that is started for
    it.
    """
    path = Path(given("CORE", str(settings.build / "tarn.core"))).resolve()
    path.unlink(missing_ok=True)
    monitor = running_server(settings)
    try:
        dump_of_running(monitor, path) if monitor else dump_of_new(settings, path)
    except (KeyboardInterrupt, OSError, qmp.Ended) as why:
        path.unlink(missing_ok=True)
        reason = {KeyboardInterrupt: "interrupted", qmp.Ended: "QEMU ended"}.get(type(why), why)
        raise Refused(f"no dump was made: {reason}") from None
    print(
        f"{path}: {path.stat().st_size >> 20} MiB. To look at it: make gdb CORE={os.path.relpath(path)}"
        + (" PAE=1" if settings.pae else "")
    )
    return 0


def tour(settings, name=None):
    if not name:
        print("\n".join(tourfile.listing()))
        print("make tour NAME starts one; Enter goes on, GDB's own commands work in between.")
        return 0
    found = tourfile.load(name)
    for key, value in found.machine().items():
        setattr(settings, key, value)
    settings.programs = "run=" in settings.append
    if settings.programs and not settings.modules:
        raise Refused(f"this tour needs {settings.build}/user.tar (make user)")
    alone = switched_on("TOUR_AUTO")
    with tempfile.TemporaryDirectory(prefix="session-", dir=settings.folder) as folder:
        # To go back: the player keeps a snapshot of each stop (kernelview/tours.py).
        needless = alone or settings.reverse or not shutil.which("qemu-img")
        disk = [] if needless else snapshots_disk(Path(folder))
        return connected(settings, Path(folder), f"tarn tour {name}", batch=alone, extra=disk)


WITH_GDB = ("gdb", "client", "tour")
MODES = {"gdb": debug, "server": serve, "client": client, "dump": dump, "tour": tour}


def main(arguments):
    if not arguments or arguments[0] not in MODES:
        print(__doc__, file=sys.stderr)
        return 2
    # What was started is ended in any case.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        if arguments[0] in WITH_GDB:
            check_gdb()
        return MODES[arguments[0]](Settings(), *arguments[1:])
    except (Refused, tourfile.Faulty) as why:
        print(f"{arguments[0]}: {why}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
