"""What is said of a student's work: failures, and the results of tests."""

from contextlib import contextmanager
from dataclasses import asdict, dataclass, field

from grader.machine.guest import GuestEnd


class Failure(Exception):
    """A scenario has seen something else than the contract says.

    where: names of the functions in which to look, the likeliest first.  share: what of the test's
    points is earned all the same.
    """

    def __init__(self, expected, seen, hint="", where=(), status="failed", share=0):
        super().__init__(f"expected {expected}; seen {seen}")
        self.expected, self.seen, self.hint = expected, str(seen), hint
        self.where, self.status, self.share = tuple(where), status, share


@contextmanager
def expecting(expected, hint="", where=()):
    """A panic, reset or hang meanwhile is told with what was expected instead, and this hint; but
    what is not written yet speaks for itself.
    """
    try:
        yield
    except GuestEnd as end:
        if end.unwritten:
            raise
        raise Failure(expected, end, hint or end.hint, where or end.where, end.status) from end


@dataclass
class Result:
    """Of one test.  status: passed, failed (the contract is broken), panic, reset, hang, out of
    time (how the guest ended), or not judged: the grader itself could not go on, which earns
    nothing either.
    """

    name: str
    title: str
    points: int
    got: int
    status: str
    expected: str = ""
    seen: str = ""
    hint: str = ""
    invariant: str = ""
    where: tuple = ()
    look: str = ""
    log: str = field(default="", repr=False)  # the end of what the guest printed
    instructions: int = 0  # that the guest executed
    figure: str = ""  # that was measured, if it is good

    @property
    def passed(self):
        return self.status == "passed"

    def as_dict(self):
        return asdict(self)
