"""The random caller: picks a thread, a call and its arguments by the table of calls, lets the model
make it, and keeps what the model answers.
"""

import random
from collections import Counter
from dataclasses import dataclass, field

from abi import CALLS, CONSTANTS as C, ERRORS
from memory import EXEC, PAGE, READ, WRITE, Space
from model import NEVER, POLL, Ambiguous, Item, Model
from objects import ALL, GRANT, MANAGE, RECEIVE, SEND, Handle, Notification, Task, Thread

# user/random/worker.h
TASKS, WORKERS = 3, 6
SLOT_TASK, SLOT_THREAD, SLOT_IDLE, SLOT_SYSTEM, SLOT_TASKS, SLOT_THREADS = 1, 2, 4, 6, 8, 12
IDLE = (4, 5)
RESTART_EVERY = 2000
SLOTS = range(32, 56)  # of the caller's table, for its own use
PLACES = 62 * 4 + 32

# Where pages are mapped: on both sides of a border of tables, at the top of user space, for devices
# and for message pages.
BORDER = 0x50400000
AREAS = (
    [BORDER + i * PAGE for i in range(-8, 8)]
    + [0x50000000 + i * PAGE for i in range(8)]
    + [C["USER_END"] - (i + 1) * PAGE for i in range(4)]
    + [C["USER_START"]]
)
DEVICES = [0x60000000 + i * PAGE for i in range(4)]
MESSAGES = [0x61000000 + i * PAGE for i in range(8)]
NOWHERE = (0, 0x1000, 0xF000, C["USER_END"], C["USER_END"] - PAGE, 0xFFFFF000, 0x80000000)

WEIGHTS = {
    "ipc_call": 12,
    "ipc_reply_recv": 10,
    "ipc_send": 9,
    "ipc_recv": 14,
    "notify": 7,
    "notify_wait": 12,
    "obj_create": 8,
    "handle_copy": 9,
    "handle_drop": 6,
    "thread_create": 6,
    "thread_ctl": 9,
    "mem_alloc": 6,
    "mem_map": 10,
    "mem_unmap": 6,
    "irq_ctl": 6,
    "io_grant": 5,
    "timer_set": 6,
    "sys_info": 7,
    "sys_ctl": 5,
}


# A handle without which these calls only fail.
NEEDS = {
    "ipc_call": ("endpoint", SEND),
    "ipc_send": ("endpoint", SEND),
    "ipc_recv": ("endpoint", RECEIVE),
    "notify": ("notification", SEND),
    "notify_wait": ("notification", RECEIVE),
    "irq_ctl": ("notification", RECEIVE),
    "timer_set": ("notification", RECEIVE),
}


@dataclass
class Page:
    """What stands in the caller's message page."""

    items: list = field(default_factory=list)
    places: list = field(default_factory=list)
    count: int = 0
    more: dict = field(default_factory=dict)


@dataclass
class Step:
    worker: int
    name: str
    arguments: dict
    pokes: list
    answers: list  # (worker, Answer)
    advance: bool


class Caller:
    def __init__(self, seed, pae, sizes, tasks, rooms):
        """tasks: what each task has at first; rooms: bytes that each may take beyond that."""
        self.random = random.Random(seed)
        self.model = Model(pae, sizes)
        self.limits = [task["used"] + room for task, room in zip(tasks, rooms)]
        self.calls, self.pairs = Counter(), Counter()
        self.blocked = self.succeeded = 0
        self.stamp = 0
        self.steps = 0
        self.wanted = None
        self.few = False
        self.thread = None
        self.pae, self.sizes, self.tasks = pae, sizes, tasks
        self._begin(tasks[0]["number"])

    # ---- How it begins: user/random/worker.c ----

    def _begin(self, number):
        """`number` of the first task."""
        model = self.model = Model(self.pae, self.sizes)
        conductor = Task(Space(self.pae, self.sizes, 1 << 31), 1024, 29, 0)
        self.owners = [self._task(i, number + i) for i in range(TASKS)]
        for worker in range(WORKERS):
            model.workers.append(self._worker(worker))
        model.next_number = number + TASKS
        for i, task in enumerate(self.owners):
            model.set_handle(conductor, 20 + i, Handle(task, ALL))
            model.set_handle(task, SLOT_TASK, Handle(task, ALL))
            model.set_handle(task, SLOT_SYSTEM, Handle(model.system, ALL))
            for j, thread in enumerate(task.threads):
                model.set_handle(task, SLOT_THREAD + j, Handle(thread, ALL))
                model.set_handle(task, SLOT_IDLE + j, Handle(Notification(conductor), ALL))
            for j, other in enumerate(self.owners):
                model.set_handle(task, SLOT_TASKS + j, Handle(other, ALL))
            for j, other in enumerate(model.workers):
                model.set_handle(task, SLOT_THREADS + j, Handle(other, ALL))

    def _task(self, i, number):
        first = self.tasks[i]
        space = Space(self.pae, self.sizes, self.limits[i], first["used"])
        space.other_pages, space.other_tables = first["pages"], first["tables"]
        if self.pae:
            space.upper, space.other_tables = {0}, first["tables"] - 1
        space.scratch = {self._area(2 * i + j) + PAGE for j in range(2)}
        return Task(space, 256, 24, number)

    @staticmethod
    def _area(worker):
        return 0x20100000 + worker * 0x10000

    def _worker(self, worker):
        task = self.owners[worker // 2]
        thread = Thread(task, 20, worker)
        thread.message_at = self._area(worker)
        task.threads.append(thread)
        thread.handles = 1  # the conductor's
        return thread

    def again(self, worker):
        """A new thread in the place of one that is dead, or waits for nobody."""
        old = self.model.workers[worker]
        if not old.dead:
            self.model.end_thread(old)
        old.handles -= 1
        space = self.owners[worker // 2].space
        if space.used + self.sizes.thread > space.limit:
            return self.restart()
        thread = self.model.workers[worker] = self._worker(worker)
        thread.task.space.used += self.sizes.thread
        thread.task.space.other_pages += 1
        slots = {}
        for i, task in enumerate(self.owners):
            slots[f"slot{i}"] = next((s for s in SLOTS if task.is_free(s)), 0)
            if slots[f"slot{i}"]:
                self.model.set_handle(task, slots[f"slot{i}"], Handle(thread, ALL))
        return Step(worker, "again", slots, [], [], False)

    def restart(self):
        self._begin(self.model.next_number)
        return Step(0, "restart", {}, [], [], False)

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

    def handle(self, kind, rights, prefer=lambda target: False):
        """Mostly a good one."""
        if self.wanted:
            return self.wanted
        good = self.slots_of(kind, rights)
        kind_of_choice = self.random.random() * 100
        if kind_of_choice < 5:
            weak = [s for s in self.slots_of(kind) if s not in good]
            if weak:
                return self.any(weak)
        elif kind_of_choice < 9:
            dead = self.slots_of(kind, rights, dead=True)
            if dead:
                return self.any(dead)
        elif kind_of_choice < 12 or not good:
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
        if self.few or self.chance(20):
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

    # ---- Messages ----

    def item(self, kind):
        space = self.thread.task.space.entries
        if kind == C["ITEM_HANDLE"]:
            table = self.thread.task.table
            free = [s for s in table if s in SLOTS or s in (SLOT_TASK, SLOT_TASKS, SLOT_SYSTEM)]
            slot = self.any(free) if free and self.chance(93) else self.some_slot()
            handle = table.get(slot)
            rights = handle.rights & ALL if handle else ALL
            if self.chance(15):
                rights = self.random.randrange(16)
            badge = self.any((0, 0, 0, self.word()))
            return Item(kind, slot, rights, badge)
        if kind == C["ITEM_STRING"]:
            there = [address for address, entry in space.items() if entry.frame]
            at = self.any(there) if there and self.chance(90) else self.any(AREAS)
            return Item(kind, at, self.any((0, 4, 64, 4096, 4096, 8192)))
        at = self.any(space) if space and self.chance(92) else self.any(AREAS)
        return Item(kind, at | self.prot(), self.any((1, 1, 1, 2)))

    def place(self, kind):
        if kind == C["ITEM_HANDLE"]:
            return Item(kind, self.free_slot(), 0)
        if kind == C["ITEM_STRING"]:
            targets = self.writable()
            at = self.any(targets) if targets and self.chance(90) else self.any(AREAS)
            return Item(kind, at, self.any((4, 64, 4096, 8192, 8192)))
        free = [a for a in AREAS if a not in self.thread.task.space.entries]
        at = self.any(free) if free and self.chance(90) else self.any(AREAS)
        return Item(kind, at, self.any((1, 2, 2, 64)))

    def kinds(self):
        """What two threads send each other is mostly of the same kind, so that it fits."""
        names = ("ITEM_HANDLE", "ITEM_STRING", "ITEM_MAP", "ITEM_GRANT")
        first = C[self.any(("ITEM_HANDLE",) * 3 + names)]
        return [first, C[self.any(names)]][: self.any((1, 1, 1, 2))]

    def message(self, page, wanted=None):
        """A tag, and what belongs to it in the message page."""
        words = self.any((0, 1, 2, 2, 3, 10, 62))
        items = []
        if wanted is not None and self.chance(80):
            items = [self.item(place.kind) for place in wanted]
        elif self.chance(25):
            items = [self.item(kind) for kind in self.kinds()]
        page.items = items
        for i in {2, words - 1}:
            if 2 <= i < words:
                page.more[i] = self.random.getrandbits(32)
        tag = self.random.getrandbits(16) | words << 16 | len(items) << 22
        if self.chance(1.5):
            tag |= self.any((1 << 24, 1 << 31, 63 << 16, 3 << 22))
            page.items = []
            if tag >> 22 & 3:
                tag |= 1 << 31
        return tag

    def open_places(self, page, wanted=None):
        if wanted and self.chance(80):
            page.places = [self.place(item.kind) for item in wanted]
        elif self.chance(35):
            page.places = [self.place(kind) for kind in self.kinds()]
        page.count = len(page.places) if self.chance(99) else self.any((3, 0xFFFFFFFF))
        page.places = page.places[: page.count]

    # ---- Arguments, by call ----

    def ask_ipc_call(self, page):
        arguments = self.ask_ipc_send(page, lambda: self.timeout(poll=self.chance(4)))
        self.open_places(page)
        return arguments

    def ask_ipc_send(self, page, timeout=None):
        endpoint = self.handle("endpoint", SEND, lambda e: e.queue and e.queue[0].state == "RECV")
        handle = self.thread.task.table.get(endpoint)
        waits = handle and handle.object.kind == "endpoint" and handle.object.queue
        wanted = waits[0].places if waits and waits[0].state == "RECV" else None
        return {
            "endpoint": endpoint,
            "tag": self.message(page, wanted),
            "word0": self.word(),
            "word1": self.word(),
            "timeout": timeout() if timeout else self.timeout(),
        }

    def ask_ipc_recv(self, page):
        endpoint = self.handle(
            "endpoint", RECEIVE, lambda e: e.queue and e.queue[0].state == "SEND"
        )
        handle = self.thread.task.table.get(endpoint)
        waits = handle and handle.object.kind == "endpoint" and handle.object.queue
        self.open_places(page, waits[0].message.items if waits and waits[0].message else None)
        slot = 0 if self.chance(12) else self.free_slot()
        return {"endpoint": endpoint, "slot": slot, "timeout": self.timeout()}

    def ask_ipc_reply_recv(self, page):
        reply = self.reply()
        handle = self.thread.task.table.get(reply)
        wanted = handle.object.places if handle and handle.is_reply else None
        endpoint = 0 if self.chance(60) else self.ask_ipc_recv(page)["endpoint"]
        if not endpoint:
            page.places, page.count = [], 0
        return {
            "reply": reply,
            "endpoint": endpoint,
            "tag": self.message(page, wanted),
            "word0": self.word(),
            "word1": self.word(),
            "timeout": self.timeout(),
        }

    def ask_notify(self, _):
        target = self.handle("notification", SEND, lambda n: n.waiters or n.bound)
        return {"notification": target, "bits": self.bits()}

    def ask_notify_wait(self, _):
        target = self.handle("notification", RECEIVE, lambda n: n.bound in (None, self.thread))
        return {"notification": target, "mask": self.bits(), "timeout": self.timeout()}

    def ask_obj_create(self, _):
        kind = self.any((C["KIND_ENDPOINT"],) * 3 + (C["KIND_NOTIFICATION"],) * 3 + (1, 1))
        if self.chance(70) and not self.slots_of("endpoint", SEND | RECEIVE):
            kind = C["KIND_ENDPOINT"]
        arguments = {"slot": self.free_slot(), "kind": kind}
        if kind == C["KIND_TASK"]:
            self.ask_task(arguments)
        elif self.chance(4):
            arguments[self.any(("kind", "system"))] = self.any((0, 7, 255, 0x103, SLOT_SYSTEM))
        return arguments

    def ask_task(self, arguments):
        size = self.model.sizes.task
        prio = self.any((8, 24, 24, 25)) if self.chance(95) else 32
        bit = self.random.randrange(32) if self.chance(95) else 32
        pager = 0 if self.chance(70) else self.handle("endpoint", SEND)
        on_end = 0 if self.chance(40) else self.handle("notification", SEND)
        arguments.update(
            system=self.handle("system", SEND),
            kind=C["KIND_TASK"] | prio << 8 | bit << 16,
            limit=self.any((0, size - 1, size + 40000, size + 99999, 0xFFFFFFFF, 0xC0000000)),
            handles=pager | on_end << 12 if self.chance(98) else 1 << 24,
            slots=256 if self.chance(92) else self.any((0, 255, 257, 512, 1024, 1280)),
        )

    def ask_handle_copy(self, _):
        mine = [s for s in self.thread.task.table if s in SLOTS]
        shared = [s for s in mine if self.thread.task.table[s].object.kind == "endpoint"]
        mine = shared if shared and self.chance(50) else mine
        task = self.handle("task", MANAGE, lambda t: t in self.owners) if self.chance(60) else 0
        source = self.any(mine) if mine and self.chance(80) else self.some_slot()
        handle = self.thread.task.table.get(source)
        rights = handle.rights & ALL if handle else ALL
        if self.chance(35):
            rights &= self.random.randrange(16) | (GRANT if self.chance(60) else 0)
        if self.chance(4):
            rights = self.any((16, 15, 0x80000000, 0x4F))
        badge = self.any((0, 0, 0, 0, 1, self.word()))
        source = source if self.chance(98) else self.any((4096, 0xFFFFFFFF))
        return {
            "task": task,
            "slot": self.free_slot(self.named_task(task)),
            "source": source,
            "rights": rights,
            "badge": badge,
        }

    def ask_handle_drop(self, _):
        mine = [s for s in self.thread.task.table if s in SLOTS]
        handle = self.any(mine) if mine and self.chance(94) else self.some_slot()
        table = self.thread.task.table
        dead = [s for s in mine if table[s].object.dead and not table[s].is_reply]
        if dead and self.chance(60):
            return {"handle": self.any(dead), "flags": int(self.chance(6))}
        flags = int(self.chance(25)) if self.chance(97) else self.any((2, 0x80000000))
        return {"handle": handle, "flags": flags}

    def ask_thread_create(self, _):
        task = self.handle("task", MANAGE, lambda t: t not in self.owners) or 0
        entries = self.named_task(task).space.entries
        free = [a for a in MESSAGES if a not in entries]
        message = self.any(free) if free and self.chance(90) else self.any(MESSAGES + list(NOWHERE))
        message |= self.any((18, 20, 24, 24, 25)) if self.chance(98) else self.any((0x3E0, 0x800))
        return {
            "task": task,
            "slot": self.free_slot(),
            "entry": self.word(),
            "stack": self.word(),
            "message": message,
            "word": self.word(),
        }

    def ask_thread_ctl(self, _):
        names = "START STOP PRIO CPU GETREGS SETREGS BIND BIND YIELD".split()
        what = C["THREAD_" + self.any(names)] if self.chance(97) else self.any((8, 255))
        thread = 0 if self.chance(20) else self.handle("thread", MANAGE, lambda t: t.stopped)
        other, word0 = 0, 0
        if what == C["THREAD_YIELD"]:
            thread = 0 if self.chance(90) else thread
        elif what == C["THREAD_PRIO"]:
            word0 = self.any((18, 20, 24, 25, 31, 32, 0xFFFFFFFF))
        elif what == C["THREAD_CPU"]:
            word0 = self.any((0, 0, 0, 1, 32, 0xFFFFFFFF))
        elif what == C["THREAD_BIND"] and self.chance(60):
            other = self.handle("notification", RECEIVE, lambda n: not n.bound)
        elif what == C["THREAD_START"] and self.chance(15):
            other = self.handle("thread", MANAGE)
        if self.chance(3):
            word0 = self.word()
        return {"thread": thread, "other": other, "what": what, "word0": word0, "word1": 0}

    def ask_mem_alloc(self, _):
        task = self.task()
        named = self.named_task(task)
        arguments = {
            "task": task,
            "place": self.address(named, False) | self.prot(),
            "pages": self.pages(),
        }
        if self.chance(20):
            arguments.update(
                place=self.any(DEVICES) | self.prot() | C["ALLOC_PHYS"],
                frame=self.any((0xA0, 0xB8, 0xBF, 0xC0, 0x100, 0, 0xFEC00, 0xFFFFFFFF)),
                system=self.handle("system", MANAGE),
                pages=1,
            )
        elif self.chance(2):
            arguments[self.any(("system", "frame"))] = SLOT_SYSTEM
        return arguments

    def ask_mem_map(self, _):
        how = self.any((0, 0, 0, 1, 1, 2, 2, 10, 10, 10, 3, 3, 4, 4, 4))
        to, source = self.task(), self.task()
        place = self.address(self.named_task(to), how in (4, 10))
        start = self.address(self.named_task(source), True)
        if how == 10 and self.chance(70):
            source, start = to, place
        if how == 4:
            source, start = 0, 0
        if self.chance(2):
            how = self.any((5, 7, 8, 12, 16, 0x800))
        return {
            "to": to,
            "from_": source,
            "place": place | self.prot(),
            "source": start | how,
            "pages": self.pages(),
        }

    def ask_mem_unmap(self, _):
        task = self.task()
        how = int(self.chance(30)) if self.chance(97) else self.any((2, 0x800))
        address, pages = self.address(self.named_task(task), True), self.pages()
        if self.chance(6):  # whole tables
            address, pages = self.any((BORDER - (1 << 22), BORDER, BORDER - (1 << 21))), 1024
        return {"task": task, "place": address | how, "pages": pages}

    def ask_irq_ctl(self, _):
        what = self.any((0, 0, 1, 2)) if self.chance(97) else self.any((3, 0xFFFFFFFF))
        system = self.handle("system", MANAGE) if what != 2 or self.chance(3) else 0
        irq = self.any((5, 10, 11)) if self.chance(97) else self.any((16, 0xFFFFFFFF))
        bit = self.random.randrange(32) if what == 0 and self.chance(97) else 0
        mine = [n for n in self.model.lines.values()]
        prefer = (lambda n: n in mine) if what else (lambda n: n not in mine)
        target = self.handle("notification", RECEIVE, prefer)
        lines = [i for i, n in self.model.lines.items() if n is self.target_of(target)]
        if what and lines and self.chance(80):
            irq = self.any(lines)
        return {"system": system, "notification": target, "what": what, "irq": irq, "bit": bit}

    def target_of(self, slot):
        handle = self.thread.task.table.get(slot)
        return handle and handle.object

    def ask_io_grant(self, _):
        port, count = self.any(((0x3F8, 8), (0, 0x400), (0x3FF, 1), (0x60, 1)))
        if self.chance(8):
            port, count = self.any(((0x3FF, 2), (0x400, 1), (0, 0), (1, 0xFFFFFFFF)))
        system = self.handle("system", MANAGE)
        return {"system": system, "task": self.task(), "port": port, "count": count}

    def ask_timer_set(self, _):
        target = self.handle("notification", RECEIVE)
        bit = self.random.randrange(32) if self.chance(96) else self.any((32, 0xFFFFFFFF))
        low, high = self.any(((0, 0), (0, 0), (7, 1 << 16), (0, 1 << 31), (1, 0), (1000, 0)))
        return {"notification": target, "bit": bit, "low": low, "high": high}

    def ask_sys_info(self, _):
        what = self.any((1, 1, 1, 2, 2, 2, 3, 3, 4)) if self.chance(95) else self.any((0, 5, 99))
        buffer = min(self.thread.task.space.scratch) + PAGE * 0x10 * (self.thread.worker % 2)
        arguments = {"what": what, "buffer": buffer, "length": 28}
        if what == C["INFO_SYSTEM"] and self.chance(70):
            arguments["length"] = PAGE
        if what == C["INFO_THREAD"]:
            arguments.update(object_=self.handle("thread", 0), length=24)
        elif what == C["INFO_TASKS"]:
            arguments.update(object_=self.handle("system", SEND), length=0)
        elif what in (C["INFO_TASK"], C["INFO_MAPS"]):
            arguments["object_"] = 0 if self.chance(40) else self.handle("task", 0)
        if what == C["INFO_MAPS"]:
            start = self.any((0x50000000, BORDER - 4 * PAGE, 0x60000000))
            arguments.update(from_=start, length=self.any((0, 16, 64, 256, 320)))
        if self.chance(3):
            arguments[self.any(("length", "buffer"))] = 0
        return arguments

    def ask_sys_ctl(self, _):
        what = self.any((0, 0, 1, 2, 2, 2)) if self.chance(96) else self.any((3, 0xFFFFFFFF))
        if what == C["SYS_PRINT"]:
            address, length = self.any(((0, 0), (0, 1), (0xFFFFF000, 9), (0xC0000000, 1024)))
            return {"what": what, "word0": address, "word1": length if self.chance(95) else 1025}
        if what == C["SYS_EXIT"]:
            return {"system": self.some_slot(), "what": what}
        return {"what": what, "word0": 0 if self.chance(95) else 1}

    # ---- What it leaves alone ----

    def is_harmless(self, name, arguments):
        """The threads that make the calls, and the machine, must go on."""
        table = self.thread.task.table
        if name == "handle_drop":
            slot = arguments["handle"]
            handle = table.get(slot)
            if not handle:
                return True
            if handle.object in self.owners and not handle.object.dead:
                return slot in SLOTS and not arguments["flags"] & 1
            # Of threads that make calls one may end now and then.
            if handle.object in self.model.workers and arguments["flags"] & 1:
                return self.chance(30)
            return slot in SLOTS or handle.object.dead
        if name == "handle_copy":
            return arguments["source"] not in IDLE
        if name == "thread_ctl":
            return self.control_is_harmless(arguments)
        if name == "sys_ctl" and arguments["what"] == C["SYS_EXIT"]:
            handle = table.get(arguments["system"])
            return not (handle and handle.object.kind == "system" and handle.rights & MANAGE)
        return True

    def control_is_harmless(self, arguments):
        handle = self.thread.task.table.get(arguments["thread"])
        thread = self.thread
        if arguments["thread"]:
            thread = handle and handle.object
        what = arguments["what"]
        if not isinstance(thread, Thread):
            return True
        if what == C["THREAD_START"]:
            return thread.started
        if what == C["THREAD_STOP"] and thread.worker is not None:
            return not self.few
        if what == C["THREAD_PRIO"]:
            return arguments["word0"] >= 18  # above the conductor's and the reaper's
        if what == C["THREAD_SETREGS"]:
            return thread.worker is None or thread is self.thread
        return True

    # ---- Steps ----

    def pokes(self, page, name):
        at, pokes = self.thread.message_at, []
        if name in ("ipc_call", "ipc_send", "ipc_reply_recv"):
            pokes += [(at + 4 * i, word) for i, word in page.more.items()]
            for i, item in enumerate(page.items):
                for j, word in enumerate((item.kind, item.at, item.size, item.badge)):
                    pokes.append((at + 248 + 16 * i + 4 * j, word))
        if name in ("ipc_call", "ipc_recv", "ipc_reply_recv"):
            for i, place in enumerate(page.places):
                for j, word in enumerate((place.kind, place.at, place.size)):
                    pokes.append((at + PLACES + 16 * i + 4 * j, word))
            pokes.append((at + PLACES + 32, page.count))
        return pokes

    def write_somewhere(self):
        targets = self.writable()
        if not targets or self.chance(75):
            return []
        address = self.any(targets)
        self.stamp += 1
        self.thread.task.space.entries[address].frame.word = self.stamp
        return [(address, self.stamp)]

    def look_somewhere(self, answer):
        entries = self.thread.task.space.entries
        there = [a for a, entry in entries.items() if entry.frame]
        if there and self.chance(25):
            address = self.any(there)
            answer.checks = answer.checks + [(address, entries[address].frame.word)]

    def free(self):
        return [t for t in self.model.workers if t.state == "RUN" and not t.stopped]

    def choose(self):
        free = self.free()
        self.few = len(free) <= 1
        self.thread = self.any(free)
        special = self.special()
        if special:
            return special
        name = self.random.choices(list(WEIGHTS), WEIGHTS.values())[0]
        table = self.thread.task.table
        if sum(slot in table for slot in SLOTS) > len(SLOTS) * 3 // 4 and self.chance(30):
            name = "handle_drop"
        elif self.thread.task.space.limit - self.thread.task.space.used < 30000 and self.chance(30):
            name = "mem_unmap"
        while self.chance(92) and self.lacks(name):
            name = self.random.choices(list(WEIGHTS), WEIGHTS.values())[0]
        while True:
            page = Page()
            arguments = getattr(self, "ask_" + name)(page)
            arguments = {key: value & 0xFFFFFFFF for key, value in arguments.items()}
            if self.is_harmless(name, arguments):
                return name, arguments, page

    def lacks(self, name):
        """The thread has no handle for this call."""
        if name == "ipc_reply_recv":
            return not any(handle.is_reply for handle in self.thread.task.table.values())
        kind, rights = NEEDS.get(name, (None, 0))
        return kind and not self.slots_of(kind, rights)

    def special(self):
        """What makes threads go on: a call for one that is stopped or waits.  None: anything."""
        if not self.chance(50 if len(self.free()) <= 2 else 20):
            return None
        stopped = [t for t in self.model.workers if t.stopped]
        for slot, handle in self.random.sample(*self.shuffled()):
            target = handle.object
            if handle.is_reply and target.number == handle.number and not target.dead:
                return self.made("ipc_reply_recv", reply=slot)
            if target in stopped and handle.rights & MANAGE:
                start = {"thread": slot, "what": C["THREAD_START"]}
                return "thread_ctl", start, Page()
            if target.kind == "endpoint" and target.queue and not handle.is_reply:
                if target.queue[0].state == "SEND" and handle.rights & RECEIVE:
                    return self.made("ipc_recv", endpoint=slot)
                if target.queue[0].state == "RECV" and handle.rights & SEND:
                    return self.made(self.any(("ipc_send", "ipc_call")), endpoint=slot)
            if target.kind == "notification" and target.waiters and handle.rights & SEND:
                if not handle.is_reply:
                    return self.made("notify", notification=slot, bits=target.waiters[0].mask)
        return None

    def shuffled(self):
        handles = [(s, h) for s, h in self.thread.task.table.items() if s not in IDLE]
        return handles, len(handles)

    def made(self, name, **wanted):
        """A call with some of its arguments given."""
        page = Page()
        self.wanted = wanted.get("endpoint") or wanted.get("reply")
        arguments = getattr(self, "ask_" + name)(page)
        self.wanted = None
        return name, arguments | wanted, page

    def step(self):
        self.steps += 1
        if self.steps % RESTART_EVERY == 0:
            return self.restart()
        for thread in self.model.workers:
            if thread.dead:
                return self.again(thread.worker)
        if len(self.free()) <= 1 and self.chance(25):
            return self.again(self.any(t for t in self.model.workers if t.state != "RUN").worker)
        name, arguments, page = self.choose()
        named = full_for(name, arguments)
        pokes = self.pokes(page, name) + self.write_somewhere()
        thread = self.thread
        try:
            advance = self.model.call(thread, name, named, page)
        except Ambiguous:
            raise AssertionError(f"{name} {arguments}: no document says what follows") from None
        done = self.model.done
        if thread in done:
            self.look_somewhere(done[thread])
        self.count(name, done.get(thread), advance)
        answers = [(t.worker, answer) for t, answer in done.items()]
        values = {key.rstrip("_"): value for key, value in named.items()}
        return Step(thread.worker, name, values, pokes, answers, advance)

    def count(self, name, answer, advance):
        self.calls[name] += 1
        if not answer or advance:
            self.blocked += 1
        if answer and not answer.errors:
            self.succeeded += 1
        if answer and len(answer.errors) == 1:
            self.pairs[name, min(answer.errors)] += 1


# Words of the table that are words of Python or of the call itself.
RENAMED = {
    ("mem_map", "from"): "from_",
    ("sys_info", "object"): "object_",
    ("sys_info", "from"): "from_",
    ("thread_ctl", "thread"): "thread_",
}


def full_for(name, values):
    named = {}
    for argument in CALLS[name].arguments:
        python = RENAMED.get((name, argument.name), argument.name)
        named[python] = values.get(python, values.get(argument.name, 0))
    return named
