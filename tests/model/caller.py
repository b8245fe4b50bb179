"""The random caller: picks a thread, a call and its arguments by the table of calls, lets the model
make it, and keeps what the model answers.
"""

import random
from collections import Counter
from dataclasses import dataclass

from abi import CALLS, CONSTANTS as C
from arguments import Arguments
from base import Ambiguous
from memory import PAGE, Space
from model import Model
from objects import ALL, MANAGE, RECEIVE, SEND, Handle, Notification, Task, Thread
from places import (
    TASKS,
    WORKERS,
    SLOT_TASK,
    SLOT_THREAD,
    SLOT_IDLE,
    SLOT_SYSTEM,
    SLOT_TASKS,
    SLOT_THREADS,
    IDLE,
    SLOTS,
    PLACES,
    RESTART_EVERY,
    Page,
)

WEIGHTS = {
    "ipc_call": 12,
    "ipc_reply_recv": 10,
    "ipc_send": 9,
    "ipc_recv": 17,
    "notify": 7,
    "notify_wait": 15,
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


# Calls, and the argument of each, for a handle that is dead or too weak.
USERS = {
    "endpoint": (("ipc_send", "endpoint"), ("ipc_call", "endpoint"), ("obj_create", "handles")),
    "notification": (
        ("notify", "notification"),
        ("notify_wait", "notification"),
        ("timer_set", "notification"),
        ("irq_ctl", "notification"),
    ),
    "task": (
        ("mem_alloc", "task"),
        ("mem_map", "to"),
        ("mem_unmap", "task"),
        ("io_grant", "task"),
        ("thread_create", "task"),
    ),
    "system": (("sys_info", "object_"), ("irq_ctl", "system"), ("io_grant", "system")),
}


@dataclass
class Step:
    worker: int
    name: str
    arguments: dict
    pokes: list
    answers: list  # (worker, Answer)
    advance: bool


class Caller(Arguments):
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
        self.last = {}  # thread: name of its last call
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
        special = self.special() or self.spoiled()
        if special:
            return special
        name = self.random.choices(list(WEIGHTS), WEIGHTS.values())[0]
        table = self.thread.task.table
        if sum(slot in table for slot in SLOTS) > len(SLOTS) * 3 // 4 and self.chance(30):
            name = "handle_drop"
        elif self.thread.task.space.limit - self.thread.task.space.used < 12000 and self.chance(15):
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

    def spoiled(self):
        """A call that fails by its handle, which is dead or too weak.  None: anything."""
        if not self.chance(4):
            return None
        handles = self.random.sample(*self.shuffled())
        if self.chance(60):
            handles.sort(key=lambda pair: not pair[1].object.dead)
        for slot, handle in handles:
            users = not handle.is_reply and USERS.get(handle.object.kind)
            if not users or not (handle.object.dead or handle.rights != ALL):
                continue
            name, argument = self.any(users)
            wanted = {argument: slot}
            if name == "obj_create":
                wanted |= {"kind": C["KIND_TASK"] | 8 << 8, "slots": 256, "limit": 1 << 20}
                wanted |= {"system": SLOT_SYSTEM, "slot": self.free_slot()}
            elif name == "sys_info":
                wanted |= {"what": C["INFO_TASKS"], "from_": 0, "length": 0}
            made = self.made(name, **wanted)
            return made if self.is_harmless(made[0], made[1]) else None
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
        self.last[self.thread.worker] = name
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
