"""Lab 7's high pages: mapped by the reference's pool, each with a word of its own in it."""

from grader.machine import PAGE_OFFSET, PAGE_SIZE
from grader.verdict import Failure

MARK = 0x5A000000  # with the frame's number: the word that it holds
NOBODY = 0xFFFFFFFF  # owner of a lock that is free


def jump_to(function, second):
    """mov edx, second; mov ecx, function; jmp ecx."""
    words = [value.to_bytes(4, "little") for value in (second, function)]
    return b"\xba" + words[0] + b"\xb9" + words[1] + b"\xff\xe1"


class Slots:
    def __init__(self, cpus):
        self.cpus, self.m = cpus, cpus.m
        m = self.m
        self.mem_map, self.size = m.variable("mem_map"), m.layout["page_size"]
        frames = range(m.variable("highstart_pfn"), m.variable("max_pfn"))
        self.frames = [pfn for pfn in frames if not self.is_taken(pfn)]
        for pfn in self.frames:
            m.set_word(pfn * PAGE_SIZE, MARK | pfn)
        self.count = m.variable("pkmap_slots")

    def is_taken(self, pfn):
        flags = self.m.read_word(self.page(pfn) + self.m.layout["page_flags"])
        return bool(flags & self.m.layout["PG_RESERVED"])

    def page(self, pfn):
        return self.mem_map + pfn * self.size

    def list_of(self, frames):
        """Address of an array of pointers to these pages, in memory of its own."""
        order = max(4 * len(frames) - 1, 0) // PAGE_SIZE
        page = self.cpus.call(0, "alloc_pages", self.m.layout["GFP_KERNEL"], order)
        at = PAGE_OFFSET + (page - self.mem_map) // self.size * PAGE_SIZE
        self.m.write(at, b"".join(self.page(pfn).to_bytes(4, "little") for pfn in frames))
        return at

    def kmap(self, pfn, alone=False):
        return self.cpus.call(0, "kmap_high", self.page(pfn), alone=alone)

    def kunmap(self, pfn, alone=False):
        self.cpus.call(0, "kunmap_high", self.page(pfn), alone=alone)

    def fill(self):
        """Every slot of the pool is in use.  (the frames that have one, those that have none)"""
        used, rest = self.frames[: self.count], self.frames[self.count :]
        self.cpus.call(0, "kmap_many", self.list_of(used), self.count)
        return used, rest

    def address(self, pfn):
        """Where the frame is mapped, or 0."""
        return self.cpus.call(0, "page_address", self.page(pfn), alone=True)

    def sleeps(self):
        """The kernel's own count."""
        at = self.m.symbol("kmap_stats") + self.m.layout["kmap_stats_sleeps"]
        return self.m.read_word(at)

    def lock_is_free(self):
        return self.m.variable("kmap_lock") == NOBODY

    # Threads that wait: a started thread maps its page and ends; the page stays mapped.

    def start_waiter(self, cpu, pfn, alone=False):
        self.cpus.start(cpu, self.m.symbol("kmap_high"), self.page(pfn), alone)

    def start_many(self, cpu, frames):
        """One that wants slots for all of these."""
        function = self.cpus.function(jump_to(self.m.symbol("kmap_many"), len(frames)))
        self.cpus.start(cpu, function, self.list_of(frames))

    def expect_waiting(self, pfn, why, hint, where):
        address = self.address(pfn)
        if address:
            raise Failure(f"{why}, so frame {pfn:#x} waits", f"it is at {address:#x}", hint, where)

    def expect_served(self, pfn, why, hint, where):
        address = self.address(pfn)
        if not address:
            raise Failure(f"{why}: frame {pfn:#x} is mapped", "its thread waits", hint, where)
        word = self.cpus.load(0, address)
        if word != MARK | pfn:
            raise Failure(
                f"a load from {address:#x} reads frame {pfn:#x}", f"{word:#x}", hint, where
            )
