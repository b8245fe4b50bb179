"""The invariants of frames and their owners, of records, and of accounts that can be judged from
outside (among 53 to 69).
"""

import collections

from kernelview import locks, objects, paging, threads
from kernelview.user import frames as userframes
from kernelview.user import tasks
from kernelview.user.calls import prot_words

WRITE, EXEC = 2, 4
FRAMES = (53, 54, 58, 67, 69)
CHARGES = (59,)


# ---- Frames: maps_lock ----


class Memory:
    """Address spaces of tasks that are not being taken down, records, and what was found."""

    def __init__(self, machine, report, frames):
        self.machine, self.report, self.frames = machine, report, frames
        self.records = userframes.Records(machine)
        self.spaces = {mm: task for mm, task in self.records.tasks.items() if not task.reaped}
        self.nx = machine.var("pte_nx_bit")
        self.entries = {}  # (mm, address) to Entry
        self.messages = {
            thread.message - machine.page_offset >> 12: thread
            for thread in tasks.all_user_threads(machine)
            if thread.message
        }


def check_frames(machine, report, frames):
    if locks.held(machine, "maps_lock", report, "user frames", FRAMES + CHARGES):
        return
    memory = Memory(machine, report, frames)
    for mm, task in memory.spaces.items():
        space = machine.object("struct mm", mm)
        if locks.taken(space.page_table_lock):
            report.leave(f"the memory of task {task.number}", FRAMES, "its page table lock is held")
            return
        check_space(memory, task, space)
    for pfn in frames.user_frames():
        check_frame(memory, pfn)
    if memory.spaces:
        check_accounts(memory)


def check_space(memory, task, space):
    """67, 69, and 53 in the entries."""
    machine, report = memory.machine, memory.report
    found = list(userframes.entries(machine, space, memory.frames))
    report.look(67)
    if len(found) != space.pages:
        report.broken(67, f"task {task.number} counts {space.pages} pages, {len(found)} are mapped")
    count = table_count(machine, space)
    if count != space.tables:
        report.broken(67, f"task {task.number} counts {space.tables} tables, {count} are there")
    for entry in found:
        memory.entries[space.address, entry.address] = entry
        if entry.value & paging.RW and memory.nx and not entry.value & memory.nx:
            report.broken(
                53, f"task {task.number}: the entry at {entry.address:08x} allows write and execute"
            )
        if not entry.user:
            check_stranger(memory, task, entry)


def table_count(machine, space):
    """Tables of the user part."""
    form, pgd = machine.format, space.tlb.pgd - machine.page_offset
    user = machine.page_offset >> form.levels[0].shift
    below = [
        paging.read_entry(machine.read_physical, form, pgd, n) & form.frame_mask
        for n in range(user)
        if paging.read_entry(machine.read_physical, form, pgd, n) & paging.PRESENT
    ]
    return sum(
        len(paging.tables(machine.read_physical, form, table, machine.direct_map_bytes, 1))
        for table in below
    )


def check_stranger(memory, task, entry):
    """69: without an owner a frame is a message page, or no RAM that the allocator knows."""
    memory.report.look(69)
    if entry.pfn >= memory.frames.count or memory.frames.has(entry.pfn, "RESERVED"):
        return
    thread = memory.messages.get(entry.pfn)
    if not thread or thread.task != task.address:
        memory.report.broken(
            69,
            f"task {task.number} maps frame {entry.pfn:#x} at {entry.address:08x}, which has no owner "
            "and is no message page of its threads",
        )


def check_frame(memory, pfn):
    """53, 54, 58: a frame with an owner, by its records."""
    report, frames, records = memory.report, memory.frames, memory.records
    report.look(58)
    mappings = records.mappings(frames.mappings[pfn])
    words = f"frame {pfn:#x}"
    if frames.has(pfn, "BUDDY") or frames.has(pfn, "PERCPU"):
        report.broken(58, f"{words} has an owner, and is with the page allocator")
    if frames.owner[pfn] not in records.tasks:
        report.broken(
            58, f"{words}: its owner {frames.owner[pfn]:#010x} is no task's address space"
        )
    elif frames.owner[pfn] not in {mapping.mm for mapping in mappings}:
        report.broken(
            58, f"{words}: its owner, {records.whose(frames.owner[pfn])}, does not map it"
        )
    if frames.users[pfn] < len(mappings):
        report.broken(58, f"{words}: {frames.users[pfn]} users, but {len(mappings)} mappings")
    rights = 0
    for mapping in mappings:
        rights |= mapping.prot
        check_mapping(memory, pfn, mapping)
    if rights & WRITE and rights & EXEC:
        report.broken(53, f"{words} is writable in one mapping and executable in another")


def check_mapping(memory, pfn, mapping):
    report, whose = memory.report, memory.records.whose(mapping.mm)
    report.look(53, 54)
    words = f"frame {pfn:#x}: {prot_words(mapping.prot)} at {mapping.address:08x} in {whose}"
    entry = memory.entries.pop((mapping.mm, mapping.address), None)
    if mapping.mm not in memory.spaces:
        if mapping.mm not in memory.records.tasks:
            report.broken(54, f"{words}, which is no task's")
    elif not entry or entry.pfn != pfn:
        report.broken(54, f"{words}, but the entry there is another, or was found before")
    elif entry_differs(memory, entry, mapping.prot):
        report.broken(54, f"{words}, but the entry says {paging.flag_words(entry.value)}")


def entry_differs(memory, entry, prot):
    if bool(entry.value & paging.RW) != bool(prot & WRITE) or not entry.value & paging.USER:
        return True
    return bool(memory.nx) and bool(entry.value & memory.nx) == bool(prot & EXEC)


def check_left(memory):
    """54: entries of frames with an owner that no record names."""
    for (mm, address), entry in memory.entries.items():
        if entry.user:
            whose = memory.records.whose(mm)
            memory.report.broken(
                54, f"frame {entry.pfn:#x} has no record of its entry at {address:08x} in {whose}"
            )


# ---- Accounts: 59 ----

UNSETTLED = {"tear_down", "load_and_start", "task_create", "ended", "objects_reap_all"}


def unsettled(memory):
    """Why charges may be ahead of what they are for, or behind it; "" where they are not."""
    machine = memory.machine
    for thread in threads.all_threads(machine):
        if thread.user and in_a_call(machine, thread):
            return f"{tasks.thread_words(machine, thread.user)} is inside of the kernel"
        if threads.functions(thread) & UNSETTLED:
            return f"thread {thread.name} makes a task, or takes a task or thread down"
    if any(task.calls for task in memory.spaces.values()):
        return "a call works on a task"
    return ""


def in_a_call(machine, thread):
    """True of one that may be between a charge and what it is for."""
    state = tasks.state_of(thread.user)
    if not thread.user.started or thread.user.parked:
        return False
    if state in ("SEND", "RECV", "NOTE", "REPLY"):
        # A fault inside of a call: what the call does is half done.
        vector = tasks.frame_of(machine, thread.user).vector
        return bool(thread.user.faults) and vector == machine.constants["VECTOR_CALL_GATE"]
    return state != "RUN" or threads.in_kernel(machine, thread)


def check_accounts(memory):
    check_left(memory)
    why = unsettled(memory)
    if why:
        memory.report.leave("accounts", CHARGES, why)
        return
    owned = collections.Counter(memory.frames.owner[pfn] for pfn in memory.frames.user_frames())
    records = collections.Counter(
        mapping.mm
        for pfn in memory.frames.user_frames()
        for mapping in memory.records.mappings(memory.frames.mappings[pfn])
    )
    for mm, task in memory.spaces.items():
        memory.report.look(59)
        parts = charge_parts(memory.machine, task, owned[mm], records[mm])
        if sum(parts.values()) != task.account.used:
            words = ", ".join(f"{name} {size}" for name, size in parts.items() if size)
            memory.report.broken(
                59, f"task {task.number} is charged {task.account.used} bytes, and has {words}"
            )


def charge_parts(machine, task, frames, records):
    """What a task is charged for, in bytes."""

    def size(kind):
        return objects.gdb.lookup_type(f"struct {kind}").sizeof

    def count(found):
        return sum(thing.object.charged == task.address for thing in found)

    thread = size("user_thread") + machine.constants["KERNEL_STACK_SIZE"] + 4096
    return {
        "itself": size("task") + (1 + task.handles.slots // 256) * 4096,
        "tables": machine.object("struct mm", task.mm).tables * 4096,
        "frames": frames * 4096,
        "records": records * size("mapping"),
        "threads": task.threads_alive * thread,
        "ports": machine.constants["IO_MAP_BYTES"] if task.io else 0,
        "endpoints": count(tasks.all_endpoints(machine)) * size("endpoint"),
        "notifications": count(tasks.all_notifications(machine)) * size("notification"),
    }


CHECKS = [  # as those of check.py
    ("user frames", FRAMES + CHARGES, "mem_map", check_frames),
]
