"""Calls of the model on objects."""

from abi import CONSTANTS as C
from base import range_is_valid, need, Errors, Base
from memory import PAGE, READ, WRITE, Refused, Space
from objects import ALL, GRANT, MANAGE, RECEIVE, SEND, Endpoint, Handle, Notification, Task, Thread


class ObjectCalls(Base):
    """The calls that make, copy and drop handles, objects and threads."""

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
        task.creator = thread.task
        thread.task.owned.append(task)
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
            found = thread.task.table.get(handle)
            need(found and not found.is_reply, "EBADH")
            need(found.rights & MANAGE, "EPERM")
            if not found.object.dead:  # one that has ended already is only dropped
                self.destroy(found.object)
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

    def find_in_call(self, errors, thread, slot):
        """A thread by a handle to it, or by the reply handle of its call."""
        handle = thread.task.table.get(slot)
        if not handle or not handle.is_reply:
            found = self.find_or_none(errors, thread.task, slot, "thread", MANAGE)
            return found and found.object
        caller = handle.object
        waits = not caller.dead and caller.state == "REPLY" and caller.number == handle.number
        errors.unless(waits, "EDEAD")
        return caller if waits else None

    def thread_ctl(self, thread, _, thread_, other, what, word0, word1):
        errors = Errors()
        ops = {value: key for key, value in C.items() if key.startswith("THREAD_")}
        op = ops.get(what, "") if what < C["THREAD_OPS"] else ""
        errors.unless(op, "EINVAL")
        look = op == "THREAD_GETREGS" and other
        errors.unless(not other or op in ("THREAD_START", "THREAD_BIND") or look, "EINVAL")
        errors.unless(not look or not thread_, "EINVAL")
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
        if look and not thread_:
            source = self.find_in_call(errors, thread, other)
            errors.unless(not source or source.state == "REPLY", "EBUSY")
        elif op in ("THREAD_GETREGS", "THREAD_SETREGS") and target:
            errors.unless(target is not thread, "EBUSY")
        bound = None
        if op == "THREAD_BIND" and other:
            bound = self.find_or_none(errors, thread.task, other, "notification", RECEIVE)
            if bound and target:
                errors.unless(not bound.object.bound and not target.bound, "EBUSY")
        if fork:
            source = self.find_in_call(errors, thread, other)
            if source and target:
                ready = not target.started and source.state in ("SEND", "REPLY")
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
            target.task.stands_alone()
            if target.held:
                self.done[target], target.held = target.held, None
        self.returns(thread)
