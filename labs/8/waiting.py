"""Not waiting, or not for ever: polls, time-outs, and partners that end."""

from .exchange import expect_nobody_there, expect_nothing_there
from .scene import Scene

POLL = (
    "with TIMEOUT_POLL nobody waits: EAGAIN if no partner is there, and the thread is in no queue"
    " afterwards; if one is there, it goes as ever"
)


def polls(m):
    stage = Scene(m, "A B")
    a, b = stage.all
    with stage.about(POLL, "ipc_receive", "ipc_send_message"):
        expect_nobody_there(stage, a)
        expect_nothing_there(stage, b)
        expect_nobody_there(stage, a)
        stage.receives(b)
        say = stage.fresh(2)
        stage.sends(a, say, timeout=stage.poll)
        stage.expect(a)
        stage.expect(b, say=say)
        stage.sends(a, say)
        stage.receives(b, timeout=stage.poll)
        stage.expect(b, say=say)
        stage.expect(a)
        expect_nothing_there(stage, b)


TIME = (
    "thread_waits() starts the time that the call was given, for a call until its answer has come;"
    " what ends the wait takes the thread out of the endpoint's queue"
)


def time_outs(m):
    stage = Scene(m, "A B C Z")
    a, b, c, z = stage.all
    late, tick = stage.layout["ETIMEDOUT"], stage.layout["TICK_US"]
    with stage.about(TIME, "ipc_send_message", "ipc_receive"):
        say = [stage.fresh(2) for _ in "AC"]
        stage.sends(a, say[0])
        stage.sends(b, timeout=4 * tick)
        stage.sends(c, say[1])
        stage.ticks(1)
        stage.expect_waits(a, b, c)
        stage.ticks(6)
        stage.expect(b, late)
        stage.expect_waits(a, c)
        for words_ in say:
            stage.receives(z)
            stage.expect(z, say=words_)
        expect_nothing_there(stage, z)
        stage.receives(z, timeout=2 * tick)
        stage.ticks(5)
        stage.expect(z, late)
        expect_nobody_there(stage, a)
        for queued in (True, False):
            timed_call(stage, a, z, queued)
        in_time(stage, a, z)


def timed_call(stage, a, z, queued):
    """Heard in time, but not answered."""
    slot, tick = stage.reply_slot(z), stage.layout["TICK_US"]
    if not queued:
        stage.receives(z, slot)
    stage.calls(a, timeout=4 * tick)
    if queued:
        stage.receives(z, slot)
    stage.expect(z)
    stage.ticks(1)
    stage.expect_waits(a)
    stage.ticks(6)
    stage.expect(a, stage.layout["ETIMEDOUT"])
    stage.drop(z, slot)


def in_time(stage, a, z):
    """A time-out that is not needed any more ends no later wait."""
    stage.sends(a, timeout=2 * stage.layout["TICK_US"])
    stage.receives(z)
    stage.expect(a)
    stage.receives(z, timeout=2 * stage.layout["TICK_US"])
    stage.sends(a)
    stage.receives(z)
    stage.receives(a)
    stage.ticks(5)
    stage.expect_waits(a, z)


DEAD = (
    "who waits stands in the endpoint's queue, or in REPLY with a reply handle that names its call:"
    " that is where those who end something look for it"
)


def deaths(m):
    stage = Scene(m, "A B C Z")
    a, b, c, z = stage.all
    dead, slot = stage.layout["EDEAD"], stage.reply_slot(z)
    with stage.about(DEAD, "endpoint_wait", "ipc_send_message", "ipc_receive", "reply_give"):
        say = stage.fresh(2)
        stage.calls(a)
        stage.receives(z, slot)
        stage.drop(z, slot)
        stage.expect(a, dead)
        stage.sends(a)
        stage.sends(b, say)
        stage.boot("user_thread_kill", a.struct)
        stage.rest()
        stage.expect(a, dead)
        stage.receives(z)
        stage.expect(z, say=say)
        stage.expect(b)
        killed_while_it_waits_for_the_answer(stage, b, z, slot)
    closed(stage, c, z)


def killed_while_it_waits_for_the_answer(stage, b, z, slot):
    dead = stage.layout["EDEAD"]
    stage.calls(b)
    stage.receives(z, slot)
    stage.expect(z)
    stage.boot("user_thread_kill", b.struct)
    stage.rest()
    stage.expect(b, dead)
    stage.replies(z, slot)
    stage.expect(z, dead, flags=stage.layout["TAG_REPLY"])


def closed(stage, c, z):
    """Endpoints that end, with senders and with receivers; one that nobody can receive at."""
    dead = stage.layout["EDEAD"]
    with stage.about(DEAD, "endpoint_wait", "ipc_send_message", "ipc_receive"):
        more = [stage.partner(name) for name in "DE"]
        for receive in (True, False):
            line, endpoint = [c, *more], stage.endpoint(z)
            for p in line:
                at = stage.to_endpoint(p, endpoint)
                (stage.receive if receive else stage.send)(p, at)
                stage.rest()
            stage.expect_waits(*line)
            stage.destroy(endpoint)
            for p in line:
                stage.expect(p, dead)
        endpoint = stage.endpoint(z) + stage.layout["endpoint_object"]
        to = stage.handle(c, endpoint, "RIGHT_SEND")
        last = stage.handle(z, endpoint)
        stage.call(c, to)
        stage.rest()
        stage.expect_waits(c)
        stage.drop(z, last)
        stage.expect(c, dead)
        stage.send(c, to)
        stage.rest()
        stage.expect(c, dead)
