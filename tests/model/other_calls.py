"""Calls of the model on memory and devices, and for information."""

from abi import CONSTANTS as C
from base import (
    USER_START,
    USER_END,
    IO_MAP,
    WAITING,
    Ambiguous,
    range_is_valid,
    prot_is_valid,
    Errors,
    Base,
)
from memory import EXEC, PAGE, Refused
from objects import MANAGE, RECEIVE, SEND

# Of the machine: the line whose input of the I/O APIC is another's too.
SAME_INPUT = {0: 2}


class OtherCalls(Base):
    """The calls that map memory, reach devices, and tell."""

    # ---- Memory ----

    def in_range(self, thread, pages, one):
        """Calls one(i) for each page up to the first error; edi is how many were done."""
        for i in range(pages):
            try:
                one(i)
            except Refused as refused:
                refused.registers = {"edi": i}
                raise
        self.returns(thread, edi=pages)

    def mem_alloc(self, thread, _, task, system, place, pages, frame):
        at, prot, phys = place & ~0xFFF, place & 7, place & C["ALLOC_PHYS"]
        errors = Errors()
        errors.unless(not place & 0xFF0 and prot_is_valid(prot), "EINVAL")
        errors.unless(range_is_valid(at, pages) and (phys or not (system or frame)), "EINVAL")
        to = self.task_of(errors, thread, task)
        if phys:
            self.find_or_none(errors, thread.task, system, "system", MANAGE)
            errors.unless(not prot & EXEC, "EINVAL")
            errors.unless(0xA0 <= frame and frame + pages <= 0x100, "EINVAL")
            errors.stop()
            self.in_range(thread, pages, lambda i: to.space.other_page(at + i * PAGE, prot))
        else:
            errors.stop()
            self.in_range(thread, pages, lambda i: to.space.new_page(at + i * PAGE, prot))

    def mem_map(self, thread, _, to, from_, place, source, pages):
        at, prot, start, how = place & ~0xFFF, place & 7, source & ~0xFFF, source & 0xFFF
        op, replace = how & 7, how & C["MAP_REPLACE"]
        errors = Errors()
        errors.unless(not how & ~15 and op <= 4 and (not replace or op == 2), "EINVAL")
        errors.unless(not place & 0xFF8 and prot_is_valid(prot), "EINVAL")
        errors.unless(range_is_valid(at, pages), "EINVAL")
        if op == C["MAP_PROTECT"]:
            errors.unless(not start and not from_, "EINVAL")
        else:
            errors.unless(range_is_valid(start, pages), "EINVAL")
        to = self.task_of(errors, thread, to)
        from_ = self.task_of(errors, thread, from_)
        errors.stop()
        space, origin = to.space, from_.space

        def one(i):
            here, there = at + i * PAGE, start + i * PAGE
            if op == C["MAP_MAP"]:
                space.map_from(here, origin, there, prot)
            elif op == C["MAP_GRANT"]:
                space.grant_from(here, origin, there, prot)
            elif op == C["MAP_COPY"]:
                space.copy_from(here, origin, there, prot, replace)
            elif op == C["MAP_SHARE"]:
                if space is origin and abs(at - start) < pages * PAGE:
                    raise Refused("EINVAL")
                if i % 64 == 0:
                    for j in range(i, min(i + 64, pages)):
                        origin.take_write(start + j * PAGE)
                space.share_from(here, origin, there, prot)
            else:
                space.protect(here, prot)

        self.in_range(thread, pages, one)

    def mem_unmap(self, thread, _, task, place, pages):
        at, how = place & ~0xFFF, place & 0xFFF
        errors = Errors()
        errors.unless(not how & ~1 and range_is_valid(at, pages), "EINVAL")
        target = self.task_of(errors, thread, task)
        errors.stop()
        if how:
            self.in_range(thread, pages, lambda i: target.space.revoke(at + i * PAGE))
        else:
            target.space.unmap(at, pages)
            self.returns(thread, edi=pages)

    # ---- Devices, time, information ----

    def irq_ctl(self, thread, _, system, notification, what, irq, bit):
        errors = Errors()
        errors.unless(what <= 2 and irq < 16 and bit < 32, "EINVAL")
        errors.unless(what == 0 or not bit, "EINVAL")
        errors.unless(what != 2 or not system, "EINVAL")
        handle = self.find_or_none(errors, thread.task, notification, "notification", RECEIVE)
        if what != 2:
            self.find_or_none(errors, thread.task, system, "system", MANAGE)
        if handle:
            line = self.lines.get(irq)
            if what == C["IRQ_ATTACH"]:
                taken = {SAME_INPUT.get(other, other) for other in self.lines}
                errors.unless(SAME_INPUT.get(irq, irq) not in taken, "EBUSY")
            else:
                errors.unless(line is handle.object, "EINVAL")
        errors.stop()
        if what == C["IRQ_ATTACH"]:
            self.lines[irq] = handle.object
        elif what == C["IRQ_DETACH"]:
            del self.lines[irq]
        self.returns(thread)

    def io_grant(self, thread, _, system, task, port, count):
        errors = Errors()
        self.find_or_none(errors, thread.task, system, "system", MANAGE)
        errors.unless(port < 0x400 and count and count <= 0x400 - port, "EINVAL")
        to = self.task_of(errors, thread, task)
        errors.stop()
        if not to.has_io:
            to.space.charge(IO_MAP)
            to.has_io = True
        self.returns(thread)

    def timer_set(self, thread, _, notification, bit, low, high):
        errors = Errors()
        errors.unless(bit < 32, "EINVAL")
        handle = self.find_or_none(errors, thread.task, notification, "notification", RECEIVE)
        errors.stop()
        when = high << 32 | low
        handle.object.due = bit if 0 < when < 1 << 32 else None
        self.returns(thread)

    def sys_info(self, thread, _, object_, what, from_, buffer, length):
        """The buffer is a page of the caller that nothing else uses, or nowhere."""
        errors = Errors()
        ranged = what in (C["INFO_MAPS"], C["INFO_TASKS"], C["INFO_CACHES"], C["INFO_LOG"])
        whole = what in (C["INFO_SYSTEM"], C["INFO_CACHES"])
        errors.unless(what < C["INFO_KINDS"] and (ranged or not from_), "EINVAL")
        errors.unless(not whole or not object_, "EINVAL")
        words, size = [], self.sizes.system if what == C["INFO_SYSTEM"] else 0
        if what in (C["INFO_TASK"], C["INFO_MAPS"]):
            task = thread.task
            if object_:
                handle = self.find_or_none(errors, thread.task, object_, "task", 0)
                task = handle and handle.object
            if task and what == C["INFO_TASK"]:
                words, size = self.task_words(task), 28
            elif task:
                words = self.map_words(task, from_, length)
                size = 4 * len(words)
        elif what == C["INFO_THREAD"]:
            handle = self.find_or_none(errors, thread.task, object_, "thread", 0)
            if handle:
                words, size = self.thread_words(handle.object, thread), 24
        elif what in (C["INFO_TASKS"], C["INFO_LOG"]):
            self.find_or_none(errors, thread.task, object_, "system", SEND)
        if what in (C["INFO_CACHES"], C["INFO_TASKS"]):
            size = length - length % 28  # whole structs; there are more of them
        if what == C["INFO_LOG"]:
            size = 8  # and text
        errors.unless(ranged and what != C["INFO_LOG"] or length >= size, "EINVAL")
        errors.unless(
            not size or buffer % PAGE == 0 and buffer in thread.task.space.scratch, "EFAULT"
        )
        errors.stop()
        checks = [(buffer + 4 * i, word) for i, word in enumerate(words) if word is not None]
        compared = 11 if whole or what in (C["INFO_TASKS"], C["INFO_LOG"]) else 15
        self.returns(thread, edi=size, checks=checks, compared=compared)

    def task_words(self, task):
        space = task.space
        tables = space.other_tables + len(space.tables) + len(space.upper)
        return [
            task.number,
            task.pager_badge,
            len(task.threads),
            space.used,
            space.limit,
            space.other_pages + len(space.entries),
            tables,
        ]

    def map_words(self, task, from_, length):
        words = []
        for address in sorted(task.space.entries):
            if address < from_ & ~0xFFF or len(words) * 4 + 16 > length:
                continue
            entry = task.space.entries[address]
            prot, mappings, owned = entry.prot, 0, 0
            if entry.frame:
                mappings = len(entry.frame.places)
                owned = int(entry.frame.owner is task.space)
            words += [address, prot, mappings, owned]
        return words

    def thread_words(self, target, asker):
        state = 0 if target is asker else WAITING[target.state]
        if target.worker is not None and target.state == "RUN" and target is not asker:
            # Stopped in user mode, or it waits for the next call of the test.
            state = None if target.stopped or target.held else WAITING["NOTE"]
        stopped = int(target.stopped)
        return [target.task.number, int(target.started), stopped, state, target.prio, 0]

    def sys_ctl(self, thread, _, system, what, word0, word1):
        errors = Errors()
        errors.unless(what <= 2 and (what == C["SYS_EXIT"] or not system), "EINVAL")
        if what == C["SYS_CLOCK"]:
            errors.unless(not word0 and not word1, "EINVAL")
        if what == C["SYS_PRINT"] and errors.unless(word1 <= 1024, "EINVAL"):
            errors.unless(not word1 or USER_START <= word0 < USER_END, "EFAULT")
        if what == C["SYS_EXIT"]:
            self.find_or_none(errors, thread.task, system, "system", MANAGE)
            errors.stop()
            raise Ambiguous
        errors.stop()
        self.returns(thread, compared=3 if what == C["SYS_CLOCK"] else 15)
