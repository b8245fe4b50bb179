"""Sleep and wake-up: who is in which list, and that no wake-up is lost."""

from grader.verdict import Failure, expecting

from .threads import IF, SLEEP, WAKE, Stage, call

SLEEPING = "a thread that sleeps is in no list of its run queue, so nobody picks it"


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

    what = f"a wake-up at {place} ends wait_sleep: T runs before it and behind it, and so twice"
    where = (SLEEP, "wait_sleep", WAKE)
    stage.thread("T", stepped(stage, queue, look))
    with expecting(what, LOST, where):
        stage.rest()
    if stage.seen == ["T"]:
        raise Failure(what, "T does not come back from wait_sleep", LOST, where)
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
    where = ("wake_up_one", "wake_up_all", WAKE)
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
