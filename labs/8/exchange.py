"""A message, a call and its answer: what arrives, at whom, in which order."""

import struct

from grader.machine.guest import GuestPanic

from .scene import MARK, Scene

WHOLE = (
    "tag and two words go from the sender's copy (message_read) to the receiver's frame, the badge"
    " of the sender's handle to its ebx, and the words beyond two from page to page"
)


def words(m):
    stage = Scene(m, "A B")
    a, b = stage.all
    badged = stage.to_endpoint(a, stage.ep, badge=0x77)
    reply, called = stage.reply_slot(b), stage.layout["TAG_CALL"]
    with stage.about(WHOLE, "message_deliver", "message_read", "message_copy_words"):
        for count in (0, 1, 2, 3, 7, stage.layout["MESSAGE_WORDS"]):
            expect_whole(stage, a, b, badged, count, receiver_first=True)
            expect_whole(stage, a, b, badged, count, receiver_first=False)
        say = stage.fresh(5)
        stage.call(a, badged, 0x4321, say)
        stage.receives(b, reply)
        stage.expect(b, 0, 0x4321, say, 0x77, called)
        stage.drop(b, reply)
        stage.expect(a, stage.layout["EDEAD"])
        expect_refused(stage, a)


def expect_whole(stage, a, b, badged, count, receiver_first):
    say, fill = stage.fresh(count), [MARK + n for n in range(60)]
    stage.m.write(b.page + 8, struct.pack("<60I", *fill))
    if receiver_first:
        stage.receives(b)
        stage.expect_waits(b)
        stage.m.write(b.page + 8, struct.pack("<60I", *fill))
    stage.send(a, badged, 0x1234, say)
    stage.rest()
    if not receiver_first:
        stage.receive(b, stage.at[b.name])
        stage.m.write(b.page + 8, struct.pack("<60I", *fill))
        stage.rest()
    stage.expect(b, 0, 0x1234, say, 0x77, 0)
    stage.expect(a)
    behind = stage.page_words(b)[max(count - 2, 0) :]
    if behind != fill[max(count - 2, 0) :]:
        stage.fail(f"a message of {count} words changes no word behind them", "some are changed")


MOST = (
    "message_read() returns EINVAL if TAG_ITEMS says more than MESSAGE_ITEMS: the item behind the"
    " last is no item"
)


def expect_refused(stage, a):
    """Flags are the kernel's, and there are 62 words and two items at most."""
    looked = []
    with stage.m.watch("transfer_prepare", lambda *_: looked.append(1)):
        for wrong in (stage.layout["TAG_CALL"], 63 << 16, 3 << 22):
            stage.send(a, stage.at[a.name], wrong, timeout=stage.poll)
            stage.rest()
            stage.expect(a, stage.layout["EINVAL"])
    if looked:
        with stage.about(MOST, "message_read"):
            stage.fail("three items are refused before one is looked at", "they are looked at")


HEARD = (
    "a sender that finds no receiver queues in SEND and blocks; the receiver that takes its message"
    " takes it out of the queue, and wakes it with 0, or, of a call, lets it wait on in REPLY"
)


def sender_waits(m):
    stage = Scene(m, "A B C")
    a, b, c = stage.all
    reply = stage.reply_slot(b)
    with stage.about(HEARD, "ipc_send_message", "ipc_take"):
        for _ in range(2):
            say = stage.fresh(3)
            stage.sends(a, say)
            stage.expect_waits(a)
            stage.receives(b)
            stage.expect(b, say=say)
            stage.expect(a)
        say, behind = stage.fresh(2), stage.fresh(2)
        stage.calls(a, say)
        stage.sends(c, behind)
        stage.expect_waits(a, c)
        stage.receives(b, reply)
        stage.expect(b, say=say, flags=stage.layout["TAG_CALL"])
        stage.expect_waits(a, c)
        stage.receives(b)
        stage.expect(b, say=behind)
        stage.expect(c)
        expect_nothing_there(stage, b)
        stage.expect_waits(a)


def expect_nothing_there(stage, partner):
    stage.receives(partner, timeout=stage.poll)
    stage.expect(partner, stage.layout["EAGAIN"])


def expect_nobody_there(stage, partner):
    stage.sends(partner, timeout=stage.poll)
    stage.expect(partner, stage.layout["EAGAIN"])


COMES = (
    "a receiver that finds no sender queues in RECV and blocks; who sends then writes the message"
    " into its frame and wakes it: out of the queue, result 0"
)


def receiver_waits(m):
    stage = Scene(m, "A B")
    a, b = stage.all
    reply = stage.reply_slot(b)
    with stage.about(COMES, "ipc_receive", "ipc_send_message"):
        for _ in range(2):
            stage.receives(b)
            stage.expect_waits(b)
            say = stage.fresh(3)
            stage.sends(a, say)
            stage.expect(a)
            stage.expect(b, say=say, flags=0)
        stage.receives(b, reply)
        say = stage.fresh(2)
        stage.calls(a, say)
        stage.expect(b, say=say, flags=stage.layout["TAG_CALL"])
        stage.expect_waits(a)
        stage.drop(b, reply)
        expect_nobody_there(stage, a)


FIFO = "who has waited longest is at the head of the endpoint's queue, and is taken first"


def order(m):
    stage = Scene(m, "A B C D E Z")
    *line, z = stage.all
    say = {p.name: stage.fresh(2) for p in line}
    reply = stage.reply_slot(z)
    with stage.about(FIFO, "endpoint_wait", "endpoint_first", "ipc_take"):
        for p in line:
            (stage.calls if p.name in "BD" else stage.sends)(p, say[p.name])
        stage.expect_waits(*line)
        for p in line:
            stage.receives(z, reply)
            stage.expect(z, say=say[p.name])
            if p.name in "BD":
                stage.replies(z, reply)
            stage.expect(p)
        for p in line:
            stage.receives(p)
        for p in line:
            stage.expect_waits(p)
            stage.sends(z, say[p.name])
            stage.expect(z)
            stage.expect(p, say=say[p.name])
        expect_one_kind(stage, *line[:2])


def expect_one_kind(stage, first, second):
    """The host changes the state of who waits: no call does that, and whoever queues finds it."""
    stage.sends(first)
    state = first.struct + stage.layout["user_thread_state"]
    stage.m.write_word(state, stage.layout["IN_REPLY"])
    must = "who queues behind a thread in another state: a panic by invariant 57"
    try:
        stage.sends(second)
    except GuestPanic as panic:
        if panic.invariant != 57:
            stage.fail(must, panic)
        return
    stage.hint = (
        "INVARIANT(57, ...) in endpoint_wait: nobody is there, or who waits is of the same kind"
    )
    stage.fail(must, "it queues")


# ---- Calls and answers ----

ANSWER = (
    "the reply handle names the caller and its call: the answer is delivered into that caller's"
    " frame, which then returns with 0, and has the badge 0"
)


def answers(m):
    stage = Scene(m, "A B C Z")
    *callers, z = stage.all
    slots = [stage.reply_slot(z) for _ in callers]
    where = ("ipc_reply_and_receive", "reply_give")
    with stage.about(ANSWER, *where):
        sends_with_badge(stage, z, callers[0])
        for p, slot in zip(callers, slots):
            stage.calls(p, stage.fresh(2))
            stage.receives(z, slot)
            stage.expect(z, flags=stage.layout["TAG_CALL"])
        for index, count in ((1, 2), (2, 9), (0, 62)):
            stage.expect_waits(callers[index])
            say = stage.fresh(count)
            stage.replies(z, slots[index], say, label=0x100 + index)
            stage.expect(z)
            stage.expect(callers[index], 0, 0x100 + index, say, 0, 0)
        for p, slot in zip(callers, slots):
            stage.receives(z, slot)
            stage.calls(p, stage.fresh(4))
            stage.expect(z, flags=stage.layout["TAG_CALL"])
        for p, slot in zip(callers, slots):
            say = stage.fresh(3)
            stage.expect_waits(p)
            stage.replies(z, slot, say)
            stage.expect(p, say=say)


def sends_with_badge(stage, z, partner):
    """What a thread has sent before leaves nothing in its answers."""
    badged = stage.to_endpoint(z, stage.ep, badge=0x99)
    stage.receives(partner)
    stage.send(z, badged)
    stage.rest()
    stage.expect(partner, badge=0x99)
    stage.expect(z)


ONCE = (
    "the answer empties the slot and counts call_number up; reply_caller() compares"
    " state and number, so a handle of an earlier call finds nobody: EDEAD, TAG_REPLY in the frame's"
    " tag, and the slot is empty"
)


def once(m):
    stage = Scene(m, "A Z")
    a, z = stage.all
    get, first, second = stage.layout, stage.reply_slot(z), stage.reply_slot(z)
    tick = get["TICK_US"]
    with stage.about(ONCE, "reply_caller", "ipc_reply_and_receive"):
        stage.calls(a)
        stage.receives(z, first)
        stage.replies(z, first)
        stage.expect(a)
        stage.calls(a)
        stage.replies(z, first)
        stage.expect(z, get["EBADH"])
        stage.expect_waits(a)
        stage.replies(z, stage.at["Z"])
        stage.expect(z, get["EBADH"])
        stage.receives(z, first)
        stage.replies(z, first)
        stage.expect(a)
        for queued in (True, False):
            late_answer(stage, first, second, tick, queued)
        reserved(stage, a, z, first)
        much_later_answer(stage, a, z, second)


RESERVED = (
    "a handle with RIGHT_RESERVED is on its way in a message, or being answered: nobody uses it"
)


def reserved(stage, a, z, slot):
    """As it is while another thread of the task moves items with the answer."""
    rights = stage.place(z, slot) + stage.layout["handle_rights"]
    stage.calls(a)
    stage.receives(z, slot)
    had = stage.m.read_word(rights)
    stage.m.write_word(rights, had | stage.layout["RIGHT_RESERVED"])
    stage.replies(z, slot)
    with stage.about(RESERVED, "ipc_reply_and_receive"):
        stage.expect(z, stage.layout["EBADH"])
        stage.expect_waits(a)
    stage.m.write_word(rights, had)
    stage.replies(z, slot)
    stage.expect(a)


HALVES = "call_number has 64 bits, and the handle both halves of it (badge, number): compare both"


def much_later_answer(stage, a, z, slot):
    """2^32 calls later."""
    get = stage.layout
    upper = a.struct + get["user_thread_call_number"] + 4
    stage.calls(a)
    stage.receives(z, slot)
    stage.m.write_word(upper, stage.m.read_word(upper) + 1)
    stage.replies(z, slot)
    with stage.about(HALVES, "reply_caller"):
        stage.expect(z, get["EDEAD"], flags=get["TAG_REPLY"])
        stage.expect_waits(a)


def late_answer(stage, first, second, tick, queued):
    a, z = stage.all
    get = stage.layout
    if not queued:
        stage.receives(z, first)
    stage.calls(a, timeout=2 * tick)
    if queued:
        stage.receives(z, first)
    stage.expect(z)
    stage.expect_waits(a)
    stage.ticks(5)
    stage.expect(a, get["ETIMEDOUT"])
    stage.calls(a)
    stage.receives(z, second)
    stage.expect(z)
    stage.replies(z, first, stage.fresh(2))
    stage.expect(z, get["EDEAD"], flags=get["TAG_REPLY"])
    stage.expect_waits(a)
    stage.replies(z, first)
    stage.expect(z, get["EBADH"])
    say = stage.fresh(2)
    stage.replies(z, second, say)
    stage.expect(z)
    stage.expect(a, say=say)


SERVER = (
    "the answer comes first; then the server receives as ipc_receive does: it takes the sender that"
    " has waited longest, or waits; the slot of the handle that was used up takes the next one"
)


def server(m):
    stage = Scene(m, "A B C Z")
    a, b, c, z = stage.all
    get, slot = stage.layout, stage.reply_slot(z)
    with stage.about(SERVER, "ipc_reply_and_receive", "endpoint_for"):
        stage.receives(z, slot)
        stage.calls(a)
        stage.expect(z)
        say = stage.fresh(2)
        stage.replies(z, slot, say, receive=True)
        stage.expect(a, say=say)
        stage.expect_waits(z)
        asked = [stage.fresh(2) for _ in "BC"]
        stage.calls(b, asked[0])
        stage.expect(z, say=asked[0], flags=get["TAG_CALL"])
        stage.calls(c, asked[1])
        stage.expect_waits(b, c)
        stage.replies(z, slot, say, receive=True)
        stage.expect(b, say=say)
        stage.expect(z, say=asked[1], flags=get["TAG_CALL"])
        stage.expect_waits(c)
        expect_wrong_endpoint(stage, c, z, slot)
        stage.replies(z, slot, say, receive=True, timeout=stage.poll)
        stage.expect(c, say=say)
        stage.expect(z, get["EAGAIN"])


def expect_wrong_endpoint(stage, caller, z, slot):
    """What can be checked is checked before the handle is used up."""
    note = stage.boot("notification_create", z.task, stage.memory(4))
    other = stage.handle(z, note + stage.layout["notification_object"])
    stage.reply(z, slot, other)
    stage.rest()
    stage.expect(z, stage.layout["EBADH"])
    stage.expect_waits(caller)
