"""A small client of QEMU's gdb stub: stops a guest at an address and changes its memory and
registers there.

Protocol: "Debugging with GDB", appendix E.  Addresses are the CPU's: at the kernel's entry paging
is off, so they are physical. """

import select
import struct
import subprocess
from pathlib import Path

from qemu import connect, tool

EAX, ECX, EDX, EBX = range(4)  # positions in the stub's register block for the i386
# Numbers of single registers: of qemu-system-i386, and of qemu-system-x86_64 (GDB's features
# i386-32bit.xml, i386-64bit.xml).
REGISTERS = {
    "i386": {"eip": 8, "eflags": 9, "cr0": 19, "cr4": 22, "efer": 24},
    "x86_64": {"eip": 16, "eflags": 17, "cr0": 27, "cr4": 30, "efer": 32},
}
CHUNK = 1024
BUFFERING = 0  # none: an answer could wait in it while select() looks at the socket


def elf_entry(path):
    """The entry address of a 32-bit ELF file (System V ABI, figure 4-3: e_entry)."""
    return struct.unpack_from("<I", Path(path).read_bytes(), 24)[0]


def symbol(path, name):
    """The address of a function of the kernel."""
    listing = subprocess.run(
        [tool("nm", ""), path], capture_output=True, text=True, check=True
    ).stdout
    return next(
        int(line.split()[0], 16) for line in listing.splitlines() if line.split()[-1] == name
    )


class Gdb:
    def __init__(self, boot):
        self.boot = boot
        self.socket = connect(boot, "gdb")
        self.stream = self.socket.makefile("rb", buffering=BUFFERING)
        # QEMU's stub knows single registers only once it has been asked for their description.
        self.ask("qXfer:features:read:target.xml:0,ffb")

    def close(self):
        self.stream.close()
        self.socket.close()

    def _send(self, packet):
        data = packet.encode("ascii")
        self.socket.sendall(b"$" + data + b"#%02x" % (sum(data) & 0xFF))

    def _receive(self):
        while (byte := self.stream.read(1)) != b"$":
            assert byte, self.boot.report("QEMU closed the connection to its gdb stub")
        data = bytearray()
        while (byte := self.stream.read(1)) != b"#":
            assert byte, self.boot.report("QEMU closed the connection to its gdb stub")
            data += byte
        self.stream.read(1)  # two digits of the checksum
        self.stream.read(1)
        self.socket.sendall(b"+")
        return data.decode("ascii")

    def ask(self, packet):
        self._send(packet)
        answer = self._receive()
        assert not answer.startswith("E"), self.boot.report(f"gdb stub: {packet[:40]} -> {answer}")
        return answer

    def run_to(self, address, meanwhile=lambda: None):
        """Lets the guest run until it is about to execute `address`; calls `meanwhile` now and
        then.
        """
        assert self.ask(f"Z1,{address:x},1") == "OK"
        self._send("c")
        self.stream.read(1)  # "+"
        while not select.select([self.socket], [], [], 0.2)[0]:
            self.boot.check_limit(f"does not reach {address:#x}")
            meanwhile()
        assert self._receive().startswith("T05")
        assert self.ask(f"z1,{address:x},1") == "OK"

    def go_on(self):
        """Lets the guest run; interrupt() stops it."""
        self._send("c")
        self.stream.read(1)  # "+"

    def interrupt(self):
        self.socket.sendall(b"\x03")
        assert self._receive().startswith("T")

    def resume(self):
        """Lets the guest run from now on; it may be at its end before the answer is here."""
        self._send("D")
        for _ in "+$OK#9a":
            self.stream.read(1)
        self.close()

    def read(self, address, size):
        data = b""
        while len(data) < size:
            part = min(CHUNK, size - len(data))
            data += bytes.fromhex(self.ask(f"m{address + len(data):x},{part:x}"))
        return data

    def write(self, address, data):
        assert self.ask(f"M{address:x},{len(data):x}:{data.hex()}") == "OK"

    def read_u32(self, address):
        return struct.unpack("<I", self.read(address, 4))[0]

    def register(self, number):
        return struct.unpack_from("<I", bytes.fromhex(self.ask("g")), 4 * number)[0]

    def set_named(self, name, value):
        """Sets one register of those that the block does not begin with."""
        number = REGISTERS[self.boot.machine.system][name]
        assert self.ask(f"P{number:x}={struct.pack('<I', value).hex()}") == "OK"

    def get_named(self, name):
        number = REGISTERS[self.boot.machine.system][name]
        return struct.unpack_from("<I", bytes.fromhex(self.ask(f"p{number:x}")))[0]

    def set_register(self, number, value):
        block = bytearray.fromhex(self.ask("g"))
        struct.pack_into("<I", block, 4 * number, value)
        assert self.ask("G" + block.hex()) == "OK"
