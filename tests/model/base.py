"""What all calls of the model share: answers, errors, threads that return, handles, the ends of
objects, notifications.
"""

from dataclasses import dataclass, field

from abi import CONSTANTS as C
from memory import EXEC, PAGE, READ, WRITE, Refused
from objects import MANAGE, RECEIVE, SEND, Endpoint, Notification, System

NEVER, POLL = 0xFFFFFFFF, 0
SHORT = 20_000  # microseconds and less: ends in the same step
USER_START, USER_END = C["USER_START"], C["USER_END"]
IO_MAP = 128
# As sys_info tells of a thread.
WAITING = {"RUN": 0, "SEND": 1, "REPLY": 2, "RECV": 3, "NOTE": 4}


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
    system: int  # struct info_system


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


class Base:
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

    def empty_slot(self, task, slot):
        """The handle goes, and a caller that waits for its answer returns.  What it led to; None: a
        caller.
        """
        handle = task.table.pop(slot)
        target = handle.object
        target.handles -= 1
        if handle.is_reply:
            if target.state == "REPLY" and target.number == handle.number:
                self.leave_call(target, "EDEAD")
            return None
        if handle.rights & RECEIVE:
            target.receivers -= 1
        return target

    def clear_handle(self, task, slot):
        target = self.empty_slot(task, slot)
        if not target:
            return
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
        task.stands_alone()
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
