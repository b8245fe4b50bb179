"""The machine under the grader: runs a kernel, stops it, calls its functions, looks at its RAM.

Nothing here believes what the guest says.  A breakpoint is QEMU's, so the guest cannot see it; RAM
is read by the host; the walk begins at CR3; load() and store() go through the CPU's TLB, as the
kernel's own accesses do.

Of several CPUs one is looked at: at first, and after each stop, the one that stopped.
"""

import re
import shutil
import signal
import struct
from contextlib import contextmanager
from dataclasses import dataclass

from grader.machine import paging, words
from grader.machine.elf import Elf
from grader.machine.guest import GuestEnd, GuestHang, GuestPanic, GuestReset, GuestTimeOut
from grader.machine.monitor import MonitorError
from grader.machine.qemu import Qemu, QemuError
from grader.machine.stub import StubClosed, StubError
from grader.machine.words import MASK, U64

PAGE_SIZE = 4096
PAGE_OFFSET = 0xC0000000
LIMIT = 300_000_000  # instructions that no boot and no call takes
LOOK_SECONDS = 0.5  # when to look whether the guest still does anything
# Memory that the kernel gives to nobody: the firmware's page 0, behind what the firmware uses.
SCRATCH, SCRATCH_SIZE = 0x600, 0x200
TEXT, TEXT_SIZE = 0x800, 0x400
CR4_PAE = 1 << 5
HLT = 0xF4
# By which no guest ends QEMU: the host has no memory, or somebody has stopped it.
HOSTS_SIGNALS = (signal.SIGBUS, signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
CALLERS = 6
TRAPFRAME = (48, 52, 56, 8)  # struct trapframe: vector, error, eip, ebp
PANICS = ("panic_at", "panic_trap")
EXCEPTIONS = {0: "divide error", 6: "invalid opcode", 8: "double fault", 12: "stack fault"}
EXCEPTIONS |= {13: "general protection fault", 14: "page fault"}


@dataclass(frozen=True)
class Return:
    """What a handler of watch() gives back to make the function return at once, with a value."""

    value: int = 0


class Machine:
    """options: those of Qemu.  layout: constants of the reference's headers (layout.py).

    SCRATCH is physical memory that scenarios may use, at scratch_address for the guest.
    """

    SCRATCH, SCRATCH_SIZE = SCRATCH, SCRATCH_SIZE
    scratch_address = PAGE_OFFSET + SCRATCH

    def __init__(self, elf, layout=None, limit=LIMIT, seed=0, **options):
        self.elf, self.options = Elf(elf), options
        self.layout = layout or {}
        self.limit = limit
        self.seed = seed
        self.executed = 0  # instructions until the last stop
        self.handlers = {}
        self.panicking = False
        self.cpu = 0  # that is looked at
        self.running = ()  # CPUs that run on when the machine does; none named: all
        self.ended = False  # reset, or it hangs: QEMU answers no more, or is never to go on
        self.qemu = Qemu(elf, **options)
        self.stub, self.monitor, self.ram = self.qemu.stub, self.qemu.monitor, self.qemu.ram
        self.breakpoints = {}
        for name in PANICS:
            self._add_breakpoint(self.symbol(name))

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    def close(self):
        self.qemu.close()

    @contextmanager
    def again(self, **changed):
        """Another machine with the same kernel, from its beginning on, while this one stands still.
        changed: options that differ.
        """
        folder = self.qemu.folder / "again"
        folder.mkdir()
        folder.chmod(0o777)  # for the sandbox's user, as the folder around it
        options = self.options | changed | {"folder": folder}
        try:
            with Machine(self.elf.path, self.layout, self.limit, self.seed, **options) as machine:
                yield machine
        finally:
            shutil.rmtree(folder)

    def log(self):
        """The end of what the guest has printed."""
        return self.qemu.log.text()

    def symbol(self, name):
        return self.elf.address(name)

    # Memory, as the host sees it.

    def bytes_at(self, physical, size):
        if physical + size > len(self.ram):
            return bytes(size)  # a table that leads out of the RAM finds nothing there
        return self.ram[physical : physical + size]

    def word(self, physical):
        return self._number(physical, 4)

    def set_word(self, physical, value):
        self.ram[physical : physical + 4] = struct.pack("<I", value & MASK)

    def page(self, pfn):
        return self.bytes_at(pfn * PAGE_SIZE, PAGE_SIZE)

    def fill(self, pfn, byte, pages=1):
        self.ram[pfn * PAGE_SIZE : (pfn + pages) * PAGE_SIZE] = bytes([byte]) * (pages * PAGE_SIZE)

    def _number(self, physical, size):
        return int.from_bytes(self.bytes_at(physical, size), "little")

    def walk(self, virtual):
        """Where an address leads, by the tables in CR3, with the entries on the way."""
        cr3, cr4 = self.stub.paging()
        form = paging.PAE if cr4 & CR4_PAE else paging.TWO_LEVEL
        return paging.walk(self._number, form, cr3, virtual)

    def physical(self, virtual):
        """Of an address that the kernel itself uses now, so it must lead somewhere."""
        found = self.walk(virtual).physical
        if found is None:
            raise GuestPanic(f"the kernel's own address {virtual:#x} is not mapped")
        return found

    def read(self, virtual, size):
        """Bytes of the guest's memory, through the tables but not through the TLB."""
        data = b""
        while size:
            part = min(size, PAGE_SIZE - virtual % PAGE_SIZE)
            data += self.bytes_at(self.physical(virtual), part)
            virtual, size = virtual + part, size - part
        return data

    def write(self, virtual, data):
        while data:
            part = PAGE_SIZE - virtual % PAGE_SIZE
            start = self.physical(virtual)
            self.ram[start : start + len(data[:part])] = data[:part]
            virtual, data = virtual + part, data[part:]

    def read_word(self, virtual):
        return int.from_bytes(self.read(virtual, 4), "little")

    def write_word(self, virtual, value):
        self.write(virtual, struct.pack("<I", value & MASK))

    def variable(self, name):
        """A word of the kernel's own: a claim, where the student could write it."""
        return self.read_word(self.symbol(name))

    def load(self, virtual, **where):
        """The word that the guest's CPU reads there, through its TLB.  where: as of call()."""
        self.call("memcpy", PAGE_OFFSET + SCRATCH, virtual, 4, **where)
        return self.word(SCRATCH)

    def store(self, virtual, value):
        """The guest's CPU writes there, through its TLB."""
        self.set_word(SCRATCH, value)
        self.call("memcpy", virtual, PAGE_OFFSET + SCRATCH, 4)

    # Counters of QEMU's.

    def instructions(self):
        return self.monitor.instructions()

    def tlb_flushes(self):
        return self.monitor.tlb_flushes()

    # Running.

    def run_to(self, symbol):
        """Until a CPU is about to execute the first instruction of that function, or what is at
        that address.
        """
        address = symbol if isinstance(symbol, int) else self.symbol(symbol)
        with self._breakpoint(address):
            self._run_until(lambda at: at["eip"] == address)

    def stop_at(self, *addresses):
        """From now on run_on() ends there too."""
        for address in addresses:
            self._add_breakpoint(address)

    def run_on(self, addresses):
        """Registers at the first stop at one of these, at which stop_at() has asked for one."""
        return self._run_until(lambda now: now["eip"] in addresses)

    def registers(self):
        return self.stub.registers()

    def set_registers(self, registers):
        """All, or some, by name; CR3 and with it the TLB are left alone."""
        self._set(registers)

    def step(self):
        """One instruction."""
        now = self.stub.registers()
        self._end_if_panic(now)
        if now["eip"] in self.breakpoints:
            self._step_over()
            return
        self.stub.step()
        self._wait(self.executed + self.limit)

    def select(self, cpu):
        """That one is looked at: registers, calls."""
        if cpu != self.cpu:
            self.stub.select(cpu + 1)
            self.cpu = cpu

    @contextmanager
    def only(self, *cpus):
        """Meanwhile the others stand still, also when these run."""
        before, self.running = self.running, tuple(cpus)
        try:
            yield
        finally:
            self.running = before

    def finish(self):
        """Until the function at whose first instruction the machine stands has returned."""
        at = self.stub.registers()
        back, esp = self.read_word(at["esp"]), at["esp"] + 4
        with self._breakpoint(back):
            self._run_until(lambda now: now["eip"] == back and now["esp"] >= esp)
        return self.stub.registers()["eax"]

    def call(self, name, *arguments, cpu=None, alone=False):
        """EAX of the function `name` (or at that address).  Everything else is as before: the
        registers are put back, but not CR3, which would empty the TLB.

        On that CPU, which stands where a thread may call; the others run meanwhile, unless it is
        to be alone.  Afterwards the CPU that was looked at before is looked at again.
        """
        before = self.cpu
        self.select(before if cpu is None else cpu)
        with self.only(*([self.cpu] if alone else self.running)):
            value = self._call(name, arguments)["eax"]
        self.select(before)
        return value

    def call64(self, name, *arguments):
        after = self._call(name, arguments)
        return after["edx"] << 32 | after["eax"]

    def panics(self, name, *arguments, **where):
        """The panic that a call ends in; None if it returned.  Afterwards the machine stands where
        it stood: the RAM is as before.  (The TLB need not be: entries that the call changed may
        have been loaded.)
        """
        self.select(where.get("cpu", self.cpu))
        ram, registers = self.ram[:], self.stub.registers()
        try:
            self.call(name, *arguments, **where)
        except GuestPanic as panic:
            self._restore(registers)
            return panic
        finally:
            self.ram[:] = ram
        return None

    @contextmanager
    def watch(self, symbol, handler):
        """Meanwhile handler(first, second, third) is called wherever the guest is about to execute
        the function (or what is at that address), with what its first registers hold.  If it
        gives Return(value) back, the function returns without having run.
        """
        place = symbol if isinstance(symbol, int) else self.symbol(symbol)
        with self._breakpoint(place) as address:
            self.handlers[address] = handler
            try:
                yield
            finally:
                del self.handlers[address]

    # Calls: the machine stands at some instruction, at which there is a breakpoint for the time of
    # the call, and which serves as return address.

    def _call(self, name, arguments):
        before = self.stub.registers()
        registers, stack = words.place(arguments)
        function = name if isinstance(name, int) else self.symbol(name)
        bottom = before["esp"] - 4 * len(stack) - 4
        self.write(bottom, struct.pack(f"<{len(stack) + 1}I", before["eip"], *stack))
        self._set(registers | {"esp": bottom, "eip": function})
        with self._breakpoint(before["eip"]) as back:
            after = self._run_until(
                lambda now: now["eip"] == back and now["esp"] == bottom + 4, step_over=False
            )
        self._restore(before, after)
        return after

    def _set(self, registers):
        self.stub.set_registers(registers)

    def _restore(self, before, after=None):
        after = after or self.stub.registers()
        self._set({name: value for name, value in before.items() if after[name] != value})

    # Breakpoints: more than one may want the same.

    @contextmanager
    def _breakpoint(self, address):
        self._add_breakpoint(address)
        try:
            yield address
        finally:
            self._drop_breakpoint(address)

    def _add_breakpoint(self, address):
        self.breakpoints[address] = self.breakpoints.get(address, 0) + 1
        if self.breakpoints[address] == 1:
            self.stub.set_breakpoint(address)

    def _drop_breakpoint(self, address):
        self.breakpoints[address] -= 1
        if not self.breakpoints[address]:
            del self.breakpoints[address]
            if not self.ended:
                self.stub.clear_breakpoint(address)

    # Waiting for the guest.

    def _run_until(self, is_there, step_over=True):
        """Registers at the first stop for which is_there(registers)."""
        end = self.executed + self.limit
        while True:
            if step_over:
                self._step_over()
            now = self._go_on(end)
            if is_there(now):
                return now
            self._end_if_panic(now)
            step_over = self._handle(now)

    def _handle(self, now):
        """Whether the instruction at the breakpoint is to be executed."""
        handler = self.handlers.get(now["eip"])
        answer = handler and handler(now["eax"], now["edx"], now["ecx"])
        if not isinstance(answer, Return):
            return True
        self._set({"eip": self.read_word(now["esp"]), "esp": now["esp"] + 4, "eax": answer.value})
        return False

    def _step_over(self):
        """QEMU would stop again where it stands if a breakpoint is there."""
        address = self.stub.register("eip")
        if address not in self.breakpoints:
            return
        self.stub.clear_breakpoint(address)
        self.stub.step(self.cpu + 1)
        self._wait(self.executed + self.limit)
        self.stub.set_breakpoint(address)

    def _resume(self):
        self.stub.resume(*(cpu + 1 for cpu in self.running))

    def _go_on(self, end):
        self._resume()
        self._wait(end)
        self.executed = self.instructions()
        self._end_if_long(end)
        return self.stub.registers()

    def _wait(self, end):
        """For a stop.  How many instructions were executed decides, not how long it took."""
        before = None
        while not (reply := self._ask(self.stub.wait, LOOK_SECONDS)):
            count = self._ask(self.instructions)
            self.executed = count
            self._end_if_long(end)
            if count == before and self._ask(self._is_halted):
                raise self._end(GuestHang("every CPU is halted, and nothing will wake it"))
            before = count
        if reply[0] in "WX":
            raise self._end(self._gone())
        stopped = re.search("thread:([0-9a-f]+)", reply)
        self.cpu = int(stopped[1], 16) - 1 if stopped else self.cpu

    def _ask(self, what, *arguments):
        """QEMU may end at any time."""
        try:
            return what(*arguments)
        except (StubClosed, MonitorError) as error:
            raise self._end(self._gone()) from error

    def _gone(self):
        """How QEMU ended: by itself at a reset, by giving up a guest that runs where no memory is,
        or by the sandbox's limit of CPU time, which is far behind that of instructions.
        """
        ended_by = self.qemu.ended_by()
        if ended_by == signal.SIGXCPU:
            return GuestTimeOut("QEMU has used up its CPU time, mostly in devices")
        if ended_by in HOSTS_SIGNALS:
            return QemuError(f"QEMU was ended by {ended_by.name}: has the host no memory left?")
        if ended_by:
            return GuestReset(f"QEMU gave up ({ended_by.name}): a jump to where no memory is?")
        return GuestReset("the machine was reset (a triple fault is one)")

    def _is_halted(self):
        halted = self.monitor.halted()
        return all(halted[cpu] for cpu in self.running or range(len(halted)))

    def stands_behind_hlt(self, cpu):
        self.select(cpu)
        return self.read(self.stub.registers()["eip"] - 1, 1)[0] == HLT

    def _end_if_long(self, end):
        if self.executed > end:
            millions = self.limit // 1_000_000
            raise self._end(GuestHang(f"not done after {millions} million instructions"))

    def _end(self, how):
        self.ended = True
        return how

    # Panics.

    def _end_if_panic(self, now):
        if now["eip"] == self.symbol("panic_at"):
            raise self._panic_of_kernel(now)
        if now["eip"] == self.symbol("panic_trap"):
            raise self._panic_of_cpu(now["eax"], now["edx"])

    def _panic_of_kernel(self, now):
        """panic_at(site, format, ...): all of it on the stack."""
        if self.panicking:
            return GuestPanic("a panic during the report of a panic")
        self.panicking = True
        try:
            return self._report(now["esp"], now["ebp"])
        finally:
            self.panicking = False

    def _report(self, esp, ebp):
        back, site, form = struct.unpack("<3I", self.read(esp, 12))
        file, function, line, invariant = struct.unpack("<4I", self.read(site, 16))
        place = f"{self._text(function)}, {self._text(file)}:{line}"
        where = [self.elf.caller(back)] + self._callers(ebp)
        return GuestPanic(self._formatted(form, esp + 12), invariant, place, where)

    def _formatted(self, form, arguments):
        """By the kernel's own code; a stack that has no room for that gets the bare format."""
        try:
            self.call("vsnprintf", PAGE_OFFSET + TEXT, TEXT_SIZE, form, arguments, alone=True)
        except (GuestEnd, StubError):
            return self._text(form)
        return self.bytes_at(TEXT, TEXT_SIZE).split(b"\0")[0].decode("latin-1")

    def _panic_of_cpu(self, frame, address):
        """panic_trap(frame, address): an exception."""
        vector, error, eip, ebp = (self.read_word(frame + at) for at in TRAPFRAME)
        said = EXCEPTIONS.get(vector, f"exception {vector}")
        said += f" at address {address:#010x}" if vector == 14 else ""
        where = [self.elf.function(eip)] + self._callers(ebp)
        return GuestPanic(f"{said}, error code {error:#x}", 0, self.elf.place(eip), where)

    def _callers(self, ebp):
        """Functions of the frame whose EBP this is and of those outside it; the grader's call is
        the last.  A chain that makes no sense ends.
        """
        names = []
        while len(names) < CALLERS and ebp and self.walk(ebp + 7).physical is not None:
            outer, back = struct.unpack("<2I", self.read(ebp, 8))
            names.append(self.elf.caller(back))
            ebp = outer if outer > ebp else 0
        return [name for name in names if name]

    def _text(self, virtual):
        data = b""
        while b"\0" not in data and len(data) < TEXT_SIZE:
            data += self.read(virtual + len(data), 16)
        return data.split(b"\0")[0].decode("latin-1")
