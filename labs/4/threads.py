"""Threads of the host's: each does what a generator in Python says, one call after the other.

Such a thread begins at the gate, an address at which the machine stops.  The host then sends it
into a function of the kernel, and the gate is where that returns to.  Which thread has come there,
the host knows by the stack pointer.  Whether the switches in between have kept what is the thread's
it sees by registers and words of the stack, to which it gives values that nobody else has.

The boot's own context, at which the scenario finds the machine, is the idle thread.
"""

import itertools
import struct
from dataclasses import dataclass, field

from grader.machine import PAGE_SIZE, words
from grader.verdict import Failure

LIMIT = 10_000_000  # instructions that no call of this lab takes
CALLEE_SAVED = ("ebx", "esi", "edi", "ebp")
IF = 1 << 9
ONE_LOCK = 1 << 8  # in `nosleep`: locks held (nosleep.h)
STEPS = 400  # instructions that are looked at one by one
KEPT = 16  # words of each stack that are looked at after every call
KERNEL = 16  # priority of threads
RETURN = bytes([0x90, 0xC3])  # nop; ret: what stands at the gate, and is never executed

SWITCH, WAKE, SLEEP = "switch_context", "sched_wake", "sched_sleep_unless"
SWITCHES = (SWITCH, "sched.c")
PRESERVED = (
    "a function preserves the callee-saved registers ebx, esi, edi and ebp, and the switch does so"
    " for each thread: they go on the old stack and come from the new"
)
ORDER = "each priority is first in, first out; the highest that is not empty runs"


@dataclass
class Call:
    """What a program yields; it is sent what the function returned.

    holds: a spinlock that the thread has taken, interrupts off.  steps: called before each
    instruction of the function with the registers, until it says False.
    """

    name: str
    arguments: tuple
    holds: int = 0
    steps: object = None


def call(name, *arguments, **more):
    return Call(name, arguments, **more)


@dataclass
class Actor:
    """A thread, or the boot's context."""

    name: str
    struct: int = 0
    low: int = 0  # its stack, from here to `top`
    top: int = 0
    priority: int = KERNEL
    argument: int = 0
    program: object = None  # a generator, once it runs
    entered: dict = None  # registers with which it began
    back: int = 0  # where its entry function returns to
    kept: dict = field(default_factory=dict)  # registers that the next arrival must show
    words: bytes = b""
    calls: str = ""  # the function in which it is
    state: str = "new"  # new, runs, ended


class Stage:
    """The machine, its threads, and what they have done in which order."""

    def __init__(self, m):
        self.m, self.layout, m.limit = m, m.layout, LIMIT
        page = m.call("bootmem_alloc_page")
        self.gate, self.end_gate, self.boot_gate = page, page + 16, page + 32
        for address in (self.gate, self.end_gate, self.boot_gate):
            m.write(address, RETURN)
        m.stop_at(self.gate, self.end_gate, self.boot_gate)
        self.room, self.left = page + 64, PAGE_SIZE - 64
        self.values = (0x5A000001 + 0x10101 * n for n in itertools.count())
        self.actors, self.seen, self.ended = [], [], []

    # What threads need.

    def memory(self, size):
        """Zeroed, of the kernel's addresses."""
        if self.left < size:
            self.room, self.left = self.m.call("bootmem_alloc_page"), PAGE_SIZE
        address, size = self.room, (size + 15) & ~15
        self.room, self.left = address + size, self.left - size
        return address

    def per_cpu(self, name):
        """Of the CPU that there is."""
        return self.m.symbol(name) + self.m.variable("percpu_offset")

    def put(self, struct_, name, value):
        self.m.write_word(struct_ + self.layout[name], value)

    def get(self, struct_, name):
        return self.m.read_word(struct_ + self.layout[name])

    def empty_list(self, at):
        self.m.write(at, struct.pack("<2I", at, at))

    def queue(self, initialized=False):
        """A wait queue, by the student's wait_queue_init() or without it."""
        queue = self.memory(self.layout["wait_queue_size"])
        if initialized:
            self.m.call("wait_queue_init", queue, self.text("queue"))
            return queue
        self.lock(queue + self.layout["wait_queue_lock"])
        self.empty_list(queue + self.layout["wait_queue_waiters"])
        return queue

    def lock(self, at=None):
        at = at or self.memory(self.layout["spinlock_size"])
        self.m.call("spin_init", at, self.text("lock"))
        return at

    def waiter(self):
        """As it comes from a stack: with what somebody else has left there."""
        at, size = self.memory(self.layout["waiter_size"]), self.layout["waiter_size"]
        self.m.write(at, b"\1" * size)
        return at

    def text(self, words_):
        at = self.memory(16)
        self.m.write(at, words_.encode()[:15] + b"\0")
        return at

    def thread(self, name, program, priority=KERNEL, start=True):
        """A thread whose program is program(actor), on its CPU's queue if it is started."""
        made = Actor(name, self.memory(self.layout["thread_size"]), priority=priority)
        made.low = self.m.call("bootmem_alloc_page")
        made.top, made.argument = made.low + PAGE_SIZE, next(self.values)
        made.program = program(made)
        for field_, value in (("priority", priority), ("stack_top", made.top)):
            self.put(made.struct, f"thread_{field_}", value)
        self.put(made.struct, "thread_on_end", self.end_gate)
        exited = made.struct + self.layout["thread_exited"]
        self.lock(exited + self.layout["wait_queue_lock"])
        for at in ("thread_node", "thread_in_all"):
            self.empty_list(made.struct + self.layout[at])
        self.empty_list(exited + self.layout["wait_queue_waiters"])
        self.m.write(made.struct + self.layout["thread_name"], name.encode() + b"\0")
        self.m.call("thread_set_entry", made.struct, self.gate, made.argument)
        self.actors.append(made)
        if start:
            self.boot("sched_start_thread", made.struct)
        return made

    # Running.

    def boot(self, name, *arguments):
        """The boot's context calls; the others do their programs until that has returned."""
        before = self.m.registers()
        bottom = self.enter(name, arguments, before["esp"], self.boot_gate)
        now = self.run(before, bottom + 4)
        self.m.set_registers({n: v for n, v in before.items() if now[n] != v})
        return now["eax"]

    def rest(self):
        """Until every thread sleeps or has ended."""
        return self.boot("yield")

    def enter(self, name, arguments, esp, back):
        """The next instruction is the function's first; it will return to `back`."""
        registers, stack = words.place(arguments)
        bottom = esp - 4 * len(stack) - 4
        self.m.write(bottom, struct.pack(f"<{len(stack) + 1}I", back, *stack))
        function = name if isinstance(name, int) else self.m.symbol(name)
        self.m.set_registers(registers | {"esp": bottom, "eip": function})
        return bottom

    def run(self, before, boot_esp):
        while True:
            now = self.m.run_on((self.gate, self.end_gate, self.boot_gate))
            if now["eip"] == self.boot_gate:
                self.expect_boot(now, before | {"esp": boot_esp})
                return now
            if now["eip"] == self.end_gate:
                self.note_end(now)
                continue
            self.arrive(self.actor_at(now), now)

    def expect_boot(self, now, must):
        for register in ("esp", *CALLEE_SAVED):
            if now[register] != must[register]:
                raise Failure(
                    f"the first context goes on with its {register}, {must[register]:#x}",
                    f"{now[register]:#x}",
                    PRESERVED,
                    SWITCHES,
                )

    def actor_at(self, now):
        found = [a for a in self.actors if a.low <= now["esp"] <= a.top]
        if not found:
            raise Failure(
                "a thread runs on its own stack",
                f"esp = {now['esp']:#x}, which is on no thread's stack",
                "switch_context loads the stack pointer that the next thread has saved",
                SWITCHES,
            )
        return found[0]

    def arrive(self, actor, now):
        """A thread has come to the gate, new or from a call, and is sent on."""
        if actor.state == "new":
            self.expect_new(actor, now)
            actor.entered, actor.back = now, self.m.read_word(now["esp"])
            self.send(actor, None)
        elif actor.state == "runs":
            self.expect_kept(actor, now)
            self.send(actor, now["eax"])
        else:
            raise Failure(
                f"{actor.name} has ended, and never runs again",
                f"{actor.name} runs",
                "a thread that has ended is on no queue and sleeps nowhere",
                ("sched_end",),
            )

    def send(self, actor, result):
        try:
            todo = actor.program.send(result)
        except StopIteration:
            self.leave(actor)
            return
        actor.calls = todo.name
        esp = actor.entered["esp"] - 4 * KEPT
        actor.words = struct.pack(f"<{KEPT}I", *itertools.islice(self.values, KEPT))
        self.m.write(esp, actor.words)
        actor.kept = {register: next(self.values) for register in CALLEE_SAVED}
        if todo.holds:
            self.take(todo.holds)
        bottom = self.enter(todo.name, todo.arguments, esp, self.gate)
        self.m.set_registers(actor.kept)
        actor.kept |= {"esp": bottom + 4}
        if todo.steps:
            self.step_through(actor, todo.steps)

    def take(self, lock):
        """As spin_lock() with interrupts off would."""
        self.m.write_word(lock, 0)
        nosleep = self.per_cpu("nosleep")
        self.m.write_word(nosleep, self.m.read_word(nosleep) + ONE_LOCK)
        self.m.set_registers({"eflags": self.m.registers()["eflags"] & ~IF})

    def step_through(self, actor, look):
        """As long as the thread stands on its own stack."""
        for _ in range(STEPS):
            now = self.m.registers()
            if not actor.low <= now["esp"] <= actor.top or now["eip"] == self.gate:
                return
            if not look(now):
                return
            self.m.step()

    def leave(self, actor):
        """Its entry function returns."""
        began = actor.entered
        registers = {name: began[name] for name in CALLEE_SAVED}
        self.m.set_registers(registers | {"esp": began["esp"] + 4, "eip": actor.back})
        actor.state = "ended"

    def note_end(self, now):
        """on_end(thread): of an owner, who would free the thread and its stack now."""
        ended = next((a for a in self.actors if a.struct == now["eax"]), None)
        if ended is None or ended.state != "ended" or ended in self.ended:
            raise Failure(
                "on_end is called once, for a thread that has ended",
                f"it is called for {ended.name if ended else hex(now['eax'])}",
                "previous is the thread that was left; finish_rare() is for one that is DEAD",
                ("finish_switch", "sched.c"),
            )
        self.ended.append(ended)
        self.expect_left(ended, now)
        self.m.write(ended.low, b"\xcc" * PAGE_SIZE)
        self.m.set_registers({"eip": self.m.read_word(now["esp"]), "esp": now["esp"] + 4})

    # What must hold wherever a thread comes to the gate.

    def expect_new(self, actor, now):
        actor.state = "runs"
        if now["eax"] != actor.argument:
            raise Failure(
                f"{actor.name} begins with its argument, {actor.argument:#x}",
                f"{now['eax']:#x}",
                "current_thread() is the thread that runs: it is set before the switch",
                ("sched.c",),
            )
        self.expect_interrupts(actor, now, "finish_switch")

    def expect_kept(self, actor, now):
        for register in CALLEE_SAVED:
            if now[register] != actor.kept[register]:
                raise Failure(
                    f"{actor.name} has {register} = {actor.kept[register]:#x} behind {actor.calls}",
                    f"{now[register]:#x}",
                    PRESERVED,
                    SWITCHES,
                )
        if now["esp"] != actor.kept["esp"]:
            raise Failure(
                f"{actor.name} has esp = {actor.kept['esp']:#x} behind {actor.calls}",
                f"{now['esp']:#x}",
                "what was pushed is popped again, in the opposite order",
                SWITCHES,
            )
        if self.m.read(actor.entered["esp"] - 4 * KEPT, 4 * KEPT) != actor.words:
            raise Failure(
                f"the words on {actor.name}'s stack are as it left them",
                "some are changed",
                "nobody else writes to the stack of a thread that does not run",
                SWITCHES,
            )
        self.expect_interrupts(actor, now, actor.calls)

    def expect_interrupts(self, actor, now, function):
        """And no lock: who comes out of a switch has released the queue's."""
        held = self.m.read_word(self.per_cpu("nosleep"))
        if held or not now["eflags"] & IF:
            raise Failure(
                f"interrupts are on and no lock is held when {function} returns to {actor.name}",
                "a lock is held" if held else "interrupts are off",
                "who comes out of a switch ends it (finish_switch): releases the queue's lock, then"
                " interrupts on",
                ("finish_switch", function),
            )

    def expect_left(self, ended, now):
        on = [actor for actor in self.actors if actor.low <= now["esp"] <= actor.top]
        if ended in on or self.get(ended.struct, "thread_on_cpu") & 0xFF:
            raise Failure(
                f"nobody stands on {ended.name}'s stack when on_end frees it",
                "its stack is still in use" if ended in on else "on_cpu is set",
                "a thread cannot free the stack that it stands on: the next one does, in finish_switch()",
                ("sched_end", "finish_switch"),
            )

    # For the tests.

    def note(self, actor):
        self.seen.append(actor.name)

    def expect_each(self, names, hint, where):
        """In whatever order: that is another test's matter."""
        self.seen.sort()
        self.expect(names, hint, where, "each of these runs, in whatever order")

    def expect(self, order, hint, where, what="the threads run in this order"):
        got = " ".join(self.seen)
        if got != order:
            raise Failure(f"{what}: {order or 'none'}", got or "none", hint, where)
        self.seen = []

    def expect_all_ended(self):
        lost = [actor.name for actor in self.actors if actor.state != "ended"]
        if lost:
            raise Failure(
                "every thread comes to its end",
                f"{', '.join(lost)}: never ran again",
                "a thread that is READY lies in a list of its queue, and one that sleeps is woken",
                ("enqueue", "dequeue", WAKE),
            )
        kept = [actor.name for actor in self.actors if actor not in self.ended]
        if kept:
            raise Failure(
                "on_end is called for each thread that has ended",
                f"not for {', '.join(kept)}",
                "finish_rare() is for a previous thread that is DEAD: it calls on_end",
                ("finish_switch", "sched_end"),
            )
