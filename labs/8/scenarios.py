"""Lab 8: messages, judged by what calls return, when, and in which order.

What the threads call the host decides (partners.py), and it reads what has arrived: registers in
the threads' frames, words in their message pages.
"""

import random
import struct

from grader.machine.guest import GuestPanic

from .model import Model
from .partners import Stage

MARK = 0xDEAD0000  # what stands in a message page before


class Scene(Stage):
    """Some threads and an endpoint, to which each has handles."""

    def __init__(self, m, names):
        super().__init__(m)
        self.all = [self.partner(name) for name in names.split()]
        self.ep = self.endpoint(self.all[0])
        self.at = {p.name: self.to_endpoint(p, self.ep) for p in self.all}

    def sends(self, partner, say=(), **more):
        self.send(partner, self.at[partner.name], say=say, **more)
        self.rest()

    def calls(self, partner, say=(), **more):
        self.call(partner, self.at[partner.name], say=say, **more)
        self.rest()

    def receives(self, partner, reply=0, **more):
        self.receive(partner, self.at[partner.name], reply, **more)
        self.rest()

    def replies(self, partner, reply, say=(), receive=False, **more):
        endpoint = self.at[partner.name] if receive else 0
        self.reply(partner, reply, endpoint, say=say, **more)
        self.rest()

    def reply_slot(self, partner):
        return next(partner.slots)

    @property
    def poll(self):
        return self.layout["TIMEOUT_POLL"]


# ---- A message ----

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


def expect_refused(stage, a):
    """Flags are the kernel's, and there are 62 words at most."""
    for wrong in (stage.layout["TAG_CALL"], 63 << 16, 3 << 22):
        stage.send(a, stage.at[a.name], wrong, timeout=stage.poll)
        stage.rest()
        stage.expect(a, stage.layout["EINVAL"])


HEARD = (
    "a sender that finds no receiver queues in SEND and blocks; the receiver that takes its message"
    " takes it out of the queue, and wakes it with 0, or, of a call, lets it wait on in REPLY"
)


def sender_waits(m):
    stage = Scene(m, "A B C")
    a, b, c = stage.all
    reply = stage.reply_slot(b)
    with stage.about(HEARD, "ipc_send_message", "wait_to_send", "ipc_take", "sender_heard"):
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
    with stage.about(COMES, "ipc_receive", "send_now", "ipc_send_message"):
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
    " frame, which then returns with 0"
)


def answers(m):
    stage = Scene(m, "A B C Z")
    *callers, z = stage.all
    slots = [stage.reply_slot(z) for _ in callers]
    where = ("ipc_reply_and_receive", "answer", "caller_done", "reply_give")
    with stage.about(ANSWER, *where):
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


ONCE = (
    "the answer empties the slot (caller_done) and counts call_number up; reply_caller() compares"
    " state and number, so a handle of an earlier call finds nobody: EDEAD, TAG_REPLY in the frame's"
    " tag, and the slot is empty"
)


def once(m):
    stage = Scene(m, "A Z")
    a, z = stage.all
    get, first, second = stage.layout, stage.reply_slot(z), stage.reply_slot(z)
    tick = get["TICK_US"]
    with stage.about(ONCE, "reply_caller", "caller_done", "ipc_reply_and_receive"):
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
    with stage.about(SERVER, "ipc_reply_and_receive", "receive_next", "endpoint_for"):
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


# ---- Not waiting, or not for ever ----

POLL = (
    "with TIMEOUT_POLL nobody waits: EAGAIN if no partner is there, and the thread is in no queue"
    " afterwards; if one is there, it goes as ever"
)


def polls(m):
    stage = Scene(m, "A B")
    a, b = stage.all
    with stage.about(POLL, "ipc_receive", "wait_to_send", "ipc_send_message"):
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
    with stage.about(TIME, "ipc_send_message", "ipc_receive", "send_now", "wait_to_send"):
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
    with stage.about(DEAD, "endpoint_wait", "wait_to_send", "ipc_receive", "reply_give"):
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
    with stage.about(DEAD, "endpoint_wait", "wait_to_send", "ipc_receive"):
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


# ---- What else may come ----

ROOM = (
    "a call needs an empty slot at its receiver: reply_slot().  Without one the receiver's call"
    " returns ENOSLOT and the sender's goes on: to the next receiver, or it waits where it is"
)


def no_slot(m):
    stage = Scene(m, "A Y Z")
    a, y, z = stage.all
    none, slot = stage.layout["ENOSLOT"], stage.reply_slot(z)
    with stage.about(ROOM, "ipc_send_message", "ipc_take"):
        stage.receives(y)
        say = stage.fresh(2)
        stage.sends(a, say)
        stage.expect(y, say=say)
        stage.receives(y)
        stage.receives(z, slot)
        stage.calls(a, say)
        stage.expect(y, none)
        stage.expect(z, say=say)
        stage.replies(z, slot)
        stage.expect(a)
        stage.calls(a, say)
        stage.receives(y)
        stage.expect(y, none)
        stage.expect_waits(a)
        stage.receives(z, slot)
        stage.expect(z, say=say)
        stage.replies(z, slot)
        stage.expect(a)
        many_without_room(stage, a, z, slot)


PAUSE = (
    "16 receivers have been refused: pause_at() lets others at the lock, and if it says that the"
    " endpoint has ended meanwhile, so does the call, with EDEAD"
)


def many_without_room(stage, a, z, slot):
    """Others come to the lock at least once in so many; later nobody can receive then."""
    m, get, pauses, ends = stage.m, stage.layout, [], []
    receivers = stage.ep + get["endpoint_object"] + get["object_receivers"]
    many = [stage.partner(f"P{n}") for n in range(get["ELEMENTS_A_HOLD"] + 1)]
    for p in many:
        stage.at[p.name] = stage.to_endpoint(p, stage.ep)
    had = m.read_word(receivers)

    def pausing(*_):
        pauses.append(1)
        if ends:
            m.write_word(receivers, 0)

    with stage.about(PAUSE, "ipc_send_message"), m.watch("objects_lock_pause", pausing):
        for p in many[1:]:
            stage.receives(p)
        stage.receives(z, slot)
        stage.calls(a)
        for p in many[1:]:
            stage.expect(p, get["ENOSLOT"])
        stage.expect(z)
        if not pauses:
            stage.fail(f"a pause while {len(many) - 1} receivers are refused", "none")
        stage.replies(z, slot)
        ends.append(1)
        for p in many:
            stage.receives(p)
        stage.calls(a)
        stage.expect(a, get["EDEAD"])
        stage.expect_waits(many[-1])
    m.write_word(receivers, had)


BITS = (
    "ipc_take looks for bits of the bound notification first: all of them in word 0, with the flag"
    " NOTE and one word in the tag; the sender waits on"
)


def notes(m):
    stage = Scene(m, "A Z")
    a, z = stage.all
    flag = stage.layout["TAG_NOTE"]
    note = stage.boot("notification_create", z.task, stage.memory(4))
    stage.boot("notification_bind", note, z.struct)
    with stage.about(BITS, "ipc_take"):
        say = stage.fresh(2)
        stage.sends(a, say)
        stage.boot("notification_raise", note, 5)
        stage.boot("notification_raise", note, 0x80000000)
        stage.receives(z)
        stage.expect(z, say=[0x80000005], flags=flag)
        stage.expect_waits(a)
        stage.receives(z)
        stage.expect(z, say=say, flags=0)
        stage.expect(a)
        stage.receives(z)
        stage.boot("notification_raise", note, 2)
        stage.rest()
        stage.expect(z, say=[2], flags=flag)


FITS = (
    "messages with items go by send_items() to a receiver that waits, and by bind() in ipc_take to"
    " one that comes; refuse_all() and transfer_fits() say whether they fit; answers by"
    " move_items(), and leaves_handle() says which errors leave the caller waiting"
)


def items(m):
    stage = Scene(m, "A Z")
    a, z = stage.all
    get, other = stage.layout, stage.endpoint(a)
    to, slot = stage.to_endpoint(a, other), stage.reply_slot(z)
    with stage.about(FITS, "ipc_send_message", "ipc_take", "reply_with_items"):
        for receiver_first in (True, False):
            offer(stage, a, to)
            here = open_place(stage, z)
            if receiver_first:
                stage.receives(z)
            say = stage.fresh(2)
            stage.sends(a, say, items=1)
            if not receiver_first:
                stage.expect_waits(a)
                stage.receives(z)
            stage.expect(z, say=say)
            stage.expect(a)
            expect_usable(stage, z, here)
            does_not_fit(stage, a, z, receiver_first)
        fails_on_the_way(stage, a, z)
        next_comes_instead(stage, a, z)
        answered_with_items(stage, a, z, slot)


def offer(stage, partner, slot):
    item = (stage.layout["ITEM_HANDLE"], slot, stage.layout["RIGHTS_ALL"], 0)
    stage.m.write(partner.page + stage.layout["message_item"], struct.pack("<4I", *item))


def open_place(stage, partner):
    """A slot at which a handle may come."""
    slot = next(partner.slots)
    place = (stage.layout["ITEM_HANDLE"], slot, 0, 0)
    stage.m.write(partner.page + stage.layout["message_place"], struct.pack("<4I", *place))
    stage.m.write_word(partner.page + stage.layout["message_places"], 1)
    return slot


def close_places(stage, partner):
    stage.m.write_word(partner.page + stage.layout["message_places"], 0)


def expect_usable(stage, partner, slot):
    """A handle to an endpoint where nobody is has come."""
    close_places(stage, partner)
    stage.receive(partner, slot, timeout=stage.poll)
    stage.rest()
    stage.expect(partner, stage.layout["EAGAIN"])


def does_not_fit(stage, a, z, receiver_first):
    """Who sends is told, and who receives hears nothing."""
    close_places(stage, z)
    if receiver_first:
        stage.receives(z)
    stage.sends(a, items=1)
    if not receiver_first:
        stage.receives(z)
    stage.expect(a, stage.layout["EMSGSIZE"])
    stage.expect_waits(z)
    stage.sends(a)
    stage.expect(z)


def fails_on_the_way(stage, a, z):
    """It fits, but there is no such handle: who receives goes back to where it was, the first."""
    behind = stage.partner("Y")
    at = stage.to_endpoint(behind, stage.ep)
    open_place(stage, z)
    stage.receives(z)
    stage.receive(behind, at)
    stage.rest()
    offer(stage, a, 200)
    stage.sends(a, items=1)
    stage.expect(a, stage.layout["EBADH"])
    stage.expect_waits(z, behind)
    say = stage.fresh(2)
    stage.sends(a, say)
    stage.expect(z, say=say)
    stage.expect_waits(behind)
    stage.sends(a)
    stage.expect(behind)
    close_places(stage, z)


def next_comes_instead(stage, a, z):
    """It fails, and another sender is in line: that one's message ends the receiver's wait."""
    behind = stage.partner("X")
    at, say = stage.to_endpoint(behind, stage.ep), stage.fresh(2)
    open_place(stage, z)
    offer(stage, a, 200)
    stage.sends(a, items=1)
    stage.send(behind, at, say=say)
    stage.rest()
    stage.expect_waits(a, behind)
    stage.receives(z)
    stage.expect(a, stage.layout["EBADH"])
    stage.expect(z, say=say)
    stage.expect(behind)
    close_places(stage, z)


def answered_with_items(stage, a, z, slot):
    mine = stage.to_endpoint(z, stage.endpoint(z))
    offer(stage, z, mine)
    stage.calls(a)
    stage.receives(z, slot)
    stage.replies(z, slot, items=1)
    stage.expect(z, stage.layout["EMSGSIZE"])
    stage.expect_waits(a)
    stage.replies(z, slot)
    stage.expect(a)
    here = open_place(stage, a)
    stage.calls(a)
    stage.receives(z, slot)
    offer(stage, z, 200)
    stage.replies(z, slot, items=1)
    stage.expect(z, stage.layout["EBADH"])
    stage.expect_waits(a)
    offer(stage, z, mine)
    say = stage.fresh(2)
    stage.replies(z, slot, say, receive=True, items=1)
    stage.expect_waits(z)
    stage.expect(a, say=say)
    expect_usable(stage, a, here)
    stage.calls(a, say)
    stage.expect(z, say=say)
    stage.replies(z, slot)
    stage.expect(a)
    loses_its_endpoint(stage, a, z, slot, mine)


LOST = "no lock was held while items moved: endpoint_for() again, whose error is the call's"


def loses_its_endpoint(stage, a, z, slot, mine):
    """Another thread of the task drops the server's handle while the items move."""
    place, say = stage.place(z, stage.at["Z"]), stage.fresh(2)
    open_place(stage, a)
    stage.calls(a)
    stage.receives(z, slot)
    offer(stage, z, mine)

    def drops(*_):
        stage.m.write_word(place + stage.layout["handle_object"], 0)

    with stage.about(LOST, "ipc_reply_and_receive", "endpoint_for"):
        with stage.m.watch("transfer_items", drops):
            stage.replies(z, slot, say, receive=True, items=1)
        stage.expect(a, say=say)
        stage.expect(z, stage.layout["EBADH"])


STRAIGHT = (
    "a call that finds its receiver waiting blocks with it as `next` (thread_block); so does a"
    " server that has answered and waits: the partner runs before others that are ready"
)


def direct(m):
    stage = Scene(m, "A C Z")
    a, c, z = stage.all
    slot = stage.reply_slot(z)
    with stage.about(STRAIGHT, "send_now", "receive_next", "ipc_receive"):
        for _ in range(2):
            stage.receives(z, slot)
            stage.seen = []
            stage.call(a, stage.at["A"])
            stage.send(c, stage.at["C"], 1 << 24)  # EINVAL, at once
            stage.rest()
            stage.expect_order("Z C")
            stage.reply(z, slot, stage.at["Z"])
            stage.send(c, stage.at["C"], 1 << 24)
            stage.rest()
            stage.expect_order("A C")
            stage.expect_waits(z)
            stage.sends(c)
            stage.expect(z)


LEFT = (
    "each wait at an endpoint holds it (thread_waits), and lets it go when it ends, for a call when"
    " it has been heard; each reply handle is counted at its caller, and taken off when it goes"
)


def let_go(m):
    """When the last handle to the endpoint goes, so does the endpoint."""
    stage = Scene(m, "A Z")
    a, z = stage.all
    slot, freed = stage.reply_slot(z), []
    with stage.about(LEFT, "sender_heard", "ipc_receive", "caller_done", "send_now"):
        for says in (stage.sends, stage.calls):
            says(a)
            stage.receives(z, slot)
            if says == stage.calls:
                stage.replies(z, slot, receive=True)
            else:
                stage.receives(z, slot)
            stage.expect(a)
            says(a)
            if says == stage.calls:
                stage.replies(z, slot)
            stage.expect(a)
            stage.expect(z)
        expect_nothing_there(stage, z)
        expect_nobody_there(stage, a)
        counted = m.read_word(
            a.struct + stage.layout["user_thread_object"] + stage.layout["object_handles"]
        )
        if counted:
            stage.fail("no reply handle to A is there, and none is counted", f"{counted} are")
        with m.watch("object_free", lambda cache, object_, _: freed.append(object_)):
            for partner in stage.all:
                stage.drop(partner, stage.at[partner.name])
        if stage.ep not in freed:
            stage.fail("an endpoint without handles, where nobody waits, is freed", "it stays")


FAULT = (
    "a fault is a call with the flags CALL and FAULT, whose words stand in registers alone; its"
    " answer is its label, the result of that call, and changes no register"
)


def faults(m):
    stage = Scene(m, "A Z")
    a, z = stage.all
    slot, killed, get = stage.reply_slot(z), [], stage.layout
    m.write_word(a.task + get["task_pager"], stage.ep + get["endpoint_object"])
    m.write_word(a.task + get["task_pager_badge"], 0x55)
    with (
        stage.about(FAULT, "answer", "message_deliver", "ipc_send_message", "flags_of"),
        m.watch("user_thread_kill", lambda thread, *_: killed.append(thread)),
    ):
        for receiver_first, label in ((True, 0), (False, 0), (False, 1)):
            faulted(stage, a, z, slot, receiver_first)
            before = stage.registers_of(a)
            stage.replies(z, slot, stage.fresh(4), label=label)
            stage.expect(z)
            if not a.got or stage.registers_of(a) != before:
                stage.fail("A goes on with the registers that it had", "it does not")
            if bool(killed) != bool(label):
                stage.fail(
                    f"A {'ends' if label else 'goes on'} behind an answer with label {label}",
                    "it ends" if killed else "it goes on",
                )


def faulted(stage, a, z, slot, receiver_first):
    address, flags = 0x12345678, stage.layout["TAG_CALL"] | stage.layout["TAG_FAULT"]
    if receiver_first:
        stage.receives(z, slot)
    eip = stage.fault(a, 14, 6, address)
    stage.rest()
    if not receiver_first:
        stage.receives(z, slot)
    stage.expect(z, 0, 14 | 6 << 8, [address, eip], 0x55, flags)
    stage.expect_waits(a)


# ---- All of it ----

OPERATIONS = 200
MIXED = "no message is lost, doubled, or taken by another thread than the first that waits; " + FIFO


def mix(m):
    """Six threads at two endpoints; a model says which calls return, and with what."""
    stage, rng = Scene(m, "A B C D E Z"), random.Random(m.seed)
    second = stage.endpoint(stage.all[0])
    at = {p.name: (stage.at[p.name], stage.to_endpoint(p, second)) for p in stage.all}
    slots = {p.name: [stage.reply_slot(p) for _ in range(3)] for p in stage.all}
    model = Model(2, {name: set(mine) for name, mine in slots.items()})
    with stage.about(MIXED, "ipc.c", "reply.c", "endpoint.h"):
        for _ in range(OPERATIONS):
            operation(stage, model, rng, at)
            stage.rest()
            expect_model(stage, model)


def operation(stage, model, rng, at):
    """By a thread that is free; the last one never waits, so that there always is one."""
    free = [p for p in stage.all if p.name not in model.waiting]
    partner = rng.choice(free)
    name, index, say = partner.name, rng.randrange(2), stage.fresh(rng.choice((2, 2, 4)))
    polls_ = partner is stage.all[-1] or rng.random() < 0.2
    timeout = stage.poll if polls_ else None
    owed = sorted(model.owed[name])
    if owed and rng.random() < 0.6:
        slot, receives = rng.choice(owed), rng.random() < 0.5
        endpoint = at[name][index] if receives else 0
        stage.reply(partner, slot, endpoint, say=say, timeout=timeout)
        model.replies(name, slot, index if receives else None, say, polls_)
    elif rng.random() < 0.5:
        slot = min(model.free_slots(name), default=0)
        stage.receive(partner, at[name][index], slot, timeout)
        model.receives(name, index, slot, polls_)
    elif polls_ or rng.random() < 0.3:
        stage.send(partner, at[name][index], say=say, timeout=timeout)
        model.sends(name, index, say, False, polls_)
    else:
        stage.call(partner, at[name][index], say=say)
        model.sends(name, index, say, True, False)


def expect_model(stage, model):
    returned, model.returned = model.returned, {}
    for partner in stage.all:
        if partner.name in returned:
            error, say = returned[partner.name]
            stage.expect(partner, stage.layout[error] if error else 0, say=say)
        elif partner.name in model.waiting:
            stage.expect_waits(partner)
