"""A QEMU that the grader drives: its RAM is a file that the host reads too, its serial line a pipe,
its GDB stub and monitor private sockets.

The virtual clock goes by executed instructions (-icount), so every run is the same.
"""

import mmap
import os
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
from pathlib import Path

from grader.machine.monitor import Monitor, MonitorError
from grader.machine.stub import Stub, StubClosed

LOG_LIMIT = 64 << 10  # of what a guest prints the end is kept
PATIENCE = 120  # seconds for QEMU to begin; then the host is broken
# Without a sandbox: whoever ends the grader ends QEMU too.
BARE = ("setpriv", "--pdeathsig", "KILL")
SHARED_MEMORY = Path("/dev/shm")


class QemuError(Exception):
    """QEMU could not be started, or the host ended it: no verdict on the student's work."""


class Log:
    """The end of what comes out of a pipe, which is read to its end so that nobody waits there."""

    def __init__(self, pipe):
        self.pipe, self.kept = pipe, b""
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        while data := self.pipe.read1(1 << 16):
            self.kept = (self.kept + data)[-LOG_LIMIT:]

    def text(self):
        return self.kept.decode("latin-1").replace("\r", "")

    def close(self):
        self.reader.join()
        self.pipe.close()


def new_folder(mebibytes):
    """With room for the RAM; on a file system in memory, if that has some."""
    room = SHARED_MEMORY.is_dir() and shutil.disk_usage(SHARED_MEMORY).free
    if room and room > mebibytes << 21:
        try:
            return folder_with_ram(SHARED_MEMORY, mebibytes)
        except QemuError:
            pass  # others have taken it meanwhile
    return folder_with_ram(None, mebibytes)


def folder_with_ram(place, mebibytes):
    folder = Path(tempfile.mkdtemp(prefix="lab-", dir=place))
    try:
        reserve_ram(folder, mebibytes)
    except BaseException:
        shutil.rmtree(folder)
        raise
    return folder


def reserve_ram(folder, mebibytes):
    """All of it now: where the host has no room left a guest's store would end QEMU."""
    path = folder / "ram"
    try:
        with open(path, "ab") as file:
            os.posix_fallocate(file.fileno(), 0, mebibytes << 20)
        path.chmod(0o666)  # for the sandbox's user
    except OSError as error:
        raise QemuError(
            f"{mebibytes} MiB for a guest's RAM in {folder}: {error.strerror}"
        ) from error


def listener(path):
    made = socket.socket(socket.AF_UNIX)
    made.bind(str(path))
    path.chmod(0o777)  # for the sandbox's user; the folder is not open to others
    made.listen(1)
    return made


class Qemu:
    """prefix: a command in front of QEMU's, the sandbox, which dies with its parent.  It must leave
    `folder` writable.
    """

    def __init__(
        self, elf, append="", memory=128, smp=1, cpu="", module=None, prefix=(), folder=None
    ):
        self.folder = Path(folder) if folder else new_folder(memory)
        self.owns_folder = folder is None
        self.process = self.ram = None
        try:
            reserve_ram(self.folder, memory)
            self._start(list(prefix or BARE) + self._command(elf, append, memory, smp, cpu, module))
            self._map_ram()
        except BaseException:
            self.close()
            raise

    def _command(self, elf, append, memory, smp, cpu, module):
        ram = f"memory-backend-file,id=ram,share=on,size={memory}M,mem-path={self.folder}/ram"
        command = ["qemu-system-i386", "-nodefaults", "-kernel", str(elf), "-append", append]
        command += ["-m", f"{memory}M", "-machine", "pc,memory-backend=ram", "-object", ram]
        command += ["-smp", f"{smp},cores={smp}", "-icount", "shift=0,sleep=off"]
        command += ["-rtc", "base=2024-01-01,clock=vm", "-nic", "none", "-display", "none"]
        command += ["-no-reboot", "-S", "-chardev", "stdio,id=serial,signal=off"]
        command += ["-serial", "chardev:serial", "-gdb", f"unix:{self.folder}/gdb"]
        command += ["-qmp", f"unix:{self.folder}/qmp"]
        command += ["-cpu", cpu] if cpu else []
        return command + (["-initrd", str(module)] if module else [])

    def _start(self, command):
        """The sockets are ours and QEMU connects to them, so nobody has to look for them."""
        with listener(self.folder / "gdb") as gdb, listener(self.folder / "qmp") as qmp:
            with open(self.folder / "errors", "wb") as errors:
                self.process = subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors
                )
            self.log = Log(self.process.stdout)
            self.connections = [self._accept(gdb), self._accept(qmp)]
        try:
            self.monitor = Monitor(self.connections[1])
            self.stub = Stub(self.connections[0])
        except (MonitorError, StubClosed) as error:
            raise QemuError(self._errors()) from error

    def _accept(self, waiting):
        for _ in range(PATIENCE):
            if select.select([waiting], [], [], 1)[0]:
                return waiting.accept()[0]
            if self.process.poll() is not None:
                break
        raise QemuError(self._errors())

    def _errors(self):
        said = (self.folder / "errors").read_text(errors="replace").strip()
        return said or "QEMU does not answer"

    def _map_ram(self):
        with open(self.folder / "ram", "r+b") as file:
            self.ram = mmap.mmap(file.fileno(), os.fstat(file.fileno()).st_size)

    def ended_by(self):
        """The signal that ended it, or None; 128 and more is what a sandbox says then."""
        try:
            status = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            return None
        number = -status if status < 0 else status - 128
        return signal.Signals(number) if number in set(signal.Signals) else None

    def close(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.log.close()
        for connection in getattr(self, "connections", []):
            connection.close()
        if self.ram:
            self.ram.close()
        if self.owns_folder:
            shutil.rmtree(self.folder, ignore_errors=True)
