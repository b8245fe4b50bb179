"""Processes as `ps` shows them, from outside: proc's table, read in its own memory, and the tasks
that belong to it."""

from contextlib import contextmanager

import gdb

from kernelview import Unavailable, objects, paging
from kernelview.machine import pieces
from kernelview.user import symbols, tasks

HEADING = "  PID PARENT  GROUP  STATE       KIB  LIMIT MIB  NAME"
SERVERS = ["root", "pager", "names", "con", "ramfs", "pipe", "proc"]  # enum server_number


class UserMemory:
    """A task's memory, by its page tables.  What is not there yet would be zeros, which the pager
    brings when it is touched."""

    def __init__(self, machine, task):
        self.machine = machine
        mm = machine.object("struct mm", task.mm)
        self.pgd = mm.tlb.pgd - machine.page_offset

    def read(self, address, size):
        return b"".join(self._read_page(at, part) for at, part in pieces(address, size))

    def _read_page(self, address, size):
        read = self.machine.read_physical
        found = paging.walk(
            read, self.machine.format, self.pgd, address, self.machine.direct_map_bytes
        )
        return read(found.physical, size) if found.mapped else bytes(size)


@contextmanager
def symbols_beside(program):
    """A program's symbols, beside those that GDB has of another."""
    path = symbols.path_of(program)
    there = path in symbols.loaded
    if not there:
        gdb.execute(f"add-symbol-file {path}", to_string=True)
    try:
        yield
    finally:
        if not there:
            gdb.execute(f"remove-symbol-file {path}", to_string=True)


def by_badge(machine):
    """Living tasks by the badge of their pager's handle: a pid, or a server's."""
    living = tasks.living_tasks(machine)
    found = {task.pager_badge: task for task in living if task.pager_badge}
    first = {task.number: task for task in living}
    # Nobody is the pager of root and pager: they are the first two tasks.
    for number, server in ((1, 0), (2, 1)):
        if number in first and not first[number].pager_badge:
            found[machine.constants["BADGE_SERVERS"] + server] = first[number]
    return found


def table(machine, proc):
    """Pid and struct process of those in use; and the names of its states."""
    with symbols_beside("proc"):
        symbol = gdb.lookup_static_symbol("processes")
        if not symbol:
            raise Unavailable("build/user/proc has no table of processes: it is of another time")
        kind, address = symbol.type, int(symbol.value().address)
        state = kind.target().strip_typedefs()["state"].type
        names = {field.enumval: field.name for field in state.fields()}
        memory = UserMemory(machine, proc)
        entries = objects.decode(memory, kind, address, memory.read(address, kind.sizeof))
        used = [(pid, entry) for pid, entry in enumerate(entries) if entry.state]
        return [(pid, Process(entry, names)) for pid, entry in used]


class Process:
    """What the table says, taken out of it while its symbols are there."""

    def __init__(self, entry, names):
        self.parent, self.group = entry.parent, entry.group
        self.state = names[entry.state].removeprefix("PROCESS_")
        path = bytes(byte & 0xFF for byte in entry.path).partition(b"\0")[0]
        self.name = path.decode("ascii", "replace").rpartition("/")[2] or "?"


def state_of(machine, process, task):
    if process.state != "ALIVE":
        return "ended"
    threads = tasks.threads_of(machine, task) if task else []
    waits = threads and tasks.state_of(threads[0]) != "RUN"
    return "waits" if waits else "runs"


def row(pid, parent, group, state, task, name):
    used, limit = (task.account.used, task.account.limit) if task else (0, 0)
    return f"{pid:5} {parent:6} {group:6}  {state:<6} {used >> 10:8} {limit >> 20:10}  {name}"


def server_rows(machine, found):
    """In the order in which their tasks were made, as proc lists them."""
    first = machine.constants["BADGE_SERVERS"]
    servers = [(task, badge - first) for badge, task in found.items() if badge >= first]
    return [
        row(machine.constants["PIDS"] + n, 0, 0, "server", task, SERVERS[n])
        for task, n in sorted(servers, key=lambda server: server[0].number)
    ]


def lines(machine):
    found = by_badge(machine)
    proc = found.get(machine.constants["BADGE_SERVERS"] + SERVERS.index("proc"))
    if not proc:
        raise Unavailable("proc does not run: there are tasks (tarn tasks), but no processes")
    text = [HEADING]
    for pid, process in table(machine, proc):
        task = found.get(pid)
        state = state_of(machine, process, task)
        text.append(row(pid, process.parent, process.group, state, task, process.name))
    return text + server_rows(machine, found)
