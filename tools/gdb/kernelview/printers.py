"""GDB's own `print` shows entries, pages, locks and lists in words."""

import gdb
import gdb.printing

from kernelview import Unavailable, locks, pages, paging
from kernelview.machine import machine
from kernelview.names import name_of
from kernelview.user import calls, tasks


class Entry:
    """pte_t, pmd_t, pgd_t: frame and flags."""

    def __init__(self, value):
        self.value = value

    def to_string(self):
        value, kernel = self.value, machine()
        while value.type.strip_typedefs().code == gdb.TYPE_CODE_STRUCT:
            value = value[value.type.strip_typedefs().fields()[0]]
        raw, form = int(value), kernel.format
        pdpte = form.entry_bytes == 8 and str(self.value.type) == "pgd_t"
        words = paging.flag_words(raw, pdpte)
        return (
            f"frame {(raw & form.frame_mask) >> 12:#x} {words}" if raw & paging.PRESENT else words
        )


class Page:
    """struct page: its frame and what it is used for."""

    def __init__(self, value):
        self.value = value

    def to_string(self):
        kernel = machine()
        base, address = (
            kernel.var("mem_map"),
            int(self.value.address) if self.value.address is not None else 0,
        )
        if not base or address < base:
            return f"page outside of mem_map, flags {int(self.value['flags']):#x}"
        pfn = (address - base) // self.value.type.sizeof
        return pages.describe(kernel, pfn << 12)


class Lock:
    """struct spinlock: free, or who holds it since where."""

    def __init__(self, value):
        self.value = value

    def to_string(self):
        name = machine().string(int(self.value["name"]))
        if int(self.value["owner"]["v"]) == locks.FREE:
            return f"lock {name}: free"
        return f"lock {name}: held by CPU {int(self.value['owner']['v'])}, taken by {name_of(int(self.value['caller']))}"


class List:
    """struct list: as a head, how many nodes it has and which."""

    def __init__(self, value):
        self.value = value

    def to_string(self):
        if self.value.address is None:
            return f"next {int(self.value['next']):#x}, prev {int(self.value['prev']):#x}"
        try:
            nodes = machine().list_nodes(int(self.value.address), 10000)
        except Unavailable as why:
            return f"list: {why}"
        shown = " ".join(f"{node:#x}" for node in nodes[:8]) + (" ..." if len(nodes) > 8 else "")
        return f"list of {len(nodes)} nodes" + (f": {shown}" if nodes else "")


def in_memory(value, kind):
    """The same struct, read as the commands read it; None of one that lies nowhere."""
    return machine().object(kind, int(value.address)) if value.address is not None else None


class Task:
    """struct task: its number, whether it lives, what it is charged for."""

    def __init__(self, value):
        self.value = value

    def to_string(self):
        task = in_memory(self.value, "struct task")
        if not task:
            return f"task {int(self.value['number'])}"
        return f"task {task.number} {tasks.life(task)}: {tasks.memory_words(machine(), task)}"


class UserThread:
    """struct user_thread: whose, and its state in calls."""

    def __init__(self, value):
        self.value = value

    def to_string(self):
        thread = in_memory(self.value, "struct user_thread")
        if not thread:
            return "a thread of a task"
        words = f"{tasks.thread_words(machine(), thread)}: {tasks.state_of(thread)}"
        return words + tasks.place_words(machine(), thread)


class Handle:
    """struct handle: what it leads to, rights, badge."""

    def __init__(self, value):
        self.value = value

    def to_string(self):
        rights, badge = int(self.value["rights"]), int(self.value["badge"])
        if not int(self.value["object"]):
            return "an empty slot"
        leads = tasks.object_words(machine(), int(self.value["object"]))
        if rights & machine().constants["RIGHT_REPLY"]:
            return f"reply to call {int(self.value['number']) << 32 | badge} of {leads}"
        return f"{leads}, rights {calls.rights_words(rights, tasks.RIGHTS)}, badge {badge:#x}"


class Waited:
    """struct endpoint, struct notification: as tarn endpoints shows them."""

    def __init__(self, value):
        self.value = value

    def to_string(self):
        kind, kernel = self.value.type.unqualified().name, machine()
        thing = in_memory(self.value, f"struct {kind}")
        if not thing:
            return f"a {kind}"
        words = tasks.object_line(kernel, kind, thing)
        if kind == "notification":
            words += "; " + tasks.bits_words(kernel, thing)
        waiting = tasks.queued(kernel, thing, "queue" if kind == "endpoint" else "waiters")
        return words + f"; {len(waiting)} wait"


PRINTERS = {
    "^pte_t$": Entry,
    "^pmd_t$": Entry,
    "^pgd_t$": Entry,
    "^page$": Page,
    "^spinlock$": Lock,
    "^list$": List,
    "^task$": Task,
    "^user_thread$": UserThread,
    "^handle$": Handle,
    "^(endpoint|notification)$": Waited,
}


class Typedefs(gdb.printing.RegexpCollectionPrettyPrinter):
    """By the name of the type as it is written: entries are typedefs of nameless structs."""

    def __call__(self, value):
        name = value.type.unqualified().name
        for printer in self.subprinters if name else []:
            if printer.enabled and printer.compiled_re.search(name):
                return printer.gen_printer(value)
        return None


def register():
    printers = Typedefs("tarn")
    for pattern, printer in PRINTERS.items():
        printers.add_printer(pattern.strip("^$"), pattern, printer)
    gdb.printing.register_pretty_printer(None, printers, replace=True)
