"""Random arguments of each call."""

from abi import CONSTANTS as C
from base import Item
from choices import Choices
from memory import PAGE
from objects import ALL, GRANT, MANAGE, RECEIVE, SEND
from places import (
    SLOT_TASK,
    SLOT_SYSTEM,
    SLOT_TASKS,
    SLOTS,
    BORDER,
    AREAS,
    DEVICES,
    MESSAGES,
    NOWHERE,
)


class Arguments(Choices):
    """Messages, and the arguments of each call."""

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
        endpoint = 0 if self.chance(45) else self.ask_ipc_recv(page)["endpoint"]
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
        return {
            "notification": target,
            "mask": self.bits() or self.chance(80),
            "timeout": self.timeout(),
        }

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
            limit=self.any((0, size - 1, size, size, size + 40000, 0xFFFFFFFF, 0xC0000000)),
            handles=pager | on_end << 12 if self.chance(98) else 1 << 24,
            slots=256 if self.chance(92) else self.any((0, 255, 257, 512, 1024, 1280)),
        )

    def ask_handle_copy(self, _):
        mine = [s for s in self.thread.task.table if s in SLOTS]
        table = self.thread.task.table
        shared = [s for s in mine if table[s].object.kind in ("endpoint", "task")]
        mine = shared if shared and self.chance(50) else mine
        task = self.handle("task", MANAGE, lambda t: t in self.owners) if self.chance(60) else 0
        source = self.any(mine) if mine and self.chance(80) else self.some_slot()
        first = (SLOT_TASK, SLOT_SYSTEM, SLOT_TASKS)
        source = self.any(first) if self.chance(15) else source
        handle = self.thread.task.table.get(source)
        rights = handle.rights & ALL if handle else ALL
        if self.chance(60 if source in first else 40):
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
        awaited = [s for s in mine if table[s].rights & RECEIVE and self.is_awaited(table[s])]
        if awaited and self.chance(30):
            return {"handle": self.any(awaited), "flags": 0}
        dead = [s for s in mine if table[s].object.dead and not table[s].is_reply]
        if dead and self.chance(30):
            return {"handle": self.any(dead), "flags": int(self.chance(6))}
        flags = int(self.chance(25)) if self.chance(97) else self.any((2, 0x80000000))
        return {"handle": handle, "flags": flags}

    @staticmethod
    def is_awaited(handle):
        return handle.object.kind == "endpoint" and handle.object.queue

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
            other = self.handle("thread", MANAGE) if self.chance(50) else self.reply()
        elif what == C["THREAD_GETREGS"] and self.chance(40):
            thread = 0 if self.chance(90) else thread
            other = self.reply() if self.chance(80) else self.handle("thread", MANAGE)
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
        shared = [
            address
            for address, entry in self.named_task(source).space.entries.items()
            if entry.frame and len(entry.frame.places) > 1
        ]
        if how in (0, 1, 3) and shared and self.chance(50):
            start = self.any(shared)
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
        space = self.named_task(task).space
        shared = [a for a, e in space.entries.items() if e.frame and len(e.frame.places) > 1]
        owned = [a for a in shared if space.entries[a].frame.owner is space]
        if owned and self.chance(40):
            address, pages = self.any(owned), 1
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
        what = (
            self.any((1, 1, 1, 2, 2, 2, 3, 3, 4, 5, 6)) if self.chance(95) else self.any((0, 7, 99))
        )
        buffer = min(self.thread.task.space.scratch) + PAGE * 0x10 * (self.thread.worker % 2)
        arguments = {"what": what, "buffer": buffer, "length": 28}
        if what == C["INFO_SYSTEM"] and self.chance(70):
            arguments["length"] = PAGE
        if what == C["INFO_THREAD"]:
            arguments.update(object_=self.handle("thread", 0), length=24)
        elif what in (C["INFO_TASKS"], C["INFO_LOG"]):
            arguments.update(object_=self.handle("system", SEND))
            arguments["length"] = 0 if what == C["INFO_TASKS"] else self.any((0, 4, 8, 28))
        elif what in (C["INFO_TASK"], C["INFO_MAPS"]):
            arguments["object_"] = 0 if self.chance(40) else self.handle("task", 0)
        elif what == C["INFO_CACHES"]:
            arguments["length"] = self.any((0, 28, 300))
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
            weak = self.weak("system", MANAGE)
            return {"system": self.any(weak) if weak else self.some_slot(), "what": what}
        return {"what": what, "word0": 0 if self.chance(95) else 1}
