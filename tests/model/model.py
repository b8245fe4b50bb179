"""The reference model of the calls, written from the design and the documents.

Model.call() makes one call of one thread and everything that follows from it; `done` then says
which threads have returned, and with what.  Each error that fits a refused call is accepted, since
no document orders them: a refused call changes nothing.
"""

from dataclasses import dataclass, field

from abi import CONSTANTS as C
from memory import EXEC, PAGE, READ, WRITE, Refused, Space
from objects import (
    ALL,
    GRANT,
    MANAGE,
    RECEIVE,
    SEND,
    Endpoint,
    Handle,
    Notification,
    System,
    Task,
    Thread,
)

NEVER, POLL = 0xFFFFFFFF, 0
SHORT = 20_000  # microseconds and less: ends in the same step
USER_START, USER_END = C["USER_START"], C["USER_END"]
IO_MAP = 128
# struct info_system of lib/abi/abi.h.
INFO_SYSTEM_BYTES = 12 + 3 * 13 * 4 + 7 * 4 + 32 * 11 * 4
M32 = 0xFFFFFFFF


@dataclass
class Item:
    kind: int
    at: int
    size: int
    badge: int = 0


@dataclass
class Message:
    """What a sender says: words beyond the second are those of its message page."""

    tag: int
    word: tuple
    items: list = field(default_factory=list)
    more: dict = field(default_factory=dict)  # index: word

    @property
    def words(self):
        return self.tag >> 16 & 63


@dataclass
class Answer:
    errors: frozenset = frozenset()
    ebx: int = 0
    esi: int = 0
    edi: int = 0
    ebp: int = 0
    compared: int = 15  # ebx, esi, edi, ebp
    checks: list = field(default_factory=list)  # (address, word)


class Ambiguous(Exception):
    """What follows depends on an order that no document gives; nothing has been changed."""


@dataclass
class Sizes:
    endpoint: int
    notification: int
    task: int
    page: int  # with the record of its mapping
    thread: int


def range_is_valid(address, pages):
    return (
        address >= USER_START
        and address % PAGE == 0
        and 1 <= pages <= C["RANGE_MAX"]
        and address // PAGE + pages <= USER_END // PAGE
    )


def prot_is_valid(prot):
    return prot & READ and not prot & ~7 and prot & (WRITE | EXEC) != WRITE | EXEC


def need(condition, error):
    if not condition:
        raise Refused(error)


class Errors:
    """Collects all that is wrong with a call."""

    def __init__(self):
        self.found = set()

    def unless(self, condition, error):
        if not condition:
            self.found.add(error)
        return condition

    def stop(self):
        if self.found:
            raise Refused(*self.found)


class Model:
    def __init__(self, pae, sizes, cpus=1):
        self.pae, self.sizes, self.cpus = pae, sizes, cpus
        self.system = System()
        self.workers = []
        self.lines = {}  # IRQ: notification
        self.next_number = 0
        self.done = {}
        self.in_use = None  # the reply handle of the message that is under way

    # ---- Threads return ----

    def returns(self, thread, *errors, **registers):
        if thread.dead:
            return
        answer = Answer(frozenset(errors), **registers)
        thread.state, thread.waits_for, thread.short = "RUN", None, False
        if thread.worker is None:
            return
        if thread.stopped:
            thread.held = answer
        else:
            self.done[thread] = answer

    def leave_queue(self, thread):
        target = thread.waits_for
        if isinstance(target, Endpoint) and thread in target.queue:
            target.queue.remove(thread)
        if isinstance(target, Notification) and thread in target.waiters:
            target.waiters.remove(thread)

    def leave_call(self, thread, error):
        self.leave_queue(thread)
        if thread.state == "REPLY":
            thread.number += 1
        self.returns(thread, error)

    def wait(self, thread, state, target, timeout):
        thread.state, thread.waits_for = state, target
        thread.short = 0 < timeout <= SHORT

    def time_passes(self):
        for thread in self.workers:
            if thread.short and thread.state != "RUN":
                self.leave_call(thread, "ETIMEDOUT")
        for notification in [n for n in self.notifications() if n.due is not None]:
            bit, notification.due = notification.due, None
            self.raise_bits(notification, 1 << bit)

    def time_matters(self):
        return any(t.short and t.state != "RUN" for t in self.workers) or any(
            n.due is not None for n in self.notifications()
        )

    def notifications(self):
        found = {}
        for task in {thread.task for thread in self.workers}:
            for handle in task.table.values():
                if handle.object.kind == "notification":
                    found[id(handle.object)] = handle.object
        for thread in self.workers:
            if thread.bound:
                found[id(thread.bound)] = thread.bound
        return found.values()

    # ---- Handles ----

    def set_handle(self, task, slot, handle):
        task.table[slot] = handle
        handle.object.handles += 1
        if handle.rights & RECEIVE:
            handle.object.receivers += 1

    def clear_handle(self, task, slot):
        handle = task.table.pop(slot)
        target = handle.object
        target.handles -= 1
        if handle.is_reply:
            if target.state == "REPLY" and target.number == handle.number:
                self.leave_call(target, "EDEAD")
            return
        if handle.rights & RECEIVE:
            target.receivers -= 1
        if target.kind == "endpoint":
            if not target.handles:
                self.end_endpoint(target)
            elif not target.receivers:
                self.wake_all(target.queue)
        elif target.kind == "notification" and not target.handles:
            self.end_notification(target)
        elif target.kind == "task" and not target.handles:
            self.end_task(target)

    def find(self, task, slot, kind, rights):
        """The handle in a slot, if it is as it should be; else Refused."""
        handle = task.table.get(slot)
        if not handle or handle.is_reply or (kind and handle.object.kind != kind):
            raise Refused("EBADH")
        errors = Errors()
        errors.unless(handle.rights & rights == rights, "EPERM")
        errors.unless(not handle.object.dead, "EDEAD")
        errors.stop()
        return handle

    def find_or_none(self, errors, task, slot, kind, rights):
        try:
            return self.find(task, slot, kind, rights)
        except Refused as refused:
            errors.found |= refused.errors
            return None

    def task_of(self, errors, thread, slot):
        """The task that an argument names: 0 is the own one."""
        if not slot:
            return thread.task
        handle = self.find_or_none(errors, thread.task, slot, "task", MANAGE)
        return handle and handle.object

    # ---- Objects end ----

    def wake_all(self, queue):
        for thread in list(queue):
            self.leave_call(thread, "EDEAD")

    def end_endpoint(self, endpoint):
        if not endpoint.dead:
            endpoint.dead = True
            endpoint.creator.space.used -= self.sizes.endpoint
            endpoint.creator.owned.remove(endpoint)
            self.wake_all(endpoint.queue)

    def end_notification(self, notification):
        if notification.dead:
            return
        notification.dead = True
        notification.creator.space.used -= self.sizes.notification
        if notification in notification.creator.owned:
            notification.creator.owned.remove(notification)
        self.unbind(notification.bound)
        for line in [line for line, n in self.lines.items() if n is notification]:
            del self.lines[line]
        notification.due = None
        self.wake_all(notification.waiters)

    def end_thread(self, thread):
        task = thread.task
        thread.dead = True
        self.unbind(thread)
        self.leave_queue(thread)
        thread.state, thread.waits_for, thread.short = "DEAD", None, False
        thread.number += 1
        task.threads.remove(thread)
        task.space.used -= self.sizes.thread
        if thread.worker is None:
            task.space.remove(thread.message_at)
        else:
            task.space.other_pages -= 1
        if not task.threads:
            self.end_task(task)

    def end_task(self, task):
        if task.dead:
            return
        task.dead = True
        for thread in list(task.threads):
            self.end_thread(thread)
        for slot in sorted(task.table):
            if slot in task.table:
                self.clear_handle(task, slot)
        for owned in list(task.owned):
            self.destroy(owned)
        task.space.end()
        if task.on_end and not task.on_end.dead:
            self.raise_bits(task.on_end, 1 << task.on_end_bit)

    def destroy(self, target):
        if target.kind == "endpoint":
            self.end_endpoint(target)
        elif target.kind == "notification":
            self.end_notification(target)
        elif target.kind == "thread":
            self.end_thread(target)
        elif target.kind == "task":
            self.end_task(target)

    # ---- Notifications ----

    def unbind(self, thread):
        if thread and thread.bound:
            thread.bound.bound = None
            thread.bound = None

    def raise_bits(self, notification, bits):
        notification.bits |= bits
        for waiter in list(notification.waiters):
            taken = notification.bits & waiter.mask
            if taken:
                notification.bits &= ~taken
                notification.waiters.remove(waiter)
                self.returns(waiter, edi=taken)
        self.note(notification)

    def note(self, notification):
        """The bits go to the bound thread, if it receives."""
        bound = notification.bound
        if notification.bits and bound and bound.state == "RECV":
            self.leave_queue(bound)
            self.take_note(bound)

    def take_note(self, thread):
        bits, thread.bound.bits = thread.bound.bits, 0
        self.returns(thread, esi=1 << 16 | C["TAG_NOTE"], edi=bits)

    # ---- Messages ----

    def check_message(self, thread, message, errors):
        tag = message.tag
        errors.unless(not tag & C["TAG_FLAGS"], "EINVAL")
        errors.unless(message.words <= 62 and tag >> 22 & 3 <= 2, "EINVAL")
        for item in message.items:
            if item.kind == C["ITEM_STRING"]:
                if errors.unless(
                    item.size <= 0x400000 and item.at <= USER_END and item.size <= USER_END - item.at,
                    "EINVAL",
                ):
                    for page in self.pages_of(item.at, item.size):
                        errors.unless(page in thread.task.space.entries, "EFAULT")
            elif item.kind in (C["ITEM_MAP"], C["ITEM_GRANT"]):
                errors.unless(
                    item.size <= 64
                    and prot_is_valid(item.at & 0xFFF)
                    and range_is_valid(item.at & ~0xFFF, item.size),
                    "EINVAL",
                )
            elif item.kind == C["ITEM_HANDLE"]:
                errors.unless(item.at < 1024 and not item.size & ~ALL, "EINVAL")
            else:
                errors.found.add("EINVAL")

    @staticmethod
    def pages_of(at, size):
        return range(at & ~0xFFF, at + size, PAGE) if size else ()

    @staticmethod
    def fits(message, places):
        if len(message.items) > len(places):
            return False
        return all(
            item.kind == place.kind
            and (item.kind == C["ITEM_HANDLE"] or item.size <= place.size)
            for item, place in zip(message.items, places)
        )

    def deliver(self, sender, message, receiver, flags, checks, *errors):
        """The receiver returns with the message."""
        base = receiver.message_at
        checks = list(checks)
        if message.words > 2:
            checks += [(base + 4 * i, word) for i, word in message.more.items()]
        self.leave_queue(receiver)
        self.returns(
            receiver,
            *errors,
            ebx=sender.badge,
            esi=message.tag | flags,
            edi=message.word[0],
            ebp=message.word[1],
            checks=checks,
        )

    def got(self, receiver, place, value):
        # word[62], item[2] of 16 bytes, place[2] of 16 bytes: `got` is the last word of each.
        return receiver.message_at + 62 * 4 + 32 + place * 16 + 12, value

    def transfer(self, sender, message, receiver):
        """Moves the items.  (error of the sender or None, error of the receiver or None, checks)."""
        checks = []
        for i, (item, place) in enumerate(zip(message.items, receiver.places)):
            if item.kind == C["ITEM_STRING"]:
                errors, count = self.copy_string(sender, item, receiver, place)
                checks.append(self.got(receiver, i, count))
                if errors[0] or errors[1]:
                    return *errors, checks
        try:
            undo = self.move_handles(sender, message, receiver)
        except Refused as refused:
            return refused.errors, None, []
        try:
            self.move_pages(sender, message, receiver)
        except Refused as refused:
            undo()
            return refused.errors, None, []
        for i, item in enumerate(message.items):
            if item.kind != C["ITEM_STRING"]:
                count = 1 if item.kind == C["ITEM_HANDLE"] else item.size
                checks.append(self.got(receiver, i, count))
        return None, None, checks

    def copy_string(self, sender, item, receiver, place):
        """Strings of the random caller begin at a page's start, at both sides."""
        done = 0
        while done < item.size:
            n = min(PAGE, item.size - done)
            to = receiver.task.space.frame_at(place.at + done)
            if place.at % PAGE or not to or not to.prot & WRITE:
                return (None, "EFAULT"), done
            source = sender.task.space.entries.get(item.at + done)
            if not source:
                return (frozenset(["EFAULT"]), None), done
            if n >= 4:
                to.frame.word = source.frame.word if source.frame else 0
            done += n
        return (None, None), done

    def move_handles(self, sender, message, receiver):
        """All or none; returns what undoes it."""
        moved = []

        def undo():
            for to, slot, handle in reversed(moved):
                if handle.is_reply:
                    del receiver.task.table[to]
                    sender.task.table[slot] = handle
                else:
                    self.clear_handle(receiver.task, to)

        try:
            for item, place in zip(message.items, receiver.places):
                if item.kind == C["ITEM_HANDLE"]:
                    moved.append(self.move_handle(sender, item, receiver, place.at))
        except Refused:
            undo()
            raise
        return undo

    def move_handle(self, sender, item, receiver, to):
        handle = sender.task.table.get(item.at)
        need(handle and handle is not self.in_use, "EBADH")
        need(receiver.task.is_free(to), "EMSGSIZE")
        if handle.is_reply:
            receiver.task.table[to] = sender.task.table.pop(item.at)
            return to, item.at, handle
        # To an answer the two are not the same: EDEAD uses the reply handle up.
        need(not handle.object.dead, "EDEAD")
        need(handle.rights & GRANT and not item.size & ~handle.rights, "EPERM")
        need(not (handle.badge and item.badge and handle.badge != item.badge), "EPERM")
        self.set_handle(
            receiver.task, to, Handle(handle.object, item.size, handle.badge or item.badge)
        )
        return to, item.at, handle

    def move_pages(self, sender, message, receiver):
        """All or none: places are checked, memory is charged, then pages are checked and move."""
        source, space = sender.task.space, receiver.task.space
        moves = []
        for item, place in zip(message.items, receiver.places):
            if item.kind not in (C["ITEM_MAP"], C["ITEM_GRANT"]):
                continue
            need(range_is_valid(place.at, item.size), "EMSGSIZE")
            grant = item.kind == C["ITEM_GRANT"]
            for i in range(item.size):
                at = (item.at & ~0xFFF) + i * PAGE
                moves.append((at, place.at + i * PAGE, item.at & 7, grant))
        charged = 0
        try:
            for _, to, _, grant in moves:
                space.make_tables(to)
                for size in (space.record, PAGE) if grant else (space.record,):
                    space.charge(size)
                    charged += size
        finally:
            space.used -= charged
        # Two items must not meet: then page by page, the source first, up to the first error.
        for n, (at, to, _, grant) in enumerate(moves):
            for other_at, other_to, _, other_grant in moves[:n]:
                need(other_to != to, "EMSGSIZE")
                need(other_at != at or not (grant or other_grant), "EMSGSIZE")
        for at, to, _, grant in moves:
            errors = Errors()
            entry = source.frame_at(at)
            need(entry, "EFAULT")
            errors.unless(not grant or entry.frame.owner is source, "EPERM")
            errors.unless(to not in space.entries, "EMSGSIZE")
            errors.stop()
        for at, to, prot, grant in moves:
            entry = source.frame_at(at)
            space.entries[to] = type(entry)(entry.frame, entry.prot & prot)
            entry.frame.places.append((space, to))
            space.used += space.record
            if grant:
                source.used -= PAGE
                space.used += PAGE
                entry.frame.owner = space
                source.remove(at)

    def send(self, thread, endpoint, timeout):
        message, calls = thread.message, thread.calls
        flags = C["TAG_CALL"] if calls else 0
        while endpoint.queue and endpoint.queue[0].state == "RECV":
            receiver = endpoint.queue[0]
            if not self.fits(message, receiver.places):
                raise Refused("EMSGSIZE")
            if calls and not receiver.task.is_free(receiver.reply_slot):
                self.leave_queue(receiver)
                self.returns(receiver, "ENOSLOT")
                continue
            if calls:
                self.set_handle(
                    receiver.task, receiver.reply_slot, Handle(thread, 0, number=thread.number)
                )
            self.in_use = receiver.task.table[receiver.reply_slot] if calls else None
            failed, late, checks = self.transfer(thread, message, receiver)
            if failed:
                if calls:
                    self.clear_handle(receiver.task, receiver.reply_slot)
                raise Refused(*failed)
            self.deliver(thread, message, receiver, flags, checks, *([late] if late else []))
            self.heard(thread, timeout)
            return
        need(timeout != POLL, "EAGAIN")
        self.wait(thread, "SEND", endpoint, timeout)
        endpoint.queue.append(thread)

    def heard(self, sender, timeout):
        if sender.calls:
            self.wait(sender, "REPLY", None, timeout)
        else:
            self.leave_queue(sender)
            self.returns(sender)

    def receive(self, thread, endpoint, timeout):
        thread.state = "RECV"
        if thread.bound and thread.bound.bits:
            self.take_note(thread)
            return
        while endpoint.queue and endpoint.queue[0].state == "SEND":
            sender = endpoint.queue[0]
            message = sender.message
            if not self.fits(message, thread.places):
                self.leave_call(sender, "EMSGSIZE")
                continue
            if sender.calls and not thread.task.is_free(thread.reply_slot):
                self.returns(thread, "ENOSLOT")
                return
            endpoint.queue.pop(0)
            if sender.calls:
                self.set_handle(
                    thread.task, thread.reply_slot, Handle(sender, 0, number=sender.number)
                )
            self.in_use = thread.task.table[thread.reply_slot] if sender.calls else None
            failed, late, checks = self.transfer(sender, message, thread)
            if failed:
                if sender.calls:
                    self.clear_handle(thread.task, thread.reply_slot)
                self.returns(sender, *failed)
                continue
            flags = C["TAG_CALL"] if sender.calls else 0
            self.deliver(sender, message, thread, flags, checks, *([late] if late else []))
            if sender.calls:
                sender.state, sender.waits_for = "REPLY", None
            else:
                self.returns(sender)
            return
        if timeout == POLL:
            thread.state = "RUN"
            raise Refused("EAGAIN")
        self.wait(thread, "RECV", endpoint, timeout)
        endpoint.queue.append(thread)

    # ---- The calls ----

    def call(self, thread, name, arguments, page=None):
        """page: Message and places of the caller's message page."""
        self.done = {}
        thread.state = "CALL"
        try:
            getattr(self, name)(thread, page, **arguments)
        except Refused as refused:
            if thread not in self.done:
                self.returns(thread, *refused.errors, **getattr(refused, "registers", {}))
        if self.time_matters():
            self.time_passes()
            return True
        return False

    def begin_send(self, thread, page, tag, word0, word1, errors):
        thread.message = Message(tag, (word0, word1), page.items[: tag >> 22 & 3], page.more)
        self.check_message(thread, thread.message, errors)

    def begin_receive(self, thread, page, errors):
        thread.places = list(page.places)
        errors.unless(page.count <= 2, "EINVAL")

    def ipc_call(self, thread, page, endpoint, tag, word0, word1, timeout):
        errors = Errors()
        errors.unless(timeout != POLL, "EINVAL")
        self.begin_receive(thread, page, errors)
        self.send_checked(thread, page, endpoint, tag, word0, word1, timeout, errors, True)

    def ipc_send(self, thread, page, endpoint, tag, word0, word1, timeout):
        self.send_checked(thread, page, endpoint, tag, word0, word1, timeout, Errors(), False)

    def send_checked(self, thread, page, endpoint, tag, word0, word1, timeout, errors, calls):
        self.begin_send(thread, page, tag, word0, word1, errors)
        handle = self.find_or_none(errors, thread.task, endpoint, "endpoint", SEND)
        if handle:
            errors.unless(handle.object.receivers, "EDEAD")
        errors.stop()
        thread.badge = handle.badge
        thread.calls = calls
        self.send(thread, handle.object, timeout)

    def ipc_recv(self, thread, page, endpoint, slot, timeout):
        errors = Errors()
        self.begin_receive(thread, page, errors)
        handle = self.find_or_none(errors, thread.task, endpoint, "endpoint", RECEIVE)
        errors.unless(not slot or thread.task.is_free(slot), "ENOSLOT")
        errors.stop()
        thread.reply_slot = slot
        self.receive(thread, handle.object, timeout)

    def ipc_reply_recv(self, thread, page, reply, endpoint, tag, word0, word1, timeout):
        errors = Errors()
        self.begin_receive(thread, page, errors)
        self.begin_send(thread, page, tag, word0, word1, errors)
        target = endpoint and self.find_or_none(errors, thread.task, endpoint, "endpoint", RECEIVE)
        handle = thread.task.table.get(reply)
        errors.unless(handle and handle.is_reply, "EBADH")
        errors.stop()
        caller = handle.object
        if caller.dead or caller.state != "REPLY" or caller.number != handle.number:
            self.clear_handle(thread.task, reply)
            refused = Refused("EDEAD")
            refused.registers = {"esi": C["TAG_REPLY"]}
            raise refused
        self.answer(thread, caller, reply)
        if target:
            thread.reply_slot = reply
            self.receive(thread, target.object, timeout)
        else:
            self.returns(thread)

    LEAVES = {"EPERM", "EMSGSIZE", "ENOMEM", "EQUOTA", "EBADH"}

    def answer(self, thread, caller, reply):
        """The caller of a call gets its answer, or Refused."""
        message = thread.message
        need(self.fits(message, caller.places), "EMSGSIZE")
        thread.badge = 0
        self.in_use = thread.task.table[reply]
        failed, late, checks = self.transfer(thread, message, caller)
        if failed and failed <= self.LEAVES:
            raise Refused(*failed)
        if failed and failed & self.LEAVES:
            raise Ambiguous
        del thread.task.table[reply]
        caller.handles -= 1
        caller.number += 1
        if failed:
            self.returns(caller, *failed)
            refused = Refused(*failed)
            refused.registers = {"esi": C["TAG_REPLY"]}
            raise refused
        self.deliver(thread, message, caller, 0, checks, *([late] if late else []))

    def notify(self, thread, _, notification, bits):
        handle = self.find(thread.task, notification, "notification", SEND)
        self.returns(thread)
        self.raise_bits(handle.object, bits & handle.badge if handle.badge else bits)

    def notify_wait(self, thread, _, notification, mask, timeout):
        errors = Errors()
        errors.unless(mask, "EINVAL")
        handle = self.find_or_none(errors, thread.task, notification, "notification", RECEIVE)
        if handle:
            errors.unless(handle.object.bound in (None, thread), "EINVAL")
        errors.stop()
        target = handle.object
        taken = target.bits & mask
        if taken:
            target.bits &= ~taken
            self.returns(thread, edi=taken)
            return
        need(timeout != POLL, "EAGAIN")
        thread.mask = mask
        self.wait(thread, "NOTE", target, timeout)
        target.waiters.append(thread)

    def obj_create(self, thread, _, system, slot, kind, limit, handles, slots):
        what = kind & 0xFF
        if what == C["KIND_TASK"]:
            self.create_task(thread, system, slot, kind, limit, handles, slots)
            self.returns(thread)
            return
        made = {C["KIND_ENDPOINT"]: Endpoint, C["KIND_NOTIFICATION"]: Notification}.get(kind)
        errors = Errors()
        errors.unless(made and not system, "EINVAL")
        errors.unless(thread.task.is_free(slot), "ENOSLOT")
        errors.stop()
        size = self.sizes.endpoint if made is Endpoint else self.sizes.notification
        thread.task.space.charge(size)
        made = made(thread.task)
        thread.task.owned.append(made)
        self.set_handle(thread.task, slot, Handle(made, ALL))
        self.returns(thread)

    def create_task(self, thread, system, slot, kind, limit, handles, slots):
        prio, bit = kind >> 8 & 0xFF, kind >> 16
        errors = Errors()
        valid = prio < 32 and bit < 32 and not handles >> 24
        errors.unless(valid and 256 <= slots <= 1024 and slots % 256 == 0, "EINVAL")
        errors.unless(thread.task.is_free(slot), "ENOSLOT")
        self.find_or_none(errors, thread.task, system, "system", SEND)
        errors.unless(prio <= thread.task.max_prio, "EPERM")
        pager, on_end = handles & 0xFFF, handles >> 12
        if pager:
            pager = self.find_or_none(errors, thread.task, pager, "endpoint", SEND)
        if on_end and on_end < 4096:
            on_end = self.find_or_none(errors, thread.task, on_end, "notification", SEND)
        size = self.sizes.task + (slots // 256 - 1) * PAGE
        errors.unless(size <= min(limit, 0xC0000000), "EQUOTA")
        errors.stop()
        task = Task(
            Space(self.pae, self.sizes, min(limit, 0xC0000000), size), slots, prio, self.next_number
        )
        self.next_number += 1
        if pager:
            task.pager, task.pager_badge = pager.object, pager.badge
        if on_end:
            task.on_end, task.on_end_bit = on_end.object, bit
        self.set_handle(thread.task, slot, Handle(task, ALL))

    def handle_copy(self, thread, _, task, slot, source, rights, badge):
        errors = Errors()
        errors.unless(source <= 0xFFF and not rights & ~ALL, "EINVAL")
        to = self.task_of(errors, thread, task)
        handle = thread.task.table.get(source & 0xFFF)
        errors.unless(handle, "EBADH")
        if to:
            errors.unless(to.is_free(slot), "ENOSLOT")
        if handle and handle.is_reply:
            errors.unless(to is thread.task, "EPERM")
            errors.stop()
            to.table[slot] = thread.task.table.pop(source)
            self.returns(thread)
            return
        if handle:
            errors.unless(not rights & ~handle.rights, "EPERM")
            errors.unless(to is thread.task or handle.rights & GRANT, "EPERM")
            if badge not in (0, handle.badge):
                errors.unless(not handle.badge and handle.rights & GRANT, "EPERM")
            errors.unless(not handle.object.dead, "EDEAD")
        errors.stop()
        self.set_handle(to, slot, Handle(handle.object, rights, handle.badge or badge))
        self.returns(thread)

    def handle_drop(self, thread, _, handle, flags):
        need(not flags & ~1, "EINVAL")
        if flags:
            self.destroy(self.find(thread.task, handle, None, MANAGE).object)
        need(handle in thread.task.table, "EBADH")  # a thread that has ended itself gets here too
        self.clear_handle(thread.task, handle)
        self.returns(thread)

    def thread_create(self, thread, _, task, slot, entry, stack, message, word):
        errors = Errors()
        errors.unless(not message & 0xC00 and range_is_valid(message & ~0xFFF, 1), "EINVAL")
        to = self.task_of(errors, thread, task)
        errors.unless(message >> 5 & 31 < self.cpus, "EINVAL")
        if to:
            errors.unless(message & 31 <= to.max_prio, "EPERM")
        errors.unless(thread.task.is_free(slot), "ENOSLOT")
        errors.stop()
        to.space.charge(self.sizes.thread)
        try:
            to.space.other_page(message & ~0xFFF, READ | WRITE)
        except Refused:
            to.space.used -= self.sizes.thread
            raise
        made = Thread(to, message & 31)
        made.message_at = message & ~0xFFF
        to.threads.append(made)
        self.set_handle(thread.task, slot, Handle(made, ALL))
        self.returns(thread)

    def thread_ctl(self, thread, _, thread_, other, what, word0, word1):
        errors = Errors()
        ops = {value: key for key, value in C.items() if key.startswith("THREAD_")}
        op = ops.get(what, "") if what < C["THREAD_OPS"] else ""
        errors.unless(op, "EINVAL")
        errors.unless(not other or op in ("THREAD_START", "THREAD_BIND"), "EINVAL")
        fork = op == "THREAD_START" and other
        errors.unless(not word0 or op in ("THREAD_PRIO", "THREAD_CPU") or fork, "EINVAL")
        errors.unless(not word1 or fork, "EINVAL")
        if op == "THREAD_YIELD":
            errors.unless(not thread_, "EINVAL")
            errors.stop()
            self.returns(thread)
            return
        target = thread
        if thread_:
            handle = self.find_or_none(errors, thread.task, thread_, "thread", MANAGE)
            target = handle and handle.object
        if op == "THREAD_PRIO":
            errors.unless(word0 < 32, "EINVAL")
            errors.unless(not target or word0 <= target.task.max_prio, "EPERM")
        if op == "THREAD_CPU":
            errors.unless(word0 < self.cpus, "EINVAL")
        if op in ("THREAD_GETREGS", "THREAD_SETREGS") and target:
            errors.unless(target is not thread, "EBUSY")
        bound = None
        if op == "THREAD_BIND" and other:
            bound = self.find_or_none(errors, thread.task, other, "notification", RECEIVE)
            if bound and target:
                errors.unless(not bound.object.bound and not target.bound, "EBUSY")
        if fork:
            source = self.find_or_none(errors, thread.task, other, "thread", MANAGE)
            if source and target:
                ready = not target.started and source.object.state in ("SEND", "REPLY")
                errors.unless(ready, "EBUSY")
        errors.stop()
        self.control(thread, target, op, word0, bound)

    def control(self, thread, target, op, word, bound):
        if op == "THREAD_STOP":
            target.stopped = True
        elif op == "THREAD_PRIO":
            target.prio = word
        elif op == "THREAD_BIND":
            if bound:
                bound.object.bound = target
                target.bound = bound.object
                self.note(bound.object)
            else:
                self.unbind(target)
        elif op == "THREAD_START":
            target.stopped = False
            target.started = True
            if target.held:
                self.done[target], target.held = target.held, None
        self.returns(thread)

    # ---- Memory ----

    def in_range(self, thread, pages, one):
        """Calls one(i) for each page up to the first error; edi is how many were done."""
        for i in range(pages):
            try:
                one(i)
            except Refused as refused:
                refused.registers = {"edi": i}
                raise
        self.returns(thread, edi=pages)

    def mem_alloc(self, thread, _, task, system, place, pages, frame):
        at, prot, phys = place & ~0xFFF, place & 7, place & C["ALLOC_PHYS"]
        errors = Errors()
        errors.unless(not place & 0xFF0 and prot_is_valid(prot), "EINVAL")
        errors.unless(range_is_valid(at, pages) and (phys or not (system or frame)), "EINVAL")
        to = self.task_of(errors, thread, task)
        if phys:
            self.find_or_none(errors, thread.task, system, "system", MANAGE)
            errors.unless(not prot & EXEC, "EINVAL")
            errors.unless(0xA0 <= frame and frame + pages <= 0x100, "EINVAL")
            errors.stop()
            self.in_range(thread, pages, lambda i: to.space.other_page(at + i * PAGE, prot))
        else:
            errors.stop()
            self.in_range(thread, pages, lambda i: to.space.new_page(at + i * PAGE, prot))

    def mem_map(self, thread, _, to, from_, place, source, pages):
        at, prot, start, how = place & ~0xFFF, place & 7, source & ~0xFFF, source & 0xFFF
        op, replace = how & 7, how & C["MAP_REPLACE"]
        errors = Errors()
        errors.unless(not how & ~15 and op <= 4 and (not replace or op == 2), "EINVAL")
        errors.unless(not place & 0xFF8 and prot_is_valid(prot), "EINVAL")
        errors.unless(range_is_valid(at, pages), "EINVAL")
        if op == C["MAP_PROTECT"]:
            errors.unless(not start and not from_, "EINVAL")
        else:
            errors.unless(range_is_valid(start, pages), "EINVAL")
        to = self.task_of(errors, thread, to)
        from_ = self.task_of(errors, thread, from_)
        errors.stop()
        space, origin = to.space, from_.space

        def one(i):
            here, there = at + i * PAGE, start + i * PAGE
            if op == C["MAP_MAP"]:
                space.map_from(here, origin, there, prot)
            elif op == C["MAP_GRANT"]:
                space.grant_from(here, origin, there, prot)
            elif op == C["MAP_COPY"]:
                space.copy_from(here, origin, there, prot, replace)
            elif op == C["MAP_SHARE"]:
                if i % 64 == 0:
                    for j in range(i, min(i + 64, pages)):
                        origin.take_write(start + j * PAGE)
                space.share_from(here, origin, there, prot)
            else:
                space.protect(here, prot)

        self.in_range(thread, pages, one)

    def mem_unmap(self, thread, _, task, place, pages):
        at, how = place & ~0xFFF, place & 0xFFF
        errors = Errors()
        errors.unless(not how & ~1 and range_is_valid(at, pages), "EINVAL")
        target = self.task_of(errors, thread, task)
        errors.stop()
        if how:
            self.in_range(thread, pages, lambda i: target.space.revoke(at + i * PAGE))
        else:
            target.space.unmap(at, pages)
            self.returns(thread, edi=pages)

    # ---- Devices, time, information ----

    def irq_ctl(self, thread, _, system, notification, what, irq, bit):
        errors = Errors()
        errors.unless(what <= 2 and irq < 16 and bit < 32, "EINVAL")
        errors.unless(what == 0 or not bit, "EINVAL")
        errors.unless(what != 2 or not system, "EINVAL")
        handle = self.find_or_none(errors, thread.task, notification, "notification", RECEIVE)
        if what != 2:
            self.find_or_none(errors, thread.task, system, "system", MANAGE)
        if handle:
            line = self.lines.get(irq)
            if what == C["IRQ_ATTACH"]:
                errors.unless(not line, "EBUSY")
            else:
                errors.unless(line is handle.object, "EINVAL")
        errors.stop()
        if what == C["IRQ_ATTACH"]:
            self.lines[irq] = handle.object
        elif what == C["IRQ_DETACH"]:
            del self.lines[irq]
        self.returns(thread)

    def io_grant(self, thread, _, system, task, port, count):
        errors = Errors()
        self.find_or_none(errors, thread.task, system, "system", MANAGE)
        errors.unless(port < 0x400 and count and count <= 0x400 - port, "EINVAL")
        to = self.task_of(errors, thread, task)
        errors.stop()
        if not to.has_io:
            to.space.charge(IO_MAP)
            to.has_io = True
        self.returns(thread)

    def timer_set(self, thread, _, notification, bit, low, high):
        errors = Errors()
        errors.unless(bit < 32, "EINVAL")
        handle = self.find_or_none(errors, thread.task, notification, "notification", RECEIVE)
        errors.stop()
        when = high << 32 | low
        handle.object.due = bit if 0 < when < 1 << 32 else None
        self.returns(thread)

    def sys_info(self, thread, _, object_, what, from_, buffer, length):
        """The buffer is a page of the caller that nothing else uses, or nowhere."""
        errors = Errors()
        ranged = what in (C["INFO_MAPS"], C["INFO_TASKS"])
        errors.unless(what < C["INFO_KINDS"] and (ranged or not from_), "EINVAL")
        errors.unless(what != C["INFO_SYSTEM"] or not object_, "EINVAL")
        words, size = [], INFO_SYSTEM_BYTES if what == C["INFO_SYSTEM"] else 0
        if what in (C["INFO_TASK"], C["INFO_MAPS"]):
            task = thread.task
            if object_:
                handle = self.find_or_none(errors, thread.task, object_, "task", 0)
                task = handle and handle.object
            if task and what == C["INFO_TASK"]:
                words, size = self.task_words(task), 28
            elif task:
                words = self.map_words(task, from_, length)
                size = 4 * len(words)
        elif what == C["INFO_THREAD"]:
            handle = self.find_or_none(errors, thread.task, object_, "thread", 0)
            if handle:
                words, size = self.thread_words(handle.object, thread), 24
        elif what == C["INFO_TASKS"]:
            self.find_or_none(errors, thread.task, object_, "system", SEND)
        errors.unless(ranged or length >= size, "EINVAL")
        errors.unless(not size or buffer % PAGE == 0 and buffer in thread.task.space.scratch, "EFAULT")
        errors.stop()
        checks = [(buffer + 4 * i, word) for i, word in enumerate(words) if word is not None]
        compared = 11 if what in (C["INFO_SYSTEM"], C["INFO_TASKS"]) else 15
        self.returns(thread, edi=size, checks=checks, compared=compared)

    def task_words(self, task):
        space = task.space
        tables = space.other_tables + len(space.tables) + len(space.upper)
        return [
            task.number,
            task.pager_badge,
            len(task.threads),
            space.used,
            space.limit,
            space.other_pages + len(space.entries),
            tables,
        ]

    def map_words(self, task, from_, length):
        words = []
        for address in sorted(task.space.entries):
            if address < from_ & ~0xFFF or len(words) * 4 + 16 > length:
                continue
            entry = task.space.entries[address]
            prot, mappings, owned = entry.prot, 0, 0
            if entry.frame:
                mappings = len(entry.frame.places)
                owned = int(entry.frame.owner is task.space)
            words += [address, prot, mappings, owned]
        return words

    def thread_words(self, target, asker):
        runs = target is asker or not target.started
        waiting = 0 if runs else None
        return [target.task.number, int(target.started), None, waiting, target.prio, 0]

    def sys_ctl(self, thread, _, system, what, word0, word1):
        errors = Errors()
        errors.unless(what <= 2 and (what == C["SYS_EXIT"] or not system), "EINVAL")
        if what == C["SYS_CLOCK"]:
            errors.unless(not word0 and not word1, "EINVAL")
        if what == C["SYS_PRINT"] and errors.unless(word1 <= 1024, "EINVAL"):
            errors.unless(not word1 or USER_START <= word0 < USER_END, "EFAULT")
        if what == C["SYS_EXIT"]:
            self.find_or_none(errors, thread.task, system, "system", MANAGE)
            errors.stop()
            raise Ambiguous
        errors.stop()
        self.returns(thread, compared=3 if what == C["SYS_CLOCK"] else 15)
