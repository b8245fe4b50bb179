"""The stage of lab 9 (user/stage): its host's side.

The machine stands in the stage's gate, or where a thread of a client stands (STAND); everything
else runs only in between.  All that is asked for are system calls of the stage, loads and stores of
clients; all that is judged lies in the RAM, or was loaded by a client's own CPU.
"""

import copy
import struct
from collections import Counter

from grader.machine import paging
from grader.machine.guest import GuestHang
from grader.verdict import Failure

CODE = 0x10000000
GATE, STAND, LOAD, STORE, CALL = (CODE + at for at in (0x00, 0x10, 0x20, 0x30, 0x40))
TRAP = CALL + 2  # int3: an exception that is no page fault
TASK, SYSTEM, PAGER_TASK, PAGER, ENDPOINT = 1, 3, 20, 21, 22
BUFFER = 0x18000000
NUMBER = {
    name: number
    for number, name in enumerate(
        """ipc_call ipc_reply_recv ipc_send ipc_recv notify notify_wait obj_create handle_copy
        handle_drop thread_create thread_ctl mem_alloc mem_map mem_unmap irq_ctl io_grant timer_set
        sys_info sys_ctl""".split(),
        1,
    )
}
READ, WRITE, EXEC = 1, 2, 4
RW = READ | WRITE
ZERO, STACK, HEAP, SHARED, FILE = range(5)
ADOPT, FORK, FORGET, BREAK = 1, 2, 3, 4
REMEMBER = 8
SEND, RECEIVE, MANAGE, GRANT, ALL = 1, 2, 4, 8, 15
KIND_TASK, KIND_NOTIFICATION = 1, 4
DROP_DESTROY = 1
THREAD_START, THREAD_PRIO = 0, 2
ITEM_HANDLE, ITEM_STRING = 3, 4
INFO_SYSTEM, INFO_TASK, INFO_MAPS = 0, 1, 2
STEP = 60_000_000  # instructions that no call, load or store takes
ENDLESS = 500  # faults of one access at one page: more than any shortage of memory takes
NEVER, PATIENCE = 0xFFFFFFFF, 40_000  # microseconds
PAGER_PRIO, CLIENT_PRIO, LOW_PRIO = 28, 20, 6
PAGE = 4096
LIMIT = 0x00800000  # bytes of a client, if the scenario does not say
HOG, HOG_TABLES = 0x60000000, 0x70000000  # where the stage takes all memory
NOTE = 3  # slot of a client's in which it waits
MESSAGE = 0x11000
ITEMS, PLACES, PLACE_COUNT = 248, 280, 312  # in struct message
DEATH = ("vector", "address", "label", "error")
PRESENT, WRITABLE, USER = 1, 2, 4
FETCH = 16  # of an error code: an instruction fetch, as CPUs with NX have it
EFAULT, EEXIST, EINVAL = 14, 17, 22
ERRORS = {
    1: "EPERM",
    9: "EBADH",
    12: "ENOMEM",
    14: "EFAULT",
    17: "EEXIST",
    22: "EINVAL",
    122: "EQUOTA",
}
FORK_HINTS = {  # why fork may have failed
    EFAULT: "pages that are not there are no error: SHARE passes over holes, COPY and MAP stop at"
    " them with EFAULT",
    EEXIST: "EEXIST: a page was given twice; a range ends before its `end`, where another may be",
    EINVAL: "EINVAL: a call is for 1 to RANGE_MAX pages, and rights that can go together",
}


def error_name(error):
    return ERRORS.get(error, f"error {error}")


def told(death):
    """What a client died of, in words."""
    return f"{error_name(death['error'])} at page {death['address'] & -PAGE:#x}"


class Ended(Exception):
    """The client is no more."""


class Stage:
    def __init__(self, m):
        self.m, m.limit = m, STEP
        m.stop_at(GATE, STAND)
        now = m.run_on((GATE,))
        self.mail = m.read_word(now["esp"] + 4)
        self.message = m.read_word(self.mail + 20)
        self.used_slot, self.hog = 100, HOG
        self.faults = 0  # of clients whose accesses came one by one
        self.must("mem_alloc", edi=BUFFER | RW, esi=1)

    def slot(self):
        self.used_slot += 1
        return self.used_slot

    # System calls of the stage.

    def begin(self, name, h1=0, h2=0, ebx=0, esi=0, edi=0, ebp=0):
        """Registers at the next stop: the gate, or where a client's thread stands."""
        words = (NUMBER[name] | h1 << 8 | h2 << 20, ebx, esi, edi, ebp)
        self.m.write(self.mail, struct.pack("<5I", *words))
        return self.m.run_on((GATE, STAND))

    def result(self):
        """(error, ebx, esi, edi, ebp) of the last call."""
        return struct.unpack("<5I", self.m.read(self.mail, 20))

    def call(self, name, *handles, **registers):
        if self.begin(name, *handles, **registers)["eip"] != GATE:
            raise AssertionError(f"{name} woke a client")
        return self.result()

    def must(self, name, *handles, **registers):
        found = self.call(name, *handles, **registers)
        if found[0]:
            raise AssertionError(f"{name}{handles} {registers}: error {found[0]}")
        return found

    # Requests to the pager.

    def ask(self, label, *words, handle=0, place=0, endpoint=ENDPOINT):
        """(error, word 0, word 1) of its answer."""
        rest = struct.pack(f"<{len(words[2:])}I", *words[2:])
        self.m.write(self.message + 8, rest)
        if handle:
            item = struct.pack("<4I", ITEM_HANDLE, handle, MANAGE | GRANT, 0)
            self.m.write(self.message + ITEMS, item)
        open_place = struct.pack("<4I", ITEM_STRING, BUFFER, PAGE, 0)
        self.m.write(self.message + PLACES, open_place)
        self.m.write_word(self.message + PLACE_COUNT, 1 if place else 0)
        tag = label | len(words) << 16 | bool(handle) << 22
        first = [*words, 0, 0][:2]
        registers = {"esi": tag, "edi": first[0], "ebp": first[1], "ebx": PATIENCE}
        error, _, tag, word0, word1 = self.call("ipc_call", endpoint, **registers)
        if error:
            raise Failure(
                "the pager answers every request",
                f"request {label} ends with error {error}{self.end_of_pager()}",
                "a request that takes its time, or ends the pager, leaves all its clients without",
                ("memory_fork", "memory_remove", "memory_fault"),
            )
        return tag & 0xFFFF, word0, word1

    def end_of_pager(self):
        """Its last words, if it is no more."""
        if not self.call("sys_info", PAGER_TASK, esi=INFO_TASK, ebp=BUFFER, ebx=28)[0]:
            return ""
        said = [line for line in self.m.log().splitlines() if line.strip()][-2:]
        return "; the pager has died: " + ", ".join(said)

    def client(self, number, *regions, limit=LIMIT):
        """One with regions (start, pages, prot, kind), adopted, whose thread waits."""
        made = Client(self, number, limit)
        words = [
            w
            for start, n, prot, kind in regions
            for w in (start, start + n * PAGE, prot | kind << 8)
        ]
        error, _, _ = self.ask(ADOPT, number, len(regions), *words, handle=made.task)
        if error:
            raise AssertionError(f"PAGER_ADOPT: error {error}")
        made.start()
        return made

    def fork(self, parent, number, start=True):
        """The child; its thread begins anew."""
        child = Client(self, number, parent.limit)
        error = self.ask_fork(parent, child)
        if error:
            raise Failure(
                f"PAGER_FORK of client {parent.number} succeeds",
                f"error {error}",
                FORK_HINTS.get(error, FORK_HINTS[EFAULT]),
                ("memory_fork",),
            )
        child.start()
        return child

    def fork_error(self, parent, number):
        """What the pager says if the child's task may have one page beside what it has already,
        which is too little for a page table and what the kernel notes.
        """
        has = int(Client(self, number, LIMIT).pages() * PAGE)
        return self.ask_fork(parent, Client(self, number, has + PAGE))

    def ask_fork(self, parent, child):
        """The pager's error."""
        return self.ask(FORK, parent.number, child.number, 0, handle=child.task)[0]

    def use_up(self):
        """Takes memory until there is none; a call that fails has taken the last of it."""
        error = 0
        while not error:
            error, _, _, pages, _ = self.call("mem_alloc", edi=self.hog | RW, esi=64)
            self.hog += pages * PAGE

    def use_up_tables(self):
        """The same of what the kernel keeps for itself: one page is mapped again and again, each
        time by a page table of its own.
        """
        error, at = 0, HOG_TABLES
        while not error:
            error = self.call("mem_map", edi=at | READ, ebp=BUFFER, esi=1)[0]
            at += 0x400000

    def pager_prio(self, prio):
        self.must("thread_ctl", PAGER, esi=THREAD_PRIO, edi=prio)

    def wait_for(self, prio, most):
        """The pager has its priority again: how many of the threads that faulted stand again."""
        now, come = self.begin("thread_ctl", PAGER, esi=THREAD_PRIO, edi=prio), 0
        while now["eip"] == STAND and come < most:
            come += 1
            now = self.park(now["ecx"])
        return come

    def park(self, slot):
        """The thread that stands waits, until it is woken; registers where it goes on."""
        registers = {"eax": NUMBER["notify_wait"] | slot << 8, "edi": 0xFFFFFFFF, "ebx": NEVER}
        self.m.set_registers(registers | {"ecx": CODE + PAGE, "edx": STAND, "eip": CALL})
        return self.m.run_on((GATE, STAND))

    def free_pages(self):
        """In all zones, with those in lists of the CPU."""
        self.must("sys_info", 0, esi=INFO_SYSTEM, ebp=BUFFER, ebx=PAGE)
        data = self.m.read(BUFFER, PAGE)
        zone = 4 * (3 + 11)  # managed, free, cached, blocks
        at = 12
        return sum(sum(struct.unpack_from("<2I", data, at + i * zone + 4)) for i in range(3))


class Client:
    def __init__(self, stage, number, limit):
        self.stage, self.m, self.number, self.limit = stage, stage.m, number, limit
        self.task, self.thread, self.note = stage.slot(), stage.slot(), stage.slot()
        self.pager, self.wait_slot = stage.slot(), NOTE
        must = stage.must
        must("handle_copy", 0, self.pager, edi=ENDPOINT, esi=SEND | GRANT, ebp=number)
        kind = KIND_TASK | 29 << 8
        must("obj_create", SYSTEM, self.task, esi=kind, edi=limit, ebp=self.pager, ebx=256)
        must("obj_create", 0, self.note, esi=KIND_NOTIFICATION)
        must("handle_copy", self.task, NOTE, edi=self.note, esi=RECEIVE)
        self.map_from_stage(CODE, READ | EXEC)

    def map_from_stage(self, address, prot):
        self.stage.must("mem_map", self.task, 0, edi=address | prot, ebp=address, esi=1)

    def put(self, address, pages, prot):
        """Pages that are there from the start, as whoever loads a program puts them there."""
        self.stage.must("mem_alloc", self.task, edi=address | prot, esi=pages)

    def start(self, message=MESSAGE):
        words = {"edi": STAND, "ebp": CODE + PAGE, "esi": message | CLIENT_PRIO}
        self.stage.must("thread_create", self.task, self.thread, **words)
        now = self.stage.begin("thread_ctl", self.thread, esi=THREAD_START)
        if now["eip"] != STAND:
            raise AssertionError("the client's thread does not begin")
        self.cr3 = self.m.stub.register("cr3")
        self.park()

    def park(self):
        self.stage.park(self.wait_slot)

    def do(self, where, error=0, **registers):
        """EAX when the thread stands again, after the code at `where`; `error` is added to the
        error code of its faults.  Ended.
        """
        if self.stage.begin("notify", self.note, edi=1)["eip"] != STAND:
            raise Ended(f"client {self.number} does not run")
        self.m.set_registers(registers | {"eip": where})
        with self.m.watch("fault_in_user_mode", self.faulting(error)):
            now = self.m.run_on((GATE, STAND))
        if now["eip"] != STAND:
            raise Ended(f"client {self.number} was ended")
        self.park()
        return now["eax"]

    def faulting(self, added):
        """What is done at each fault of an access, of which there cannot be many."""
        error, pages = self.m.layout["trapframe_error"], Counter()

        def faults(frame, address, *_):
            page = address & -PAGE
            self.stage.faults += 1
            pages[page] += 1
            if pages[page] > ENDLESS:
                raise GuestHang(f"client {self.number} faults again and again at page {page:#x}")
            if added:
                self.m.write_word(frame + error, self.m.read_word(frame + error) | added)

        return faults

    def load(self, address):
        return self.do(LOAD, ebx=address)

    def execute(self, address):
        """Touches the page as an instruction fetch does: the host says so for the CPU, which has no
        NX and so no such bit.
        """
        self.do(LOAD, error=FETCH, ebx=address)

    def trap(self):
        """An exception that is no page fault."""
        self.do(TRAP)

    def store(self, address, value):
        self.do(STORE, ebx=address, eax=value)

    # Two threads of one client, which are both on their way.

    def another_thread(self):
        """The same client by a thread of its own."""
        other = copy.copy(self)
        other.thread, other.note, other.wait_slot = self.stage.slot(), self.stage.slot(), NOTE + 1
        must = self.stage.must
        must("obj_create", 0, other.note, esi=KIND_NOTIFICATION)
        must("handle_copy", self.task, other.wait_slot, edi=other.note, esi=RECEIVE)
        other.start(MESSAGE + PAGE)
        return other

    def begin(self, where, **registers):
        """As do(), but the thread stays in the fault: the pager has too low a priority."""
        if self.stage.begin("notify", self.note, edi=1)["eip"] != STAND:
            raise Ended(f"client {self.number} does not run")
        self.m.set_registers(registers | {"ecx": self.wait_slot, "eip": where})
        self.m.run_on((GATE,))

    # What the CPU would find, by the host.

    def walk(self, address):
        def read(physical, size):
            return int.from_bytes(self.m.bytes_at(physical, size), "little")

        return paging.walk(read, paging.TWO_LEVEL, self.cr3, address)

    def frame(self, address):
        """The frame's number; None: no page is there."""
        physical = self.walk(address).physical
        return None if physical is None else physical // PAGE

    def writable(self, address):
        return all(entry.value & WRITABLE for entry in self.walk(address).entries)

    def content(self, address):
        """Of the page in which the address lies."""
        return self.m.page(self.frame(address))

    def frames(self, start, pages):
        return [self.frame(start + i * PAGE) for i in range(pages)]

    # What the kernel says of its task, and the pager of its death.

    def pages(self):
        """What the task is charged for, in pages: its frames, and a little beside them."""
        self.stage.must("sys_info", self.task, esi=INFO_TASK, ebp=BUFFER, ebx=28)
        return self.m.read_word(BUFFER + 12) / PAGE

    def prot(self, address):
        """PROT_* of the page, by the kernel's record: a CPU without NX has no bit for EXEC."""
        words = {"esi": INFO_MAPS, "edi": address, "ebp": BUFFER, "ebx": 16}
        self.stage.must("sys_info", self.task, **words)
        found, prot = struct.unpack("<2I", self.m.read(BUFFER, 8))
        return prot if found == address else 0

    def lives(self):
        return not self.stage.call("sys_info", self.task, esi=INFO_TASK, ebp=BUFFER, ebx=28)[0]

    def set_break(self, end):
        """Error of PAGER_BREAK, asked for as the client would."""
        return self.stage.ask(BREAK, end, endpoint=self.pager)[0]

    def death(self):
        """What it died of, as words of struct pager_death by name; None: it did not."""
        error, vector, _ = self.stage.ask(REMEMBER, self.number, 0, place=1)
        if error or vector == 0xFFFFFFFF:
            return None
        words = struct.unpack("<4I", self.m.read(BUFFER, 16))
        return dict(zip(DEATH, words))

    def last_words(self):
        """Why it has ended, as the pager says; or that this one is no more."""
        if said := self.stage.end_of_pager():
            return said
        death = self.death()
        return f": {told(death)}" if death else ""

    def destroy(self):
        """Ended by its parent, and forgotten."""
        self.stage.call("handle_drop", self.task, esi=DROP_DESTROY)
        self.drop()

    def drop(self):
        self.stage.ask(FORGET, self.number)
        for slot in (self.task, self.thread, self.note, self.pager):
            self.stage.call("handle_drop", slot)
