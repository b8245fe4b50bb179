"""How a guest can end while the grader waits for it."""

import re

NOT_WRITTEN = re.compile(r"\blab \d+: (\w+) is not written yet")
WRITE_IT = "Write it: until then nothing behind it can be tried."


def not_written(said):
    """The function whose body says so (labs/cutter), or None."""
    found = NOT_WRITTEN.search(said)
    return found and found[1]


class GuestEnd(Exception):
    """The guest did not do what it was asked, but ended.  str() tells a student how; hint what to
    do next; where names the functions that ran, innermost first."""

    status = ""
    hint = ""
    where = ()
    unwritten = None  # the function that is missing, if that is all


class GuestPanic(GuestEnd):
    """message: as the kernel formats it; invariant: its number, or 0; place: function, file and
    line that found out."""

    status = "panic"
    hint = "`break panic_at` and `break panic_trap` stop where it happens; `bt` shows who called."

    def __init__(self, message, invariant=0, place="", where=()):
        number = f"invariant {invariant}: " if invariant else ""
        behind = f" ({place})" if place else ""
        super().__init__(f"the kernel panicked: {number}{message}{behind}")
        self.message, self.invariant, self.place = message, invariant, place
        self.where, self.unwritten = tuple(where), not_written(message)
        if self.unwritten:
            self.where, self.hint = (self.unwritten,), WRITE_IT


class GuestReset(GuestEnd):
    """A triple fault, a reset, or the machine switched itself off."""

    status = "reset"
    hint = "A fault while a fault is handled resets the machine: is the stack still whole?"


class GuestHang(GuestEnd):
    """More instructions than the work can take, or every CPU halted for good."""

    status = "hang"
    hint = "Interrupt it in GDB (Ctrl-C) and look at `bt`: which loop does not end?"


class GuestTimeOut(GuestEnd):
    """Few instructions, but what they did took the host long: accesses to devices without end."""

    status = "out of time"
    hint = "A loop that reads or writes ports? Interrupt it in GDB (Ctrl-C) and look at `bt`."
