"""Random values of each kind."""

from base import NEVER, POLL
from memory import EXEC, READ, WRITE
from objects import MANAGE
from places import IDLE, SLOTS, AREAS, NOWHERE


class Choices:
    """Small choices: mostly good ones."""

    # ---- Small choices ----

    def chance(self, percent):
        return self.random.random() * 100 < percent

    def any(self, values, otherwise=0):
        values = list(values)
        return self.random.choice(values) if values else otherwise

    def some_slot(self):
        """Any slot but those by which the threads get their orders."""
        wide = self.chance(10)
        while (slot := self.random.randrange(4096 if wide else 64)) in IDLE:
            pass
        return slot

    def slots_of(self, kind, rights=0, dead=False):
        return [
            slot
            for slot, handle in self.thread.task.table.items()
            if slot not in IDLE
            and not handle.is_reply
            and (not kind or handle.object.kind == kind)
            and handle.rights & rights == rights
            and handle.object.dead == dead
        ]

    def weak(self, kind, rights):
        """Slots of handles that have not these rights."""
        good = self.slots_of(kind, rights)
        return [slot for slot in self.slots_of(kind) if slot not in good]

    def handle(self, kind, rights, prefer=lambda target: False):
        """Mostly a good one."""
        if self.wanted:
            return self.wanted
        good = self.slots_of(kind, rights)
        kind_of_choice = self.random.random() * 100
        if kind_of_choice < 7:
            weak = self.weak(kind, rights)
            if weak:
                return self.any(weak)
        elif kind_of_choice < 14:
            dead = self.slots_of(kind, rights, dead=True)
            if dead:
                return self.any(dead)
        elif kind_of_choice < 17 or not good:
            return self.some_slot()
        best = [s for s in good if prefer(self.thread.task.table[s].object)]
        return self.any(best if best and self.chance(65) else good, 0)

    def reply(self):
        table = self.thread.task.table
        if self.wanted:
            return self.wanted
        replies = [slot for slot, handle in table.items() if handle.is_reply]
        live = [s for s in replies if table[s].object.number == table[s].number]
        if replies and self.chance(92):
            return self.any(live if live and self.chance(80) else replies)
        return self.some_slot()

    def free_slot(self, task=None):
        task = task or self.thread.task
        if self.chance(12):  # where one that has answered takes the next call's reply handle
            awaited = [t for t in self.model.workers if t.state == "RECV" and t.task is task]
            slots = [t.reply_slot for t in awaited if self.last[t.worker] == "ipc_reply_recv"]
            if any(map(task.is_free, slots)):
                return self.any(filter(task.is_free, slots))
        if self.chance(94):
            free = [slot for slot in SLOTS if task.is_free(slot)]
            if free:
                return self.any(free)
        return self.any((0, 1, 40, 255, 256, 1024, 4095))

    def task(self):
        if self.chance(55):
            return 0
        return self.handle("task", MANAGE)

    def named_task(self, slot):
        """The task that the slot names, or the own one: to choose the other arguments by."""
        handle = self.thread.task.table.get(slot)
        good = handle and handle.object.kind == "task" and not handle.object.dead
        return handle.object if good else self.thread.task

    def timeout(self, poll=True):
        if self.few or self.chance(12):
            return POLL if poll and self.chance(60) else self.random.randrange(1, 20001)
        return NEVER if self.chance(80) else 3_600_000_000

    def word(self):
        return self.any((0, 1, 0xFFFFFFFF, self.random.getrandbits(32)))

    def bits(self):
        return self.any((1, 2, 0x80000000, 0xFFFFFFFF, self.random.getrandbits(32), 0))

    def prot(self, most=READ | WRITE):
        if self.chance(96):
            return self.any((READ, READ | WRITE, READ | WRITE, READ | EXEC))
        return self.any((0, WRITE, EXEC, WRITE | EXEC, 7))

    def pages(self):
        if self.chance(95):
            return self.any((1, 1, 1, 2, 2, 3, 5))
        return self.any((0, 64, 1024, 1025, 0xFFFFFFFF, 0x100000))

    def address(self, task, mapped):
        if self.chance(4):
            return self.any(NOWHERE)
        entries = task.space.entries
        if mapped and entries and self.chance(90):
            return self.any(a for a in entries)
        free = [a for a in AREAS if a not in entries]
        return self.any(free if free and not mapped and self.chance(90) else AREAS)

    def writable(self):
        return [
            address
            for address, entry in self.thread.task.space.entries.items()
            if entry.frame and entry.prot & WRITE
        ]
