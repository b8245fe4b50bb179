"""Lab 4: the switch, sleep and wake-up, judged by who runs when, with which registers and stack.

What the threads do the host decides, one call at a time (threads.py).
"""

import random

from grader.machine import PAGE_OFFSET, PAGE_SIZE
from grader.machine.guest import GuestEnd
from grader.verdict import Failure, expecting

from .model import Model
from .threads import CALLEE_SAVED, IF, ORDER, PRESERVED, SLEEP, SWITCH, SWITCHES, WAKE, Stage, call

WORK_RESCHEDULE = 1  # in user_work (sched.h)
SLEEPING = "a thread that sleeps is in no list of its run queue, so nobody picks it"


# ---- The switch ----

PICTURE = (
    "from *save upward lie edi, esi, ebx, ebp and the return address (struct new_context of"
    " context.c): the callee-saved registers are pushed in the opposite order"
)
PLACES = ("edi", "esi", "ebx", "ebp", "return address")


def registers(m):
    """By itself, from the boot's context to a new one and back."""
    stage = Stage(m)
    stack, save = m.call("bootmem_alloc_page") + 0x800, stage.memory(8)
    load = m.call("context_prepare", stack, stage.gate)
    esp, values = m.registers()["esp"], numbers(stage)
    with expecting("switch_context goes to a new stack", PICTURE, (SWITCH, "context_start")):
        there = switch_by_hand(stage, save, load, esp, values)
    if there["eip"] != stage.gate or not stack - 64 <= there["esp"] < stack:
        raise Failure(
            "the new context calls its entry function on its own stack",
            f"{m.elf.place(there['eip'])}, esp = {there['esp']:#x}",
            PICTURE,
            (SWITCH, "context_start"),
        )
    expect_picture(stage, m.read_word(save), esp, values)
    with expecting("switch_context goes back", PICTURE, (SWITCH,)):
        back = switch_by_hand(stage, save + 4, m.read_word(save), there["esp"], numbers(stage))
    for name in CALLEE_SAVED:
        if back[name] != values[name]:
            raise Failure(
                f"{name} is {values[name]:#x} again behind switch_context",
                f"{back[name]:#x}",
                PICTURE,
                (SWITCH,),
            )
    expect_returned_is_told(stage, stack)


def numbers(stage):
    return {name: next(stage.values) for name in CALLEE_SAVED}


def switch_by_hand(stage, save, load, esp, values):
    """Registers where it comes out.  Its arguments lie on the stack (__stack_args)."""
    m, off = stage.m, stage.m.registers()["eflags"] & ~IF
    for at, word in ((4, load), (8, save), (12, stage.boot_gate)):
        m.write_word(esp - at, word)
    m.set_registers(values | {"esp": esp - 12, "eip": m.symbol(SWITCH), "eflags": off})
    return m.run_on((stage.gate, stage.boot_gate))


def expect_picture(stage, saved, esp, values):
    must = [values[name] for name in PLACES[:4]] + [stage.boot_gate]
    at = esp - 12 - 4 * 4
    if saved != at:
        raise Failure(
            f"*save is {at:#x}: four registers below the return address",
            f"{saved:#x}",
            PICTURE,
            (SWITCH,),
        )
    for i, (name, wanted) in enumerate(zip(PLACES, must)):
        seen = stage.m.read_word(at + 4 * i)
        if seen != wanted:
            raise Failure(
                f"at *save + {4 * i} lies {name}, {wanted:#x}", f"{seen:#x}", PICTURE, (SWITCH,)
            )


def expect_returned_is_told(stage, stack):
    """A context whose entry function returns is a panic, not a jump to nowhere."""
    m, hint = stage.m, "context_start calls context_returned, should the entry function return"
    load = m.call("context_prepare", stack, stage.gate)
    now = switch_by_hand(stage, stage.memory(4), load, m.registers()["esp"], numbers(stage))
    m.set_registers({"eip": m.read_word(now["esp"]), "esp": now["esp"] + 4})
    try:
        m.run_on((stage.gate, stage.boot_gate))
        seen = "it goes on"
    except GuestEnd as end:
        seen = str(end)
    if "returned" not in seen:
        raise Failure("a panic by context_returned", seen, hint, ("context_start",))


BEGUN = "the run queue says who runs (current, previous): it is set before the switch"


def kept(m):
    stage = Stage(m)

    def program(actor):
        for _ in range(4):
            stage.note(actor)
            yield call("yield")

    for name in "ABC":
        stage.thread(name, program)
    with expecting("three threads begin, and take turns", f"{BEGUN}; {PRESERVED}", SWITCHES):
        stage.rest()
    if sorted(stage.seen) != sorted("ABC" * 4):
        stage.expect("A B C " * 3 + "A B C", "a thread that yields runs again", ("yield",))
    expect_spaces(stage)
    stage.expect_all_ended()


def expect_spaces(stage):
    """A thread that has an address space runs in it: CR3 says so."""
    m, directory = stage.m, {}

    def program(actor):
        for _ in range(3):
            cr3 = m.stub.register("cr3")
            if cr3 != directory[actor.name] - PAGE_OFFSET:
                raise Failure(
                    f"{actor.name} runs in its address space: CR3 is"
                    f" {directory[actor.name] - PAGE_OFFSET:#x}",
                    f"{cr3:#x}",
                    "the next thread's mm, or NULL, is told to switch_mm() before the switch",
                    SWITCHES,
                )
            yield call("yield")
        stage.put(actor.struct, "thread_mm", 0)

    kernels = m.read(PAGE_OFFSET + m.stub.register("cr3"), PAGE_SIZE)
    for name in "DE":
        directory[name], mm = m.call("bootmem_alloc_page"), stage.memory(64)
        m.write(directory[name], kernels)
        m.write_word(mm, directory[name])  # its first member: struct mm_tlb, which begins with pgd
        stage.put(stage.thread(name, program, start=False).struct, "thread_mm", mm)
        stage.boot("sched_start_thread", stage.actors[-1].struct)
    stage.rest()
    m.call("leave_mm")


# ---- Who runs next ----


def turns(m):
    stage = Stage(m)

    def program(actor):
        for _ in range(3):
            stage.note(actor)
            yield call("yield")

    for name in "ABC":
        stage.thread(name, program)
    stage.expect("", "a thread is made ready, and runs later", ("sched_start_thread",))
    stage.rest()
    stage.expect("A B C A B C A B C", ORDER, ("enqueue", "yield", "pick_next"))
    alone(stage)
    stage.rest()
    stage.expect_all_ended()


def alone(stage):
    """One that is alone in its priority goes on when it yields."""

    def program(actor):
        for _ in range(3):
            stage.note(actor)
            yield call("yield")

    stage.thread("alone", program)
    with expecting("a thread that yields alone goes on", ALONE, ("yield", "switch_away")):
        stage.rest()
    stage.expect("alone alone alone", ALONE, ("yield", "switch_away"))


ALONE = "the next thread may be the one that runs: then there is nothing to switch, only to unlock"


def priority(m):
    stage = Stage(m)

    def program(actor):
        for _ in range(2):
            stage.note(actor)
            yield call("yield")

    for name, level in (("low", 3), ("mid", 16), ("top", 31), ("also", 16), ("zero", 1)):
        stage.thread(name, program, level)
    stage.rest()
    stage.expect(
        "top top mid also mid also low low zero zero",
        "a higher priority runs before a lower one, as long as it is ready: " + ORDER,
        ("pick_next", "enqueue", "dequeue"),
    )
    changed(stage)
    stage.rest()
    stage.expect_all_ended()


def changed(stage):
    """Given code moves a ready thread to another list."""

    def program(actor):
        stage.note(actor)
        yield call("yield")

    first = stage.thread("first", program)
    stage.thread("second", program)
    stage.boot("sched_set_priority", first.struct, 4)
    stage.rest()
    stage.expect(
        "second first",
        "dequeue() takes a thread out of its list, whose bit is cleared only if it is empty then",
        ("dequeue", "enqueue"),
    )


# ---- Sleep and wake-up ----


def sleeper(stage, queue, waiter=None):
    """A program: sleeps once on the queue."""

    def program(actor):
        mine = waiter or stage.waiter()
        yield call("wait_enqueue", queue, mine)
        yield call("wait_sleep", mine)
        stage.note(actor)
        yield call("wait_dequeue", queue, mine)

    return program


def sleeps(m):
    stage = Stage(m)
    queue = stage.queue(initialized=True)
    expect_active(stage, queue, False, "at first")

    def busy(actor):
        for _ in range(4):
            stage.note(actor)
            yield call("yield")

    stage.thread("S", sleeper(stage, queue))
    stage.thread("B", busy)
    with expecting("S sleeps and B runs", SLEEPING, (SLEEP, "wait_sleep")):
        stage.rest()
    stage.expect("B B B B", SLEEPING, (SLEEP, "wait_sleep"))
    expect_active(stage, queue, True, "with a waiter")
    stage.rest()
    stage.expect("", SLEEPING, (SLEEP,))
    expect_count(stage, "wake_up_one", queue, 1)
    stage.rest()
    stage.expect(
        "S", "sched_wake puts a thread that sleeps on its CPU's queue", (WAKE, "wake_up_one")
    )
    expect_active(stage, queue, False, "behind the wake-up")
    expect_count(stage, "wake_up_one", queue, 0)
    stage.expect_all_ended()


def expect_active(stage, queue, must, when):
    got = stage.m.call("wait_queue_active", queue) & 0xFF
    if bool(got) != must:
        raise Failure(
            f"wait_queue_active is {str(must).lower()} {when}",
            str(bool(got)).lower(),
            "a queue is active as long as somebody is on it",
            ("wait_queue_active", "wait_enqueue", "wake_up_one"),
        )


def expect_count(stage, function, queue, must):
    got = stage.boot(function, queue)
    if got != must:
        raise Failure(
            f"{function} returns {must}: how many it has woken",
            str(got),
            "wake_up_one wakes one waiter if there is one, wake_up_all all; both say how many",
            (function,),
        )


LOST = (
    "*woken is looked at again with the run queue's lock held, under which the waker sets it:"
    " so a wake-up that comes between the first look and the sleep is seen"
)


def not_lost(m):
    """The wake-up comes before each instruction of wait_sleep() at which an interrupt could."""
    stage = Stage(m)
    queue, places = stage.queue(), []

    def look(now):
        places.append((bool(now["eflags"] & IF), now["eip"]))
        return True

    stage.thread("T", stepped(stage, queue, look))
    stage.rest()
    stage.expect("T", SLEEPING, (SLEEP,))
    if all(is_open for is_open, _ in places):
        raise Failure(
            "interrupts are off from the last look at *woken until the thread sleeps",
            "they are never off",
            LOST,
            (SLEEP,),
        )
    stage.boot("wake_up_all", queue)
    stage.rest()
    stage.expect("T", SLEEPING, (SLEEP, WAKE))
    for at, (is_open, eip) in enumerate(places):
        if is_open:
            woken_before(stage, queue, at, m.elf.place(eip))
    stage.expect_all_ended()


def stepped(stage, queue, look):
    waiter = stage.waiter()

    def program(actor):
        stage.note(actor)
        yield call("wait_enqueue", queue, waiter)
        yield call("wait_sleep", waiter, steps=look)
        stage.note(actor)

    return program


def woken_before(stage, queue, at, place):
    """As an interrupt handler would, `at` instructions into wait_sleep()."""
    count = iter(range(at + 1))

    def look(_):
        if next(count) < at:
            return True
        stage.m.call("wake_up_one", queue)
        return False

    what = f"a wake-up at {place} ends wait_sleep: the thread runs before and behind it"
    where = (SLEEP, "wait_sleep", WAKE)
    stage.thread("T", stepped(stage, queue, look))
    with expecting(what, LOST, where):
        stage.rest()
    stage.expect("T T", LOST, where, what)


def first_waiter(m):
    stage = Stage(m)
    queue, other = stage.queue(), stage.queue()
    for name in "ABCDE":
        stage.thread(name, sleeper(stage, queue))
        stage.rest()
    stage.thread("X", sleeper(stage, other))
    stage.rest()
    for name in "AB":
        expect_count(stage, "wake_up_one", queue, 1)
        stage.rest()
        stage.expect(
            name,
            "the first in the line of waiters is woken first, and only that one",
            ("wait_enqueue", "wake_up_one"),
        )
    expect_count(stage, "wake_up_all", queue, 3)
    stage.rest()
    stage.expect_each(
        "C D E",
        "wake_up_all wakes every waiter of its queue",
        ("wake_up_all", "wait_enqueue"),
    )
    expect_count(stage, "wake_up_all", queue, 0)
    expect_count(stage, "wake_up_all", other, 1)
    stage.rest()
    stage.expect("X", "a wake-up is for the waiters of one queue", ("wake_up_all",))
    stage.expect_all_ended()


def waiter_gone(m):
    stage = Stage(m)
    queue, waiters = stage.queue(), [stage.waiter() for _ in range(2)]
    size = stage.layout["waiter_size"]

    def program(actor):
        mine = waiters["AB".index(actor.name)]
        yield call("wait_enqueue", queue, mine)
        yield call("wait_sleep", mine)
        # What lies there now is another function's: nobody may write to it, nor read it.
        m.write(mine, b"\xa5" * size)
        stage.note(actor)

    for name in "AB":
        stage.thread(name, program)
        stage.rest()
    hint = (
        "the waiter lies on the sleeper's stack: it is taken out of the list before it is marked,"
        " and afterwards the waker does not touch it"
    )
    where = ("wake_up_one", "wake_first", WAKE)
    with expecting("nobody touches a waiter that was woken", hint, where):
        for _ in "AB":
            stage.boot("wake_up_one", queue)
            stage.rest()
        stage.expect_each("A B", hint, where)
        if stage.boot("wake_up_all", queue) or any(
            m.read(w, size) != b"\xa5" * size for w in waiters
        ):
            raise Failure("waiters that were woken are left alone", "one was touched", hint, where)
    dequeued_twice(stage)


def dequeued_twice(stage):
    """wait_dequeue() is harmless if the waker has done it, and takes out who was not woken."""
    queue, waiter = stage.queue(), stage.waiter()

    def program(actor):
        yield call("wait_enqueue", queue, waiter)
        yield call("wait_dequeue", queue, waiter)
        yield call("wait_dequeue", queue, waiter)
        stage.note(actor)

    stage.thread("D", program)
    stage.rest()
    stage.expect(
        "D", "wait_dequeue is harmless for a waiter that is off the queue", ("wait_dequeue",)
    )
    if stage.boot("wake_up_one", queue):
        raise Failure(
            "nobody is woken: the only waiter has left the queue",
            "one is",
            "wait_dequeue takes the waiter out of the list",
            ("wait_dequeue",),
        )


def woken_twice(m):
    stage = Stage(m)
    flag = stage.memory(4)

    def program(actor):
        # It runs, so there is nobody to wake.
        yield call(WAKE, actor.struct, flag)
        if not m.read(flag, 1)[0]:
            raise Failure("sched_wake sets *woken", "it is false", "*woken is set always", (WAKE,))
        m.write_word(flag, 0)
        yield call(SLEEP, flag)
        stage.note(actor)
        yield call("yield")
        stage.note(actor)

    first, second = (stage.thread(name, program) for name in "AB")
    hint = (
        "only a thread whose state is SLEEPING is put on the queue: one that runs or is READY is"
        " there already, and would be in a list twice"
    )
    stage.rest()
    with expecting("wake-ups for a thread that is ready change nothing", hint, (WAKE,)):
        m.write_word(flag, 0)
        for _ in range(3):
            stage.boot(WAKE, first.struct, flag)
        stage.boot(WAKE, second.struct, 0)
        stage.rest()
    stage.expect_each("A A B B", hint, (WAKE,))
    stage.expect_all_ended()


def preempted(m):
    stage = Stage(m)
    queue, other = stage.queue(), stage.queue()

    def low(actor):
        stage.note(actor)
        yield call("wake_up_one", other)
        yield call("cond_resched")
        stage.note(actor)
        yield call("wake_up_one", queue)
        stage.note(actor)
        yield call("cond_resched")
        stage.note(actor)

    def equal(actor):
        stage.note(actor)
        yield call("yield")

    stage.thread("high", sleeper(stage, queue), 20)
    stage.thread("peer", sleeper(stage, other), 10)
    stage.rest()
    stage.thread("low", low, 10)
    stage.thread("equal", equal, 10)
    stage.rest()
    stage.expect(
        "low low low high equal peer low",
        "who wakes a higher thread goes on until it looks: poke(cpu, true) marks it, cond_resched()"
        " sees the mark and yields; a thread of the same priority waits for the slice",
        ("should_preempt", WAKE, "cond_resched"),
    )
    expect_mark_cleared(stage)
    stage.expect_all_ended()


def expect_mark_cleared(stage):
    """Who was asked to look around, and is the first again, is not asked a second time."""
    m, work = stage.m, stage.per_cpu("user_work")

    def program(actor):
        m.write_word(work, WORK_RESCHEDULE)
        yield call("cond_resched")
        if m.read_word(work):
            raise Failure(
                "a thread that yields and goes on has only its own work left: user_work is 0",
                f"{m.read_word(work):#x}",
                "user_work becomes the running thread's `work`: WORK_RESCHEDULE is gone after the"
                " yield, also where no other thread runs",
                ("yield",),
            )

    stage.thread("asked", program)
    stage.rest()


def slices(m):
    stage = Stage(m)
    ticks = stage.layout["SLICE_TICKS"]

    def program(actor):
        for _ in range(2):
            for _ in range(ticks):
                stage.note(actor)
                yield call("cond_resched")
                m.call("timer_tick")
            yield call("cond_resched")
        stage.note(actor)

    for name in "AB":
        stage.thread(name, program)
    stage.rest()
    rounds = " ".join(" ".join(name * ticks) for name in "ABAB")
    hint = (
        f"a thread that comes to run has a slice of {ticks} ticks; when it is 0, and only then,"
        " cond_resched() yields to one of the same priority"
    )
    stage.expect(f"{rounds} A B", hint, ("switch_to", "cond_resched"))
    stage.expect_all_ended()


def ends(m):
    stage = Stage(m)

    def short(actor):
        stage.note(actor)
        yield call("yield")

    def joiner(actor):
        yield from sleeper(stage, made[0].struct + stage.layout["thread_exited"])(actor)

    made = [stage.thread("A", short, start=False)]
    stage.thread("J", joiner)
    stage.rest()
    stage.boot("sched_start_thread", made[0].struct)
    for name in "BC":
        made.append(stage.thread(name, short))
    with expecting("three threads end, and are not run again", ENDED, ("sched_end", "finish")):
        stage.rest()
        stage.expect_each("A B C J", "who joins a thread is woken by its end", ("sched_end",))
        stage.rest()
    for actor in made:
        if stage.get(actor.struct, "thread_state") != stage.layout["THREAD_DEAD"]:
            raise Failure(f"{actor.name} is DEAD", "it is not", ENDED, ("sched_end",))
    stage.expect_all_ended()


ENDED = "sched_end: the state is DEAD, the thread is in no list, and another one runs"


HAND_OVER = (
    "sched_block: the thread is SLEEPING, then outer is released, then its partner runs at once,"
    " before others that are ready; if one of those is higher, the partner is made ready"
)


def blocks(m):
    """Two that hand over to each other, each with a lock of theirs in hand."""
    stage = Stage(m)
    lock, made = stage.lock(), {}

    def blocked(function, partner):
        address = made[partner].struct if partner else 0
        return call(
            function, lock, address, holds=lock, steps=release_watched(stage, lock, function)
        )

    def a(actor):
        for partner in (None, "B", "B"):
            stage.note(actor)
            yield blocked("sched_block", partner)
        stage.note(actor)

    def b(actor):
        stage.note(actor)
        yield blocked("sched_hand_over", "A")
        stage.note(actor)
        yield call("sched_start_thread", made["high"].struct)
        yield blocked("sched_block", "A")
        stage.note(actor)

    def other(actor):
        stage.note(actor)
        yield call("yield")

    made |= {"A": stage.thread("A", a), "B": stage.thread("B", b)}
    made["high"] = stage.thread("high", other, 25, start=False)
    made["C"] = stage.thread("C", other)
    where = ("sched_block", "sched_hand_over")
    with expecting("a thread blocks and its partner runs", HAND_OVER, where):
        stage.rest()
    stage.expect("A B A B high C A B", HAND_OVER, where)
    stage.boot(WAKE, made["A"].struct, 0)
    stage.rest()
    stage.expect("A", SLEEPING, (WAKE,))
    expect_far_partner(stage)
    stage.expect_all_ended()


def expect_far_partner(stage):
    """One of another CPU is made ready there.  It runs when it is moved here, and not before."""
    m, lock, area = stage.m, stage.lock(), stage.memory(stage.layout["run_queue_size"])
    m.write_word(m.symbol("percpu_offset") + 4, area - m.symbol("run_queue"))
    m.call("sched_init_cpu", 1, stage.memory(stage.layout["thread_size"]))

    def program(actor):
        partner = far.struct if actor.name == "near" else 0
        yield call("sched_block", lock, partner, holds=lock)
        stage.note(actor)

    far = stage.thread("far", program)
    stage.rest()
    stage.boot("sched_move", far.struct, 1)
    near = stage.thread("near", program)
    stage.rest()
    stage.expect("", "a partner of another CPU does not run on this one", ("sched_block",))
    stage.boot("sched_move", far.struct, 0)
    stage.rest()
    stage.expect("far", "a partner of another CPU is woken there", ("sched_block",))
    stage.boot(WAKE, near.struct, 0)
    stage.rest()
    stage.expect("near", SLEEPING, (WAKE,))


def release_watched(stage, lock, function):
    """When `outer` becomes free, a waker on another CPU must have to wait for the queue's lock."""
    queue = stage.per_cpu("run_queue") + stage.layout["run_queue_lock"]
    free = stage.layout["SPIN_NO_OWNER"]

    def look(_):
        if stage.m.read_word(lock) != free:
            return True
        if stage.m.read_word(queue) == free:
            raise Failure(
                f"{function} holds the run queue's lock when it releases outer",
                "that lock is free, so a waker finds the thread running, and the wake-up is lost",
                "the queue's lock is taken first, then the thread is SLEEPING, then outer goes",
                (function,),
            )
        return False

    return look


def context(m):
    stage = Stage(m)
    for name, arguments in (("yield", ()), ("wait_sleep", (stage.waiter(),))):
        before = m.registers()
        m.set_registers({"eflags": before["eflags"] & ~IF})
        panic = panic_of(m, name, arguments)
        m.set_registers({"eflags": before["eflags"]})
        expect_told(name, panic, "interrupts off")
        nosleep = stage.per_cpu("nosleep")
        held = m.read_word(nosleep)
        m.write_word(nosleep, held | 0x100)
        panic = panic_of(m, name, arguments)
        m.write_word(nosleep, held)
        expect_told(name, panic, "a spinlock held")
    expect_duties(stage)


def expect_duties(stage):
    """What every CPU does on its way to another thread or to sleep."""
    queue, done = stage.queue(), set()

    def program(actor):
        yield call("yield")
        done.add("yielded")
        yield from sleeper(stage, queue)(actor)

    with stage.m.watch("trim_if_asked", lambda *_: done.add(("trim", "yielded" in done))):
        with stage.m.watch("pkmap_report_stall", lambda *_: done.add("stall")):
            stage.thread("T", program)
            stage.rest()
    for what, who in ((("trim", False), "yield"), ("stall", "yield"), (("trim", True), SLEEP)):
        if what not in done:
            raise Failure(
                f"{who} does what every CPU does now and then",
                "it does not",
                "sched_housekeeping() in yield, trim_if_asked() before sched_sleep_unless sleeps",
                (who,),
            )


def panic_of(m, name, arguments):
    with expecting(f"{name} is a panic where nobody may sleep", ASKED, (name,)):
        return m.panics(name, *arguments)


ASKED = "might_sleep() at the beginning, whether or not it would have to wait"


def expect_told(name, panic, how):
    if not panic or panic.invariant != 16:
        raise Failure(
            f"{name} with {how} is a panic (invariant 16)",
            str(panic or "it returned"),
            ASKED,
            (name,),
        )


# ---- All of it ----

NAMES = "abcdefgh"
TURNS = 12  # of each thread's


def mix(m):
    """Eight threads do at random what they can; a model says who runs next."""
    stage, rng = Stage(m), random.Random(m.seed)
    queues = [stage.queue() for _ in range(2)]
    model = Model(len(queues))

    def program(actor):
        waiter = stage.waiter()
        for _ in range(TURNS):
            expect_next(model, actor)
            what, index = rng.choice(WHAT), rng.randrange(len(queues))
            if what == "sleep":
                model.sleeps(index)
                yield call("wait_enqueue", queues[index], waiter)
                yield call("wait_sleep", waiter)
            elif what.startswith("wake"):
                model.wakes(index, 1 if what == "wake_up_one" else len(NAMES))
                yield call(what, queues[index])
            else:
                model.looks(what)
                yield call(what)
        expect_next(model, actor)
        model.ends()

    for name in NAMES:
        level = 14 + rng.randrange(3)
        model.starts(name, level)
        stage.thread(name, program, level)
    with expecting("eight threads do what they do", MIXED, ("sched.c", "wait.c", "ready.h")):
        finish_mix(stage, model, queues)
    stage.expect_all_ended()


WHAT = ["yield"] * 3 + ["sleep"] * 3 + ["wake_up_one"] * 3 + ["wake_up_all", "cond_resched"]
MIXED = "no thread is lost or run twice; " + ORDER


def finish_mix(stage, model, queues):
    """Whenever all sleep, the idle thread wakes some."""
    while True:
        model.idle_yields()
        stage.rest()
        if model.running is not None:
            raise Failure(
                f"{model.running} runs", "the idle thread, as if nobody were ready", MIXED, ORDERED
            )
        if not any(model.waiting):
            return
        for index, queue in enumerate(queues):
            model.wakes(index, len(NAMES))
            stage.boot("wake_up_all", queue)


ORDERED = ("enqueue", "pick_next", WAKE)


def expect_next(model, actor):
    if model.running != actor.name:
        raise Failure(
            f"{model.running or 'the idle thread'} runs next", f"{actor.name} runs", MIXED, ORDERED
        )
