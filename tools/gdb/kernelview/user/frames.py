"""User memory: what a task maps, which frames those are, who owns them and who else maps them
(kernel/mm/user/frames.h).
"""

from dataclasses import dataclass, field

from kernelview import Unavailable, objects, pages, paging
from kernelview.user import tasks
from kernelview.user.calls import prot_words

FRAMES_SHOWN = 48


@dataclass
class Mapping:
    mm: int
    address: int
    prot: int


@dataclass
class Entry:
    address: int
    pfn: int
    value: int
    user: bool  # its frame has an owner (PG_USER)


@dataclass
class Frame:
    pfn: int
    users: int
    owner: int  # struct mm
    revoked: bool
    mappings: list = field(default_factory=list)  # newest first


class Records:
    """The owners and mappings of all frames, and whose each address space is."""

    def __init__(self, machine):
        self.machine = machine
        self.tasks = {task.mm: task for task in tasks.living_tasks(machine) if task.mm}
        layout = objects.layout("struct mapping")
        self.mm, self.place, self.next = (layout[name][0] for name in ("mm", "place", "next"))
        self.size = objects.gdb.lookup_type("struct mapping").sizeof

    def frame(self, pfn):
        machine, page = self.machine, pages.page_object(self.machine, pfn)
        revoked = bool(page.flags & machine.constants["PG_REVOKED"])
        return Frame(pfn, page.count, page.owner, revoked, self.mappings(page.mappings))

    def mappings(self, record):
        found, limit = [], self.machine.constants["FRAME_MAPPINGS_MAX"]
        while record:
            if len(found) > limit:
                raise Unavailable(f"the mappings at {record:#010x} are more than {limit}")
            data = self.machine.read(record, self.size)
            mm, place, record = (
                int.from_bytes(data[at : at + 4], "little")
                for at in (self.mm, self.place, self.next)
            )
            found.append(Mapping(mm, place & ~0xFFF, place & 0xFFF))
        return found

    def whose(self, mm):
        task = self.tasks.get(mm)
        return f"task {task.number}" if task else f"the address space {mm:#010x}"


def space_of(machine, task):
    if not tasks.is_listed(task) or not task.mm or task.reaped:
        raise Unavailable(f"task {task.number} has ended: it has no memory")
    return machine.object("struct mm", task.mm)


def entries(machine, mm, frames):
    """Everything that is mapped in the user part, by address; `frames`: a MemMap."""
    form, top = machine.format, machine.page_offset
    pgd = mm.tlb.pgd - machine.page_offset
    # The kernel's part is at the end.
    for address, physical, _, value in paging.leaves(
        machine.read_physical, form, pgd, machine.direct_map_bytes
    ):
        if address >= top:
            return
        pfn = physical >> 12
        yield Entry(address, pfn, value, pfn < frames.count and frames.has(pfn, "USER"))


# ---- tarn maps TASK ----


def entry_prot(entry):
    """Read and write: where the CPU has no NX, execute stands in the frame's record alone."""
    return 1 | (2 if entry.value & paging.RW else 0)


def frame_words(records, task, entry):
    if not entry.user:
        return entry_prot(entry), "no owner (a message page, or a device's)"
    frame = records.frame(entry.pfn)
    mine = [m for m in frame.mappings if (m.mm, m.address) == (task.mm, entry.address)]
    prot = mine[0].prot if mine else entry_prot(entry)
    words = "owned" if frame.owner == task.mm else f"owned by {records.whose(frame.owner)}"
    count = len(frame.mappings)
    return prot, words + (f", mapped {count} times" if count != 1 else "")


def map_lines(machine, task):
    mm, frames, records = space_of(machine, task), pages.MemMap(machine), Records(machine)
    ranges = []  # [start, end, words]
    for entry in entries(machine, mm, frames):
        prot, owned = frame_words(records, task, entry)
        words = f"{prot_words(prot)}  {owned}"
        if ranges and ranges[-1][1:] == [entry.address, words]:
            ranges[-1][1] += 4096
        else:
            ranges.append([entry.address, entry.address + 4096, words])
    text = [f"task {task.number}: {mm.pages} pages and {mm.tables} tables, by its own counts"]
    return text + [
        f"{start:08x} to {end - 1:08x}  {(end - start) // 4096:6} pages  {words}"
        for start, end, words in ranges
    ]


# ---- tarn frames TASK ----


def frame_lines(machine, task, only=None):
    """`only`: the page at this address."""
    mm, frames, records = space_of(machine, task), pages.MemMap(machine), Records(machine)
    found = [entry for entry in entries(machine, mm, frames) if entry.user]
    if only is not None:
        found = [entry for entry in found if entry.address == only & ~0xFFF]
        if not found:
            raise Unavailable(f"task {task.number} maps no frame with an owner at {only:#010x}")
    text = [line for entry in found[:FRAMES_SHOWN] for line in entry_lines(records, entry)]
    if len(found) > FRAMES_SHOWN:
        text.append(f"and {len(found) - FRAMES_SHOWN} more: tarn frames TASK ADDRESS shows one")
    return text or [f"task {task.number} maps no frame with an owner"]


def entry_lines(records, entry):
    frame = records.frame(entry.pfn)
    revoked = ", being revoked" if frame.revoked else ""
    count = len(frame.mappings)
    return [
        f"{entry.address:08x}  frame {entry.pfn:#x}: owner {records.whose(frame.owner)}, "
        f"{frame.users} user{'s' if frame.users != 1 else ''}, {count} mapping{'s' if count != 1 else ''}{revoked}"
    ] + [
        f"          {prot_words(m.prot)} at {m.address:08x} in {records.whose(m.mm)}"
        for m in frame.mappings
    ]
