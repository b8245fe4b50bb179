"""A client of QEMU's GDB stub.

The grader drives the guest through it (GDB manual, appendix "GDB Remote Serial Protocol").  GDB
itself would not do: its `call` knows nothing of -mregparm, and it writes registers by one `G`
packet, for which QEMU loads CR3 anew.  That empties the TLB, and a missing flush would never show.
Here registers are written one by one (`P`).
"""

import re
import select

GENERAL = ("eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi", "eip", "eflags")
INTERRUPT = b"\x03"
ANSWER_SECONDS = 60  # QEMU answers at once; if it does not, nobody can go on


class StubClosed(Exception):
    """QEMU has ended, or has closed the connection."""


class StubError(Exception):
    """QEMU refused a command, or did not answer it."""


def checksum(data):
    return b"%02x" % (sum(data) & 0xFF)


def unescaped(data):
    """The packet's contents: } says that bit 5 of the next byte is turned over."""
    return re.sub(rb"}(.)", lambda found: bytes([found[1][0] ^ 0x20]), data, flags=re.S)


def little_endian(value, size=4):
    return (value & ((1 << 8 * size) - 1)).to_bytes(size, "little").hex()


class Packets:
    """Packets over a stream: each has a checksum, and each is acknowledged with a plus sign, which
    goes in front of the next one: it is not worth a message of its own.
    """

    def __init__(self, connection):
        self.connection = connection
        self.pending, self.owed = b"", b""

    def send(self, *texts):
        packets = [text.encode() for text in texts]
        self._write(b"".join(b"$" + data + b"#" + checksum(data) for data in packets))

    def interrupt(self):
        self._write(INTERRUPT)

    def receive(self, seconds):
        """The next packet; None if none has come within that time."""
        while not (found := re.search(rb"\$([^#]*)#..", self.pending, re.S)):
            if not select.select([self.connection], [], [], seconds)[0]:
                return None
            self._read()
        self.pending = self.pending[found.end() :]
        self.owed = b"+"
        return unescaped(found[1]).decode("latin-1")

    def _read(self):
        try:
            data = self.connection.recv(1 << 16)
        except OSError as error:
            raise StubClosed(str(error)) from error
        if not data:
            raise StubClosed("end of file")
        self.pending += data

    def _write(self, data):
        data, self.owed = self.owed + data, b""
        try:
            self.connection.sendall(data)
        except OSError as error:
            raise StubClosed(str(error)) from error


class Stub:
    """The commands that the grader needs, on a machine that stands still."""

    def __init__(self, connection):
        self.packets = Packets(connection)
        self.cr3_and_cr4 = None
        self.command("qSupported:xmlRegisters=i386")
        self.numbers = self._register_numbers()

    def command(self, text):
        return self.commands([text])[0]

    def commands(self, texts):
        """Several at once cost one wait; a packet that follows acknowledges the reply before it."""
        self.packets.send(*texts)
        replies = [self.packets.receive(ANSWER_SECONDS) for _ in texts]
        for text, reply in zip(texts, replies):
            if reply is None or re.fullmatch(r"E..", reply):
                raise StubError(f"{text}: {reply}")
        return replies

    # Registers: of the CPU that select() has chosen, at first of the one that stopped.

    def _register_numbers(self):
        """By name: control registers have no fixed numbers, only places in QEMU's description."""
        text = re.sub(r"<!--.*?-->", "", self._feature("i386-32bit.xml"), flags=re.S)
        names = re.findall(r'<reg name="(\w+)"', text)
        return {name: number for number, name in enumerate(names)}

    def _feature(self, file):
        text, reply = "", "m"
        while reply.startswith("m"):
            reply = self.command(f"qXfer:features:read:{file}:{len(text):x},800")
            text += reply[1:]
        return text

    def registers(self):
        """The general registers; reading all at once is harmless."""
        data = bytes.fromhex(self.command("g")[: 8 * len(GENERAL)])
        words = [data[i : i + 4] for i in range(0, len(data), 4)]
        return {name: int.from_bytes(word, "little") for name, word in zip(GENERAL, words)}

    def register(self, *names):
        """One, such as a control register, or a list of several."""
        replies = self.commands([f"p{self.numbers[name]:x}" for name in names])
        values = [int.from_bytes(bytes.fromhex(reply), "little") for reply in replies]
        return values[0] if len(names) == 1 else values

    def paging(self):
        """CR3 and CR4, asked once: they change only while the CPU runs."""
        self.cr3_and_cr4 = self.cr3_and_cr4 or self.register("cr3", "cr4")
        return self.cr3_and_cr4

    def set_registers(self, values):
        self.commands([f"P{self.numbers[n]:x}={little_endian(v)}" for n, v in values.items()])

    # CPUs, which GDB calls threads.

    def cpus(self):
        """The stub's numbers of all CPUs."""
        cpus, reply = [], self.command("qfThreadInfo")
        while reply.startswith("m"):
            cpus += [int(number, 16) for number in reply[1:].split(",")]
            reply = self.command("qsThreadInfo")
        return cpus

    def select(self, cpu):
        """Registers, memory and single steps are that CPU's from now on."""
        self.cr3_and_cr4 = None
        self.command(f"Hg{cpu:x}")

    # Memory, for debugging: what is judged is read from the RAM itself.

    def memory(self, address, size):
        return bytes.fromhex(self.command(f"m{address:x},{size:x}"))

    # Running.

    def set_breakpoint(self, address):
        self.command(f"Z0,{address:x},1")

    def clear_breakpoint(self, address):
        self.command(f"z0,{address:x},1")

    def resume(self, *cpus):
        """All CPUs run on, or those alone.  wait() says where it ends."""
        self.cr3_and_cr4 = None
        chosen = "".join(f";c:{cpu:x}" for cpu in cpus)
        self.packets.send(f"vCont{chosen}" if cpus else "c")

    def step(self, cpu=None):
        """One instruction, of the CPU that is selected or of that one."""
        self.cr3_and_cr4 = None
        self.packets.send("s" if cpu is None else f"vCont;s:{cpu:x}")

    def interrupt(self):
        self.packets.interrupt()

    def wait(self, seconds):
        """The stop reply; None if the guest still runs: the time says only when to look."""
        return self.packets.receive(seconds)
