"""How a guest can end while the grader waits for it."""


class GuestEnd(Exception):
    """The guest did not do what it was asked, but ended.  str() tells a student how."""

    status = ""


class GuestPanic(GuestEnd):
    """message: as the kernel formats it; invariant: its number, or 0; place: function, file and
    line that found out."""

    status = "panic"

    def __init__(self, message, invariant=0, place=""):
        number = f"invariant {invariant}: " if invariant else ""
        super().__init__(
            f"the kernel panicked: {number}{message}" + (f" ({place})" if place else "")
        )
        self.message, self.invariant, self.place = message, invariant, place


class GuestReset(GuestEnd):
    """A triple fault, a reset, or the machine switched itself off."""

    status = "reset"


class GuestHang(GuestEnd):
    """More instructions than the work can take, or every CPU halted for good."""

    status = "hang"
