"""The PKMap's pool of slots, and the atomic slots of each CPU."""

from dataclasses import dataclass

from drawing import pool
from kernelview import Unavailable, locks, paging

SLOTS_SHOWN = 24


@dataclass
class Slot:
    number: int
    address: int
    count: int
    entry: int
    owner: int  # frame, or None

    @property
    def state(self):
        if self.count < 0:
            return "retired"
        return {0: "free", 1: "at 1"}.get(self.count, "in use")


class Pool:
    """All slots, with their counts and entries."""

    def __init__(self, machine):
        machine.need("pkmap_slots", 5, "the PKMap")
        self.machine = machine
        self.base = machine.constants["PKMAP_BASE"]
        slots = machine.var("pkmap_slots")
        self.counts = machine.numbers("pkmap_count", slots, "i")
        self.last = last_slot(machine, slots)
        self.stats = machine.var("kmap_stats")
        self.entries = [self._entry(slot) for slot in range(len(self.counts))]

    def _entry(self, slot):
        """By the kernel's own page tables, so that any number of tables behind the pool is
        right.
        """
        form, machine = self.machine.format, self.machine
        per_table = 4096 // form.entry_bytes
        if slot % per_table == 0:
            self._table = self._table_of(self.base + slot * 4096)
        if self._table is None:
            return 0
        return paging.read_entry(machine.read_physical, form, self._table, slot % per_table)

    def _table_of(self, address):
        machine = self.machine
        found = paging.walk(
            machine.read_physical,
            machine.format,
            machine.kernel_pgd,
            address,
            machine.direct_map_bytes,
        )
        last = found.steps[-1]
        return (
            last.at - last.index * machine.format.entry_bytes
            if last.level is machine.format.levels[-1]
            else None
        )

    def slot(self, n):
        entry = self.entries[n]
        owner = (entry & self.machine.format.frame_mask) >> 12 if entry & paging.PRESENT else None
        return Slot(n, self.base + n * 4096, self.counts[n], entry, owner)

    def slots(self):
        return [self.slot(n) for n in range(len(self.counts))]


def is_lazy(machine):
    """kmap_flush=lazy."""
    return bool(machine.var("mm_options").kmap_lazy)


def last_slot(machine, slots):
    """The slot handed out last; with kmap_flush=lazy the slots have no turn."""
    last = machine.var("last_pkmap_nr")
    return None if is_lazy(machine) or last >= slots else last


def waiters(machine, queue_address):
    """Threads queued there, first come first."""
    queue = machine.object("struct wait_queue", queue_address)
    return [
        machine.object("struct thread", waiter.thread)
        for waiter in machine.list_objects(queue.address_of("waiters"), "struct waiter", "node")
    ]


def pool_waiters(machine):
    """Threads with a ticket, first come first; one that has been woken and not yet run is on no
    queue.
    """
    tickets = machine.list_objects(machine.var("pkmap_tickets").address, "struct ticket", "node")
    return [thread for ticket in tickets for thread in waiters(machine, ticket.address_of("queue"))]


def stats_line(stats):
    names = ["maps", "new_maps", "revivals", "flushes", "reclaimed", "sleeps", "retired"]
    return "since boot: " + ", ".join(
        f"{getattr(stats, name)} {name.replace('_', ' ')}" for name in names if stats.has(name)
    )


def slot_line(machine, slot):
    words = paging.flag_words(slot.entry)
    owner = f"frame {slot.owner:#x}" if slot.owner is not None else "no owner"
    return f"  slot {slot.number:4} at {slot.address:#010x}: count {slot.count} ({slot.state}), {owner}, {words}"


def lock_line(machine):
    lock = machine.var("kmap_lock")
    if not locks.taken(lock):
        return "kmap_lock is free"
    return f"kmap_lock is held by CPU {lock.owner}: the pool may be between two states"


def lines(machine, everything=False):
    found = Pool(machine)
    text = pool.text(found.counts, found.last) + [lock_line(machine), stats_line(found.stats)]
    taken = [slot for slot in found.slots() if slot.count or slot.entry]
    shown = taken if everything else taken[:SLOTS_SHOWN]
    text += [slot_line(machine, slot) for slot in shown]
    if len(taken) > len(shown):
        text.append(f"  and {len(taken) - len(shown)} more (tarn pkmap all)")
    waiting = pool_waiters(machine)
    text += [
        f"  waits for a slot: thread {machine.string(thread.address_of('name'))}"
        for thread in waiting
    ]
    return text + ([] if waiting else ["  nobody waits for a slot"]) + order_lines(machine)


def order_lines(machine):
    """Who flushes when."""
    if is_lazy(machine):
        pool_lists = machine.var("lazy_pool")
        names = ["waiting", "retired", "batches", "free"]
        return [
            "kmap_flush=lazy: " + ", ".join(f"{getattr(pool_lists, name)} {name}" for name in names)
        ]
    return ["the next flush comes when the turn comes to the end of the pool"]


def svg(machine):
    found = Pool(machine)
    return pool.svg(found.counts, found.last, f"the PKMap, {machine.format.name}")


# ---- Atomic slots ----


@dataclass
class AtomicSlots:
    cpu: int
    depth: int
    slots: list  # (address, entry)


def atomic_slots(machine):
    """For each CPU how many atomic kmaps it holds, and every one of its slots with its entry."""
    value = machine.constants
    deep = value["KMAP_ATOMIC_DEPTH"]
    form, result = machine.format, []
    for cpu in machine.cpu_numbers:
        first, slots = value["FIX_KMAP_BEGIN"] + cpu * deep, []
        for index in range(first, first + deep):
            address = value["FIXADDR_TOP"] - (index + 1) * 4096
            found = paging.walk(
                machine.read_physical, form, machine.kernel_pgd, address, machine.direct_map_bytes
            )
            slots.append((address, found.leaf if found.steps[-1].level is form.levels[-1] else 0))
        result.append(AtomicSlots(cpu, machine.percpu("nosleep", cpu).kmaps, slots))
    return result


def atomic_lines(machine):
    if not machine.cpu_numbers:
        raise Unavailable(
            "the atomic slots belong to CPUs, and no CPU has its variables yet (boot step 0)"
        )
    text = []
    for cpu in atomic_slots(machine):
        text.append(
            f"CPU {cpu.cpu}: {cpu.depth} of {len(cpu.slots)} atomic kmaps held, slots {cpu.slots[0][0]:#010x} downwards"
        )
        for n, (address, entry) in enumerate(cpu.slots):
            if entry or n < cpu.depth:
                frame = (
                    f"frame {(entry & machine.format.frame_mask) >> 12:#x}"
                    if entry
                    else "a low page (no entry)"
                )
                text.append(f"  {n}: {address:#010x} -> {frame}, {paging.flag_words(entry)}")
    return text


def slot_of(machine, address):
    """The pool's slot behind an address, or None."""
    found = Pool(machine)
    number = (address - found.base) // 4096
    return found.slot(number) if 0 <= number < len(found.counts) else None
