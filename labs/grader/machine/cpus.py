"""Several CPUs, each at a place of its own: a short loop, which the host has written.

A CPU that spins there runs a thread, has interrupts on and answers the others; the grader may call
functions on it.  It is busy, in the kernel's eyes; one that is let go becomes idle and halts.
"""

from contextlib import contextmanager

from grader.machine import words
from grader.machine.machine import PAGE_OFFSET

CODE, CODE_SIZE = 0xC00, 0x400  # of the firmware's page 0, as SCRATCH
SPOT, SPOT_SIZE = 0xC00, 16  # of CPU 0; those of the others follow
DEAF, PIECES = 0xC80, 0xD00
# With `pause`, at which QEMU goes on with the next CPU: they run in turn.
SPIN, RETURN, ALLOW_INTERRUPTS = b"\xf3\x90\xeb\xfc", b"\xc3", b"\xfb"
COUNT_UP = b"\xf0\xff\x00"  # lock incl (%eax)
INTERRUPTS = 1 << 9  # EFLAGS.IF
LIMIT = 30_000_000  # instructions of all CPUs that no call takes
A_WHILE = 2000  # microseconds in which every interrupt has come, and every thread has run


def turns(count):
    """mov ecx, count; a loop of `pause`, so that the other CPUs go on meanwhile."""
    return b"\xb9" + count.to_bytes(4, "little") + b"\xf3\x90\xe2\xfc"


class Cpus:
    """The machine stands on CPU 0, which has started the others: they are idle."""

    def __init__(self, m, busy=True):
        self.m, self.count = m, len(m.stub.cpus())
        m.limit = LIMIT
        self.others = range(1, self.count)
        self.spot = {cpu: SPOT + SPOT_SIZE * cpu for cpu in range(self.count)}
        for place in self.spot.values():
            self.place(place, SPIN)
        self.busy = {0}  # CPUs that spin
        self.pieces = PIECES
        self.goes_to(0, self.spot[0])
        if busy:
            for cpu in self.others:
                self.make_busy(cpu)

    # Code of the grader's.

    def place(self, at, code):
        self.m.ram[at : at + len(code)] = code
        return PAGE_OFFSET + at

    def function(self, code):
        """Address of a function of the grader's: fn(arg)."""
        at = self.place(self.pieces, code)
        self.pieces += len(code) + 15 & ~15
        return at

    def goes_to(self, cpu, place, interrupts=True):
        """It stands where a thread may be left, and executes what is there from now on."""
        self.m.select(cpu)
        flags = self.m.stub.registers()["eflags"] & ~INTERRUPTS
        flags |= INTERRUPTS if interrupts else 0
        self.m.stub.set_registers({"eip": PAGE_OFFSET + place, "eflags": flags})
        self.m.select(0)

    # What a CPU does.

    def start(self, cpu, function, argument=0, alone=False):
        """A thread on that CPU; alone: it begins when the CPU runs next."""
        name = self.m.scratch_address + 16
        self.m.write(name, b"lab\0")
        self.call(0, "thread_create", name, function, argument, cpu, alone=alone)

    def make_busy(self, cpu):
        """A thread that spins."""
        self.spot[cpu] = SPOT + SPOT_SIZE * cpu
        self.start(cpu, PAGE_OFFSET + self.spot[cpu])
        self.m.run_to(PAGE_OFFSET + self.spot[cpu])
        self.m.select(0)
        self.busy.add(cpu)

    def make_idle(self, cpu):
        """Its thread ends."""
        self.settle(cpu)
        self.busy.remove(cpu)
        self.m.select(cpu)
        esp = self.m.stub.registers()["esp"]
        back = self.m.read_word(esp)
        self.m.stub.set_registers({"eip": back, "esp": esp + 4})
        self.m.select(0)
        for _ in range(20):
            self.let_run()
            if self.is_halted(cpu):
                return
        raise RuntimeError(f"CPU {cpu} does not become idle")

    def is_halted(self, cpu):
        halted = self.m.stands_behind_hlt(cpu)
        self.m.select(0)
        return halted

    def make_deaf(self, cpu, count):
        """Interrupts are off there for so many turns of a loop; then it spins as before."""
        code = turns(count) + ALLOW_INTERRUPTS
        self.place(DEAF, code + SPIN)
        self.settle(cpu)
        self.goes_to(cpu, DEAF, interrupts=False)
        self.spot[cpu] = DEAF + len(code)

    def at(self, cpu):
        self.m.select(cpu)
        eip = self.m.stub.registers()["eip"]
        self.m.select(0)
        return eip

    def settle(self, cpu):
        """Runs it, alone, until it is at its spot: an interrupt may be handled just now."""
        place = PAGE_OFFSET + self.spot[cpu]
        if not place <= self.at(cpu) < place + len(SPIN):
            with self.m.only(cpu):
                self.m.run_to(place)
            self.m.select(0)

    def let_run(self, microseconds=A_WHILE):
        """All of them, for so long; CPU 0 measures it."""
        self.settle(0)
        self.m.call("udelay", microseconds, cpu=0)

    # Calls.

    def call(self, cpu, name, *arguments, alone=False):
        """On a busy CPU; the others spin, and answer interrupts unless it is alone."""
        self.settle(cpu)
        for other in self.busy - {cpu} if alone else ():
            self.settle(other)
        return self.m.call(name, *arguments, cpu=cpu, alone=alone)

    def call_at_once(self, calls):
        """{CPU: (name, arguments...)}: all of them at the same time, until each has returned."""
        for cpu, (name, *arguments) in calls.items():
            self.settle(cpu)
            self.m.select(cpu)
            esp = self.m.stub.registers()["esp"] - 4
            self.m.write_word(esp, PAGE_OFFSET + self.spot[cpu])
            registers, _ = words.place(arguments)
            eip = self.m.symbol(name)
            self.m.stub.set_registers(registers | {"esp": esp, "eip": eip})
        for cpu in calls:
            self.m.run_to(PAGE_OFFSET + self.spot[cpu])
        self.m.select(0)

    def load(self, cpu, address):
        """What that CPU reads there, through its TLB; no other CPU does anything meanwhile."""
        return self.m.load(address, cpu=cpu, alone=True)

    @contextmanager
    def interrupts(self, vector=None):
        """Gathers which CPUs are interrupted by others meanwhile."""
        sent = []

        def note(cpu, given, _):
            if vector is None or given == vector:
                sent.append(cpu)

        with self.m.watch("smp_send_ipi", note):
            yield sent
