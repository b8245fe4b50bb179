"""The machine as the subjects see it: physical and kernel memory, variables, per-CPU variables,
CPUs, names of addresses.
"""

import struct
from dataclasses import dataclass
from functools import lru_cache

import gdb

from kernelview import Unavailable, memory, objects
from kernelview.constants import Constants
from kernelview.paging import PAE, TWO_LEVEL, walk

CR0_PG, EFLAGS_IF = 1 << 31, 1 << 9
REGISTERS = ["eip", "esp", "ebp", "eflags", "cr0", "cr2", "cr3", "cr4", "fs_base"]


@dataclass
class Cpu:
    """A CPU of the machine.  number: the kernel's, or None before it has one; index: the
    debugger's.
    """

    index: int
    number: int
    registers: dict

    def __getattr__(self, name):
        try:
            return self.__dict__["registers"][name] & 0xFFFFFFFF
        except KeyError:
            raise AttributeError(name) from None

    @property
    def paging(self):
        return bool(self.cr0 & CR0_PG)

    @property
    def interrupts_on(self):
        return bool(self.eflags & EFLAGS_IF)

    @property
    def name(self):
        return f"CPU {self.number}" if self.number is not None else f"QEMU's CPU {self.index}"


def enumerator(name):
    try:
        return int(gdb.parse_and_eval(name))
    except gdb.error:
        raise KeyError(name) from None


class Machine:
    def __init__(self):
        self.memory = memory.connect()
        self.constants = Constants(enumerator)
        self.format = PAE if gdb.lookup_type("pte_t").sizeof == 8 else TWO_LEVEL
        self.page_offset = self.constants["PAGE_OFFSET"]
        self._cpus = None

    def forget(self):
        """The machine has run, or its memory was changed."""
        self.memory.forget()
        self._cpus = None

    # ---- Memory ----

    def read_physical(self, address, size):
        return self.memory.read(address, size)

    def read(self, address, size):
        """The kernel's memory: the direct map by arithmetic, the rest by the kernel's page
        tables.
        """
        if address < self.page_offset:
            # What is linked before paging (boot/) and lies at its own address.
            return self.read_physical(address, size)
        if address - self.page_offset + size <= self.direct_map_bytes:
            return self.read_physical(address - self.page_offset, size)
        return b"".join(self._read_mapped(at, part) for at, part in pieces(address, size))

    def _read_mapped(self, address, size):
        found = walk(
            self.read_physical, self.format, self.kernel_pgd, address, self.direct_map_bytes
        )
        if not found.mapped:
            raise Unavailable(f"the kernel's page tables do not map {address:#010x}")
        return self.read_physical(found.physical, size)

    def word(self, address):
        return int.from_bytes(self.read(address, 4), "little")

    def string(self, address, limit=64):
        """A string of the kernel's; "?" where there is none."""
        try:
            return (
                self.read(address, limit).partition(b"\0")[0].decode("ascii", "replace")
                if address
                else "?"
            )
        except Unavailable:
            return "?"

    @property
    def direct_map_bytes(self):
        """Read where it must lie: the direct map is what is being asked for."""
        address = symbol_address("direct_map_end") - self.page_offset
        frames = int.from_bytes(self.read_physical(address, 4), "little")
        return frames << 12 or 1 << 28

    @property
    def kernel_pgd(self):
        """Physical address of the tables that the kernel means to run on."""
        virtual = self.var("kernel_pgd")
        if virtual < self.page_offset:
            raise Unavailable(
                "the kernel is not in memory yet: let the boot loader load it (`hbreak kernel_main`, `continue`)"
            )
        return virtual - self.page_offset

    # ---- Variables ----

    def object(self, kind, address):
        """`kind`: such as "struct thread"."""
        return objects.Object(self, gdb.lookup_type(kind).strip_typedefs(), address)

    def at(self, kind, address):
        """A value of GDB's type `kind`."""
        return objects.decode(self, kind, address, self.read(address, kind.sizeof))

    def var(self, name):
        """A variable; `file.c::name` for one of several of that name."""
        return self.at(symbol_type(name), symbol_address(name))

    def numbers(self, name, count, letter):
        """The first `count` numbers of an array, or of what a pointer leads to; `letter`: their
        size, as struct has it.
        """
        kind = symbol_type(name).strip_typedefs()
        address = symbol_address(name) if kind.code == gdb.TYPE_CODE_ARRAY else self.var(name)
        return memoryview(self.read(address, count * struct.calcsize(letter))).cast(letter).tolist()

    def has_var(self, name):
        return find_variable(name) is not None

    @staticmethod
    def symbol(name):
        """The address of a variable, or of a name that the linker script defines."""
        return symbol_address(name)

    def percpu(self, name, cpu):
        """CPU `cpu`'s copy."""
        return self.at(symbol_type(name), symbol_address(name) + self.percpu_offsets[cpu])

    @property
    def percpu_offsets(self):
        return self.var("percpu_offset")

    @property
    def cpu_numbers(self):
        """The CPUs that have per-CPU variables."""
        return [n for n, offset in enumerate(self.percpu_offsets) if offset]

    def list_nodes(self, head, bound=1 << 20):
        """Addresses of the nodes of a circular list, without its head."""
        nodes, node = [], self.word(head)
        while node != head:
            if len(nodes) >= bound or not node:
                raise Unavailable(f"the list at {head:#010x} does not come back to its head")
            nodes.append(node)
            node = self.word(node)
        return nodes

    def list_objects(self, head, kind, member):
        offset = objects.layout(kind)[member][0]
        return [self.object(kind, node - offset) for node in self.list_nodes(head)]

    # ---- CPUs ----

    def cpus(self):
        if self._cpus is None:
            live = memory.is_live()
            states = read_registers() if live else self.memory.source.core.cpus()
            self._cpus = [Cpu(n, self._number(state), state) for n, state in enumerate(states)]
            for cpu in self._cpus:
                if cpu.number is None and cpu.paging:
                    cpu.number = self._number_in_user_mode(cpu)
        return self._cpus

    def _number(self, state):
        """By the base of %fs: the distance from the per-CPU variables' template to the CPU's
        copy.
        """
        base = state.get("fs_base", 0) & 0xFFFFFFFF
        return next(
            (n for n, offset in enumerate(self.percpu_offsets) if offset and offset == base), None
        )

    def _number_in_user_mode(self, cpu):
        """There, and in the first instructions of an entry, %fs is the user's: the CPU is one whose
        thread has these tables; the debugger's number tells threads of one task apart.
        """
        taken = {other.number for other in self._cpus}
        left = [n for n in self.cpu_numbers if n not in taken and self._runs_on(n, cpu.cr3)]
        return cpu.index if cpu.index in left else next(iter(left), None)

    def _runs_on(self, number, cr3):
        current = self.percpu("run_queue", number).current
        mm = self.object("struct thread", current).mm if current else 0
        if not mm:
            return False
        # With PAE CR3 has bits beyond the page (SDM vol. 3, 4.4.1).
        return self.object("struct mm", mm).tlb.pgd - self.page_offset == cr3 & ~0x1F

    def cpu(self):
        """The CPU that GDB has selected."""
        thread = gdb.selected_thread()
        cpus = self.cpus()
        return cpus[min(thread.num - 1, len(cpus) - 1)] if thread else cpus[0]

    # ---- Boot steps ----

    def need(self, variable, step, what):
        """Refuses before the boot step that makes `variable` other than 0."""
        if not self.var(variable):
            raise Unavailable(
                f"{what}: made in boot step {step}, and the kernel has not come that far"
            )


def pieces(address, size):
    """[address, address + size) cut where pages end."""
    while size:
        part = min(size, 4096 - address % 4096)
        yield address, part
        address, size = address + part, size - part


def read_registers():
    """Registers of every CPU, in QEMU's order; leaves the selected one selected."""
    selected, frame = gdb.selected_thread(), None
    if selected:
        frame = gdb.selected_frame()
    states = []
    for thread in sorted(gdb.selected_inferior().threads(), key=lambda thread: thread.num):
        thread.switch()
        states.append(
            {name: int(gdb.newest_frame().read_register(name)) & 0xFFFFFFFF for name in REGISTERS}
        )
    if selected:
        selected.switch()
        frame.select()
    return states


# ---- Symbols ----


def find_variable(name):
    """GDB's value for a variable, not read, or None."""
    file, _, plain = name.rpartition("::")
    try:
        return gdb.parse_and_eval(f"&'{file}'::{plain}" if file else f"&'{plain}'")
    except gdb.error:
        return None


@lru_cache(maxsize=None)
def variable(name):
    value = find_variable(name)
    if value is None:
        raise Unavailable(f"this kernel has no variable {name}")
    return int(value), value.type.target()


def symbol_address(name):
    return variable(name)[0]


def symbol_type(name):
    return variable(name)[1]


@lru_cache(maxsize=1)
def current_source(connection):
    return Machine()


def machine():
    """The Machine of what GDB is connected to now."""
    connection = gdb.selected_inferior().connection
    return current_source(connection.num if connection else memory.core_file())
