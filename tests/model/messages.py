"""Messages of the model."""

from abi import CONSTANTS as C
from base import (
    POLL,
    USER_END,
    Message,
    Ambiguous,
    range_is_valid,
    prot_is_valid,
    need,
    Errors,
    Base,
)
from memory import MAPPINGS_MAX, PAGE, WRITE, Refused
from objects import ALL, GRANT, RECEIVE, SEND, Handle


class Messages(Base):
    """Messages and their items, and the calls that send, receive and answer."""

    # ---- Messages ----

    def check_message(self, thread, message, errors):
        tag = message.tag
        errors.unless(not tag & C["TAG_FLAGS"], "EINVAL")
        errors.unless(message.words <= 62 and tag >> 22 & 3 <= 2, "EINVAL")
        for item in message.items:
            if item.kind == C["ITEM_STRING"]:
                if errors.unless(
                    item.size <= 0x400000
                    and item.at <= USER_END
                    and item.size <= USER_END - item.at,
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
            item.kind == place.kind and (item.kind == C["ITEM_HANDLE"] or item.size <= place.size)
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
        """Moves the items.  (error of the sender or None, that of the receiver, checks)."""
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
                    # What the first item brings is under way: the second one cannot take it along.
                    own = sender.task is receiver.task
                    need(not own or item.at not in [to for to, _, _ in moved], "EBADH")
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
            errors.unless(len(entry.frame.places) < MAPPINGS_MAX, "ENOMEM")
            errors.stop()
        for at, to, prot, grant in moves:
            entry = source.frame_at(at)
            space.entries[to] = type(entry)(entry.frame, entry.prot & prot)
            entry.frame.places.append((space, to))
            space.used += space.record
            if grant:
                entry.frame.owner.used -= PAGE  # both items may hold one frame
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

    LEAVES = {"EPERM", "EMSGSIZE", "ENOMEM", "EQUOTA", "EBADH", "EDEAD"}

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
