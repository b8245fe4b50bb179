"""Locks: every spinlock that the kernel has, found by its type."""

from dataclasses import dataclass
from functools import lru_cache

import gdb

from kernelview import objects, threads
from kernelview.constants import ROOT
from kernelview.names import name_of

RECORDS = (gdb.TYPE_CODE_STRUCT, gdb.TYPE_CODE_UNION)


FREE = 0xFFFFFFFF  # SPIN_NO_OWNER


def taken(lock):
    """Of a struct spinlock; one without a name has not been made yet."""
    return bool(lock.name) and lock.owner != FREE


@dataclass
class Lock:
    where: str  # the variable that it is, or lies in
    name: str
    taken: bool
    owner: int
    caller: int


def inside(kind):
    """Offsets of the spinlocks in a type, each with the words that lead there."""
    kind = kind.strip_typedefs()
    if kind.code == gdb.TYPE_CODE_ARRAY:
        size, (low, high) = kind.target().sizeof, kind.range()
        if high - low > 64:
            return
        for n in range(high - low + 1):
            for offset, words in inside(kind.target()):
                yield n * size + offset, f"[{n}]{words}"
    elif kind.code in RECORDS and kind.name == "spinlock":
        yield 0, ""
    elif kind.code in RECORDS:
        for field in kind.fields():
            for offset, words in inside(field.type):
                yield field.bitpos // 8 + offset, f".{field.name}{words}"


def variables():
    """Every variable with static storage, by GDB's symbol tables of the kernel's C files."""
    seen = set()
    for symtab in symbol_tables():
        for block in (symtab.static_block(), symtab.global_block()):
            for symbol in block:
                if (
                    symbol.is_variable
                    and symbol.addr_class == gdb.SYMBOL_LOC_STATIC
                    and (symbol.name, str(symtab)) not in seen
                ):
                    seen.add((symbol.name, str(symtab)))
                    yield symbol


def symbol_tables():
    for path in sorted(ROOT.glob("kernel/**/*.c")) + sorted(ROOT.glob("tests/kernel/**/*.c")):
        try:
            yield gdb.decode_line(f"{path.relative_to(ROOT)}:1")[1][0].symtab
        except (gdb.error, IndexError, TypeError):
            continue  # not in this kernel


@lru_cache(maxsize=1)
def places():
    """(variable, address, offset, words, is it per CPU) for every spinlock in a variable."""
    found = []
    for symbol in variables():
        for offset, words in inside(symbol.type):
            address = int(symbol.value().address)
            found.append((symbol.name, address, offset, words))
    return sorted(set(found), key=lambda place: place[1] + place[2])


def is_percpu(machine, address):
    return machine.symbol("percpu_start") <= address < machine.symbol("percpu_end")


def read(machine, where, address):
    lock = machine.object("struct spinlock", address)
    return Lock(where, machine.string(lock.name), taken(lock), lock.owner, lock.caller)


def all_locks(machine):
    found = []
    for name, address, offset, words in places():
        if is_percpu(machine, address):
            found += [
                read(
                    machine,
                    f"{name}{words} of CPU {cpu}",
                    address + machine.percpu_offsets[cpu] + offset,
                )
                for cpu in machine.cpu_numbers
            ]
        else:
            found.append(read(machine, name + words, address + offset))
    return found + dynamic_locks(machine)


def dynamic_locks(machine):
    """Those of threads and of address spaces."""
    found, spaces = [], set()
    for address in threads.addresses(machine):
        thread = machine.object("struct thread", address)
        name = machine.string(thread.address_of("name"), 16)
        found.append(read(machine, f"exited of thread {name}", thread.address_of("exited")))
        spaces |= {thread.mm} - {0}
    offset = objects.layout("struct mm")["page_table_lock"][0]
    return found + [
        read(machine, f"page_table_lock of mm {mm:#x}", mm + offset) for mm in sorted(spaces)
    ]


def line(lock):
    state = f"held by CPU {lock.owner}, taken by {name_of(lock.caller)}" if lock.taken else "free"
    last = f", last taken by {name_of(lock.caller)}" if lock.caller and not lock.taken else ""
    return f"{lock.name:14} {lock.where:34} {state}{last}"


def lines(machine, everything=False):
    found = [lock for lock in all_locks(machine) if lock.name and lock.name != "?"]
    held = [lock for lock in found if lock.taken]
    text = [f"{len(found)} locks, {len(held)} held"] + [line(lock) for lock in held]
    return text + (
        [line(lock) for lock in found if not lock.taken]
        if everything
        else ["(tarn locks all: the others too)"]
    )


def held(machine, name, report, what, numbers):
    """True if somebody holds it: then the report says what was not judged."""
    lock = machine.var(name)
    if taken(lock):
        report.leave(what, numbers, f"{machine.string(lock.name)} is held by CPU {lock.owner}")
    return taken(lock)
