"""Threads of tasks whose calls the host makes: each waits until it is told what to call.

Such a thread begins at the gate, an address at which the machine stops.  From there the host sends
it into one of the calls that move messages, as an entry from user mode would: interrupts off, the
arguments in its frame.  The gate is where the call returns to; which thread has come there, the
host knows by the stack pointer.  A thread that has nothing to do sleeps, until the host wakes it.

The context at which the scenario finds the machine is the first thread's, whose priority is lower:
whenever it yields, the others go on until all of them wait.

Time stands still for time-outs unless the host lets a tick go by: QEMU's clock runs on whenever the
machine is stopped.
"""

import itertools
import struct
from contextlib import contextmanager
from dataclasses import dataclass, field

from grader.machine import PAGE_SIZE, words
from grader.verdict import Failure, expecting

LIMIT = 300_000_000  # instructions that nothing here takes
IF = 1 << 9
RETURN = bytes([0x90, 0xC3])  # nop; ret: what stands at the gate, and is never executed
PRIORITY = 20  # above the first thread's
SLOTS = 256  # of a task's table
TASK_BYTES = 1 << 22  # of its account
MESSAGE_AT = 0x20000

# The way that takes every case (call_ipc.h), not the short one.
CALLS = {
    "call": "long_call",
    "send": "call_ipc_send",
    "receive": "call_ipc_recv",
    "reply": "long_reply_recv",
}
ERRORS = ("EPERM", "EBADH", "EAGAIN", "EINVAL", "EMSGSIZE", "ENOSLOT", "EDEAD", "ETIMEDOUT")
LOCKED = "objects_lock is held when ipc.c and reply.c are entered, and released on every way out"


def tag(label, count, items=0):
    return label | count << 16 | items << 22


def label_of(tag_):
    return tag_ & 0xFFFF


def count_of(tag_):
    return tag_ >> 16 & 63


@dataclass
class Got:
    """What a call has returned."""

    error: int
    badge: int
    tag: int
    words: list

    @property
    def label(self):
        return label_of(self.tag)


@dataclass
class Partner:
    """A thread in a task of its own.  `got`: of its last call; None while that has not returned."""

    name: str
    struct: int
    task: int
    low: int  # its kernel stack, from here to `top`
    top: int
    frame: int  # its registers of user mode
    page: int  # its message page, at the kernel's address
    flag: int  # set when it is to wake up
    state: str = "new"  # new, idle, calls
    todo: tuple = None
    got: Got = None
    slots: object = field(default_factory=lambda: itertools.count(1))


class Stage:
    """The machine, the threads, and in which order their calls have returned (`seen`)."""

    def __init__(self, m):
        self.m, self.layout, m.limit = m, m.layout, LIMIT
        m.finish()
        self.tick = m.variable("timeout_tick")
        m.write_word(m.symbol("timeout_tick"), 0)
        page = m.call("get_zeroed_page", self.layout["GFP_KERNEL"])
        self.gate, self.boot_gate = page, page + 16
        for address in (self.gate, self.boot_gate):
            m.write(address, RETURN)
        m.stop_at(self.gate, self.boot_gate)
        self.room, self.left = page + 64, PAGE_SIZE - 64
        self.values = (0x5A000001 + 0x10101 * n for n in itertools.count())
        self.partners, self.seen = [], []
        self.hint, self.where = "", ()

    # What there is.

    def memory(self, size):
        """Zeroed, of the kernel's addresses."""
        size = (size + 15) & ~15
        if self.left < size:
            raise ValueError("the page is full")
        address = self.room
        self.room, self.left = address + size, self.left - size
        return address

    def made(self, function, kind, fields):
        """The object that function(struct *wanted, object **) makes."""
        wanted, out = self.memory(self.layout[f"{kind}_size"]), self.memory(4)
        for name, value in fields.items():
            self.m.write_word(wanted + self.layout[f"{kind}_{name}"], value)
        if error := self.boot(function, wanted, out):
            raise ValueError(f"{function}: error {error}")
        return self.m.read_word(out)

    def partner(self, name, priority=PRIORITY):
        """A thread, alone in its task, which sleeps until it is told what to call."""
        get = self.layout.__getitem__
        task = self.made(
            "task_create", "new_task", {"limit": TASK_BYTES, "slots": SLOTS, "max_priority": 31}
        )
        thread = self.made(
            "user_thread_create",
            "new_thread",
            {"task": task, "message_at": MESSAGE_AT, "priority": priority},
        )
        inner = thread + get("user_thread_thread")
        top = self.m.read_word(inner + get("thread_stack_top"))
        page = self.m.read_word(thread + get("user_thread_message"))
        frame = top - get("trapframe_size")
        low = top - get("KERNEL_STACK_SIZE")
        made = Partner(name, thread, task, low, top, frame, page, self.memory(4))
        self.m.call("thread_set_entry", inner, self.gate, 0)
        self.partners.append(made)
        self.boot("user_thread_start", thread)
        self.rest()
        return made

    def endpoint(self, owner):
        return self.boot("endpoint_create", owner.task, self.memory(4))

    def handle(self, partner, object_, rights="RIGHTS_ALL", badge=0):
        """A slot of the partner's, with a handle to it."""
        slot = next(partner.slots)
        self.boot("handle_set", self.place(partner, slot), object_, self.layout[rights], badge)
        return slot

    def to_endpoint(self, partner, endpoint, badge=0):
        at = endpoint + self.layout["endpoint_object"]
        return self.handle(partner, at, "RIGHTS_ALL", badge)

    def place(self, partner, slot):
        table = partner.task + self.layout["task_handles"] + self.layout["handle_table_page"]
        return self.m.read_word(table) + slot * self.layout["handle_size"]

    def drop(self, partner, slot):
        self.boot("handle_clear", self.place(partner, slot))
        self.rest()
        self.boot("objects_reap_all")
        self.rest()

    def destroy(self, endpoint):
        end = self.m.read_word(self.m.symbol("endpoint_ops") + self.layout["object_ops_destroy"])
        self.boot(end, endpoint + self.layout["endpoint_object"])
        self.rest()

    def fresh(self, count):
        """Words that nobody else has."""
        return list(itertools.islice(self.values, count))

    # Calls.

    def call(self, partner, slot, label=0, say=(), timeout=None, items=0):
        self.begin(partner, "call", slot, 0, label, say, timeout, items)

    def send(self, partner, slot, label=0, say=(), timeout=None, items=0):
        self.begin(partner, "send", slot, 0, label, say, timeout, items)

    def receive(self, partner, slot, reply=0, timeout=None):
        self.begin(partner, "receive", slot, reply, 0, (), timeout)

    def reply(self, partner, reply, endpoint=0, label=0, say=(), timeout=None, items=0):
        self.begin(partner, "reply", reply, endpoint, label, say, timeout, items)

    def fault(self, partner, vector, error, address):
        """Of user mode, with what the frame held before."""
        registers = {"vector": vector, "error": error, "eip": next(self.values)}
        self.go(partner, "fault_in_user_mode", registers, (partner.frame, address))
        return registers["eip"]

    def begin(self, partner, what, first, second, label, say, timeout, items=0):
        """The call begins when the host lets the threads run: rest()."""
        say = list(say)
        self.m.write(partner.page + 8, struct.pack(f"<{len(say[2:])}I", *say[2:]))
        first_words = (say + [0, 0])[:2]
        timeout = self.layout["TIMEOUT_NEVER"] if timeout is None else timeout
        registers = {
            "eax": first << 8 | second << 20,
            "ebx": timeout,
            "esi": tag(label, len(say), items),
            "edi": first_words[0],
            "ebp": first_words[1],
        }
        self.go(partner, CALLS[what], registers, (partner.struct, partner.frame))

    def go(self, partner, function, registers, arguments):
        if partner.state != "idle":
            raise ValueError(f"{partner.name} is busy")
        partner.todo, partner.got, partner.state = (function, registers, arguments), None, "calls"
        inner = partner.struct + self.layout["user_thread_thread"]
        self.boot("sched_wake", inner, partner.flag)

    # Running.

    def boot(self, name, *arguments):
        """The first context calls; the others go on until that has returned."""
        before = self.m.registers()
        registers, stack = words.place(arguments)
        bottom = before["esp"] - 4 * len(stack) - 4
        self.m.write(bottom, struct.pack(f"<{len(stack) + 1}I", self.boot_gate, *stack))
        function = name if isinstance(name, int) else self.m.symbol(name)
        self.m.set_registers(registers | {"esp": bottom, "eip": function})
        while (now := self.m.run_on((self.gate, self.boot_gate)))["eip"] != self.boot_gate:
            self.arrive(self.partner_at(now), now)
        self.m.set_registers({n: v for n, v in before.items() if now[n] != v})
        return now["eax"]

    def rest(self):
        """Until every thread waits."""
        self.boot("yield")
        reap = self.m.symbol("objects_to_reap")
        if self.m.read_word(reap) != reap:
            self.boot("objects_reap_all")
            self.boot("yield")

    def ticks(self, count):
        """So many ticks go by."""
        for _ in range(count):
            self.boot(self.tick)
            self.rest()

    def partner_at(self, now):
        return next(p for p in self.partners if p.low <= now["esp"] <= p.top)

    def arrive(self, partner, now):
        """A thread has come to the gate: new, from its sleep, or from a call."""
        if partner.state == "calls" and not partner.todo:
            self.returned(partner, now)
        if partner.todo:
            self.send_into(partner, now)
            return
        partner.state = "idle"
        self.m.write_word(partner.flag, 0)
        self.enter("sched_sleep_unless", (partner.flag,), now["eflags"] | IF, partner)

    def returned(self, partner, now):
        frame = self.registers_of(partner)
        said = [frame["edi"], frame["ebp"]] + self.page_words(partner)
        count = min(count_of(frame["esi"]), self.layout["MESSAGE_WORDS"])
        partner.got = Got(now["eax"], frame["ebx"], frame["esi"], said[:count])
        self.seen.append(partner.name)
        self.expect_unlocked(partner)

    def registers_of(self, partner):
        """Those in which messages travel."""
        return {
            name: self.m.read_word(partner.frame + self.layout[f"trapframe_{name}"])
            for name in ("ebx", "esi", "edi", "ebp")
        }

    def page_words(self, partner):
        count = self.layout["MESSAGE_WORDS"] - 2
        return list(struct.unpack(f"<{count}I", self.m.read(partner.page + 8, 4 * count)))

    def send_into(self, partner, now):
        (function, registers, arguments), partner.todo = partner.todo, None
        for name, value in registers.items():
            self.m.write_word(partner.frame + self.layout[f"trapframe_{name}"], value)
        self.enter(function, arguments, now["eflags"] & ~IF, partner)

    def enter(self, function, arguments, eflags, partner):
        registers, _ = words.place(arguments)
        bottom = partner.frame - 32
        self.m.write_word(bottom, self.gate)
        where = {"esp": bottom, "eip": self.m.symbol(function), "eflags": eflags}
        self.m.set_registers(registers | where)

    def expect_unlocked(self, partner):
        free = self.m.variable("objects_lock") == self.layout["SPIN_NO_OWNER"]
        nosleep = self.m.symbol("nosleep") + self.m.variable("percpu_offset")
        if not free or self.m.read_word(nosleep):
            raise Failure(
                f"no lock is held when the call of {partner.name} returns",
                "objects_lock is held" if not free else "a lock is held",
                LOCKED,
                self.where,
            )

    # What must be seen.

    @contextmanager
    def about(self, hint, *where):
        """What is said if something else is seen meanwhile."""
        self.hint, self.where = hint, where
        with expecting("the threads do as they are told", hint, where):
            yield

    def fail(self, expected, seen):
        raise Failure(expected, seen, self.hint, self.where)

    def expect_waits(self, *partners):
        for partner in partners:
            if partner.got:
                self.fail(f"{partner.name} waits", f"its call returns {self.told(partner.got)}")

    def expect(self, partner, error=0, label=None, say=None, badge=None, flags=None):
        """Its call has returned this."""
        got, must = partner.got, f"{partner.name}'s call returns {self.name_of(error)}"
        if not got:
            self.fail(must, f"{partner.name} waits")
        if got.error != error:
            self.fail(must, self.told(got))
        for what, wanted, seen in (
            ("label", label, got.label),
            ("words", say and list(say), got.words),
            ("badge", badge, got.badge),
            ("flags", flags, got.tag & 0xFF000000),
        ):
            if wanted is not None and wanted != seen:
                self.fail(f"{partner.name} gets {what} {shown(wanted)}", f"{what} {shown(seen)}")

    def expect_order(self, names):
        """In which order calls have returned since the last look."""
        got, self.seen = " ".join(self.seen), []
        if got != names:
            self.fail(f"the calls return in the order {names or '(none)'}", got or "none returns")

    def name_of(self, error):
        names = {self.layout[name]: name for name in ERRORS} | {0: "0"}
        return names.get(error, f"{error:#x}")

    def told(self, got):
        if got.error:
            return self.name_of(got.error)
        return f"0, label {got.label:#x}, words {shown(got.words)}"


def shown(value):
    if not isinstance(value, list):
        return f"{value:#x}"
    listed = " ".join(f"{word:#x}" for word in value[:8])
    return f"({len(value)}) {listed}{' ...' if len(value) > 8 else ''}"
