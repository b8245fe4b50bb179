"""What else comes with a message, or in its place: items, notifications, pages, faults."""

import struct

from .exchange import expect_nobody_there, expect_nothing_there, once
from .scene import Scene

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
    with stage.about(FITS, "ipc_send_message", "ipc_take", "ipc_reply_and_receive"):
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
    with stage.about(STRAIGHT, "ipc_send_message", "ipc_reply_and_receive", "ipc_receive"):
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
    with stage.about(LEFT, "ipc_take", "ipc_receive", "ipc_reply_and_receive", "ipc_send_message"):
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
    " answer is its label, the result of that call, and changes no register; it moves no items"
)


def faults(m):
    stage = Scene(m, "A Z")
    a, z = stage.all
    slot, killed, get = stage.reply_slot(z), [], stage.layout
    m.write_word(a.task + get["task_pager"], stage.ep + get["endpoint_object"])
    m.write_word(a.task + get["task_pager_badge"], 0x55)
    with (
        stage.about(FAULT, "ipc_reply_and_receive", "message_deliver", "ipc_send_message"),
        m.watch("user_thread_kill", lambda thread, *_: killed.append(thread)),
    ):
        offer(stage, z, stage.at["Z"])
        for receiver_first, label, count in (
            (True, 0, 0),
            (False, 0, 0),
            (True, 0, 1),
            (False, 1, 0),
        ):
            faulted(stage, a, z, slot, receiver_first)
            before = stage.registers_of(a)
            stage.replies(z, slot, stage.fresh(4), label=label, items=count)
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
