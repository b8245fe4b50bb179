"""The model follows a race: calls take effect in the order that the kernel has logged (order.py),
and what each returns must be what the model says.

A call is made by the model at its last line before it returns: the lines before it are handles that
it has found then (pins).  What happens to objects and to threads that wait has lines of its own:
the model checks that it may happen, and lets it happen.  At the end of a round, when every thread
waits, the same threads wait in the model, and what nobody can reach has ended.
"""

import argparse
import sys
from collections import Counter, namedtuple
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from abi import CALLS, CONSTANTS as C, ERRORS
from base import NEVER, Sizes
from caller import RENAMED, Caller, full_for
from memory import Refused
from model import Model
from objects import MANAGE, RECEIVE, Handle
from order import CPUS, race
from places import Page, WORKERS

LIMIT = 1 << 40  # accounts are charged outside of the lock that orders calls: none is ever full
SIZES = Sizes(endpoint=1, notification=1, task=1, page=4097, thread=1, system=1)
FIRST_TASK = {"number": 1, "used": 0, "pages": 0, "tables": 0}
NAMES = {call.number: call for call in CALLS.values()}
PASS = 33
DROP = CALLS["handle_drop"].number
NUMBERS = {number: name for name, number in ERRORS.items()}

# Of a slot, when a call looked at it: the handle, and whether its object had ended.
Pin = namedtuple("Pin", "handle dead")


class Different(Exception):
    """What the kernel did is not what the model does."""

    number = 0  # of the line


def waits(thread):
    return thread.state in ("SEND", "REPLY", "RECV", "NOTE")


def same(what, got, wanted):
    if got != wanted:
        shown = [hex(v) if isinstance(v, int) else v for v in (got, wanted)]
        raise Different(f"{what} is {shown[0]}, not {shown[1]}")


def allowed(condition, what):
    if not condition:
        raise Different(what)


class RacingModel(Model):
    """Objects end, and threads leave their calls, when the log says so."""

    def __init__(self, pae, cpus):
        super().__init__(pae, SIZES, cpus)
        self.pins, self.pinned = {}, None

    def call(self, thread, name, arguments, page=None):
        self.pins, self.pinned = thread.pins, thread.task
        self.make(thread, name, arguments, page)
        self.pins = {}

    def returns(self, thread, *errors, **registers):
        stopped, thread.stopped = thread.stopped, False  # it stops behind the call
        super().returns(thread, *errors, **registers)
        thread.stopped = stopped

    def wait(self, thread, state, target, timeout):
        super().wait(thread, state, target, 0)
        thread.limited = timeout != NEVER

    def find(self, task, slot, kind, rights):
        if task is not self.pinned or slot not in self.pins:
            return super().find(task, slot, kind, rights)
        pin = self.pins[slot]
        handle = pin.handle
        if not handle or handle.is_reply or (kind and handle.object.kind != kind):
            raise Refused("EBADH")
        errors = {"EPERM"} if handle.rights & rights != rights else set()
        errors |= {"EDEAD"} if pin.dead else set()
        if errors:
            raise Refused(*errors)
        return handle

    def clear_handle(self, task, slot):
        """Who can be reached no more ends by a line of its own."""
        self.empty_slot(task, slot)

    def handle_drop(self, thread, _, handle, flags):
        """With DESTROY the object has ended by a line of its own, if it was found alive."""
        table = thread.task.table
        if flags & ~1:
            raise Refused("EINVAL")
        alive = None
        if flags:
            pin = self.pins.get(handle, Pin(table.get(handle), False))
            if not pin.handle or pin.handle.is_reply:
                raise Refused("EBADH")
            if not pin.handle.rights & MANAGE:
                raise Refused("EPERM")
            alive = None if pin.dead else pin.handle.object
        if handle not in table and not alive:
            raise Refused("EBADH")
        if handle in table and alive in (None, table[handle].object):
            self.clear_handle(thread.task, handle)
        self.returns(thread)

    def timer_set(self, thread, _, notification, bit, low, high):
        super().timer_set(thread, _, notification, bit, low, high)
        target = self.find(thread.task, notification, "notification", RECEIVE).object
        target.timer_bit = bit
        if target.dead:
            target.due = None
            del self.done[thread]
            raise Refused("EDEAD")

    def control(self, thread, target, op, word, bound):
        if op == "THREAD_BIND" and bound and bound.object.dead:
            raise Refused("EDEAD")
        super().control(thread, target, op, word, bound)

    # ---- Lines that belong to no call ----

    def timeout(self, thread):
        allowed(waits(thread) and thread.limited, "a time-out of a thread that has none")
        self.leave_call(thread, "ETIMEDOUT")

    def wake(self, thread):
        target = thread.waits_for
        allowed(waits(thread) and target, "a thread is woken that waits at no object")
        mute = target.kind == "endpoint" and not target.receivers
        allowed(target.dead or mute, "a thread is woken from an object that has not ended")
        self.leave_call(thread, "EDEAD")

    def timer(self, notification):
        allowed(notification.due is not None, "a timer ends that is not set")
        notification.due = None
        self.raise_bits(notification, 1 << notification.timer_bit)

    def ends(self, target):
        target.dead = True
        if target.kind == "notification":
            self.unbind(target.bound)
            target.due = None


class Round:
    """Six threads of three tasks, from their start to the end of the first task."""

    def __init__(self, pae, cpus, counts):
        # What user/random/worker.c has made, as the caller of the model in step knows it.
        begun = Caller(0, pae, SIZES, [FIRST_TASK] * 3, [LIMIT] * 3).model
        self.model = RacingModel(pae, cpus)
        self.model.workers, self.model.system = begun.workers, begun.system
        self.addresses, self.counts = {}, counts
        for thread in self.model.workers:
            thread.call, thread.pins, thread.made = None, {}, False
            thread.limited = thread.parked = False
            thread.starts = 0

    # ---- Objects by their addresses in the kernel ----

    def know(self, target, address):
        if target.__dict__.setdefault("address", address) != address:
            raise Different(f"object {address:#x} is found, not {target.address:#x}")
        self.addresses[address] = target

    # ---- Lines ----

    def line(self, line, is_last):
        method = getattr(self, "on_" + line.kind.lower())
        method(line, self.thread(line.thread), is_last)

    def thread(self, address):
        index = address - 0x20100000 >> 16
        return self.model.workers[index] if 0 <= index < WORKERS else None

    def on_enter(self, line, thread, _):
        allowed(not thread.call, "a thread makes a call that is in one")
        allowed(not thread.parked, "a thread makes a call that has been stopped")
        thread.call, thread.pins, thread.made = line, {}, False
        thread.starts_seen = [other.starts for other in self.model.workers]
        self.counts.calls[NAMES[line.words[0] & 0xFF].name] += 1

    def on_look(self, line, thread, is_last):
        slot, address = line.words[:2]
        handle = thread.task.table.get(slot)
        if handle and not handle.is_reply:
            pin = Pin(Handle(handle.object, handle.rights, handle.badge), handle.object.dead)
        else:
            pin = Pin(handle, False)
        if address:
            allowed(handle, f"slot {slot} has a handle")
            self.know(handle.object, address)
        thread.pins[slot] = pin
        if is_last:
            self.make(thread)

    def on_effect(self, line, thread, _):
        self.make(thread, line.words[0])

    def make(self, thread, made=0):
        """The call takes effect."""
        eax, ebx, esi, edi, ebp, last = thread.call.words
        call = NAMES[eax & 0xFF]
        places = dict(h1=eax >> 8 & 0xFFF, h2=eax >> 20, ebx=ebx, esi=esi, edi=edi, ebp=ebp)
        values = {a.name: places[a.place] for a in call.arguments}
        page, words = Page(), esi >> 16 & 63
        if 2 < words <= 62:
            page.more[words - 1] = last
        thread.made = True
        self.model.call(thread, call.name, full_for(call.name, renamed(call.name, values)), page)
        answer = self.model.done.get(thread)
        self.counts.blocked += not answer
        if made and answer and not answer.errors:
            self.know(thread.task.table[places["h2"]].object, made)

    def on_leave(self, line, thread, _):
        if not thread.made:
            self.make(thread)
        answer = self.model.done.pop(thread, None)
        allowed(answer, "a call returns that waits")
        self.compare(thread, line.words, answer)
        name = NAMES[thread.call.words[0] & 0xFF].name
        error = line.words[0]
        self.counts.succeeded += not error
        self.counts.pairs[name, NUMBERS.get(error)] += 1
        if name == "thread_ctl" and not error and thread.call.words[2] == C["THREAD_STOP"]:
            self.park(thread)
        thread.call = None

    def park(self, thread):
        """STOP has returned: its thread makes no call before it is started."""
        slot = thread.call.words[0] >> 8 & 0xFFF
        target = thread.pins[slot].handle.object if slot else thread
        # Which came first, if it was started meanwhile, no line says.
        target.parked = target.starts == thread.starts_seen[target.worker]

    def compare(self, thread, words, answer):
        errors = {ERRORS[name] for name in answer.errors} or {0}
        allowed(words[0] in errors, f"eax is {words[0]:#x}, not one of {sorted(errors)}")
        for i, name in enumerate(("ebx", "esi", "edi", "ebp")):
            if answer.compared >> i & 1:
                same(name, words[1 + i], getattr(answer, name))
        for address, word in answer.checks:
            index = (address - thread.message_at) // 4
            if index == (words[2] >> 16 & 63) - 1:
                same(f"word {index}", words[5], word)

    def on_start(self, line, _, __):
        thread = self.thread(line.words[0])
        thread.parked = False
        thread.starts += 1

    def on_timeout(self, line, _, __):
        self.model.timeout(self.thread(line.words[0]))

    def on_wake(self, line, _, __):
        self.model.wake(self.thread(line.words[0]))

    def on_timer(self, line, _, __):
        self.model.timer(self.addresses[line.words[0]])

    def on_dead(self, line, _, __):
        """One that nobody knows had no slot: it was never a handle's."""
        target = self.addresses.get(line.words[0])
        if not target or target.dead:
            return
        wanted = any(
            t.call and t.call.words[0] & 0xFF == DROP and pin.handle and pin.handle.object is target
            for t in self.model.workers
            for pin in t.pins.values()
        )
        allowed(wanted or not target.handles, "an object ends that has handles")
        self.model.ends(target)

    def end(self):
        """Every thread waits, in the kernel as in the model; and nothing is left undone."""
        for thread in self.model.workers:
            allowed(thread.call and waits(thread), f"thread {thread.worker} does not wait")
            target = thread.waits_for
            if target:
                allowed(not target.dead, f"thread {thread.worker} waits where all has ended")
                mute = target.kind == "endpoint" and not target.receivers
                allowed(not mute, f"thread {thread.worker} waits where nobody can receive")
        for address, target in self.addresses.items():
            if target.kind in ("endpoint", "notification"):
                allowed(target.handles or target.dead, f"object {address:#x} has not ended")


def renamed(name, values):
    """The names that the model's functions have for the arguments."""
    return {RENAMED.get((name, key), key): value for key, value in values.items()}


class Counts:
    def __init__(self):
        self.calls, self.pairs = Counter(), Counter()
        self.succeeded = self.blocked = self.rounds = 0

    def total(self):
        return sum(self.calls.values())

    def report(self):
        total = self.total()
        yield f"{total} calls in {self.rounds} rounds, no difference"
        yield f"succeeded {100 * self.succeeded // total} %, blocked {100 * self.blocked // total} %"
        yield "calls: " + " ".join(f"{name} {n}" for name, n in sorted(self.calls.items()))
        for name in self.calls:
            errors = {e: n for (call, e), n in self.pairs.items() if call == name and e}
            yield f"{name}: " + " ".join(f"{e} {n}" for e, n in sorted(errors.items()))


def last_looks(lines):
    """Numbers of the lines that are the last of a call before it returns or waits."""
    last, found = {}, set()
    for number, line in enumerate(lines):
        if line.kind in ("LOOK", "EFFECT"):
            last[line.thread] = number
        elif line.kind == "LEAVE" and line.thread in last:
            found.add(last.pop(line.thread))
    return found | set(last.values())


def replay(lines, pae, cpus=CPUS):
    """Counts; or Different, with the number of the line."""
    counts, round_, last = Counts(), None, last_looks(lines)
    for number, line in enumerate(lines):
        if line.kind == "TASK":
            round_ = round_ or Round(pae, cpus, counts)
        elif not round_:
            continue
        try:
            if line.kind == "END":
                round_.end()
                counts.rounds += 1
                round_ = None
            elif line.kind != "TASK":
                round_.line(line, number in last)
        except Different as different:
            different.number = number
            raise
    return counts


def around(lines, number):
    """The lines before a difference, for people."""
    for i in range(max(0, number - 30), number + 1):
        line = lines[i]
        words = " ".join(f"{word:#x}" for word in line.words)
        name = NAMES[line.words[0] & 0xFF].name if line.kind == "ENTER" else ""
        yield f"{i}: thread {line.thread:#x}: {line.kind} {name} {words}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=Path)
    parser.add_argument("--pae", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=20000)
    asked = parser.parse_args()
    kernel = "tarn" + ("-pae" if asked.pae else "") + "-debug.elf"
    status, text, lines, whole = race(asked.build, kernel, asked.seed, asked.count)
    print(text[text.find("[9]") :], f"status {status}, {len(lines)} lines of the log")
    try:
        counts = replay(lines, asked.pae)
    except Different as different:
        print("\n".join(around(lines, different.number)))
        print(different)
        return 1
    print("\n".join(counts.report()))
    return 0 if status == PASS and whole else 1


if __name__ == "__main__":
    sys.exit(main())
