"""What ends a thread's turn: preemption, slices, its end, handing over; and who may sleep."""

from grader.verdict import Failure, expecting

from .sleep import SLEEPING, sleeper
from .threads import IF, SLEEP, WAKE, Stage, call

WORK_RESCHEDULE = 1  # in user_work (sched.h)


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
    stage.expect(f"{rounds} A B", hint, ("yield", "cond_resched"))
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
    with expecting(
        "three threads end, and are not run again", ENDED, ("sched_end", "finish_switch")
    ):
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
