"""What a client of the pager may expect, and how it is told if it does not come."""

from grader.verdict import Failure, expecting

from .stage import EXEC, Ended, FILE, READ, RW, ZERO, error_name, told

ZEROS, CONSTANTS, HEAP_AT, SHARED_AT = 0x20000000, 0x21000000, 0x30000000, 0x40000000
TEXT, WHOLE_AT = 0x22000000, 0x50000000
STACK_END = 0xBFFFF000
EFAULT, ENOMEM, EQUOTA = 14, 12, 122
DATA = (ZEROS, 64, RW, ZERO)
FIXED = (CONSTANTS, 8, READ, ZERO)
CODE = (TEXT, 2, READ | EXEC, FILE)
FAULTS, JUDGE, SHARE = ("memory_fault",), ("client_judge", "memory_fault"), ("memory_fork",)
SPANS = ("client_next_span", "memory_fork")
WHOLE = "mem_alloc brings pages of zeros: nothing has to be copied or cleared by you"
NOT_ALIVE = (
    "a fault inside a region that allows the access is answered with 0, once the page is there"
)


def alive(client, what, where=FAULTS, hint=NOT_ALIVE):
    """A context: the client outlives what it does there."""
    return Alive(client, what, where, hint)


class Alive:
    def __init__(self, client, what, where, hint):
        self.client, self.what, self.where, self.hint = client, what, where, hint
        self.guest = expecting(what, hint, where)

    def __enter__(self):
        self.guest.__enter__()

    def __exit__(self, kind, error, trace):
        if isinstance(error, Ended):
            seen = f"{error}{self.client.last_words()}"
            raise Failure(self.what, seen, self.hint, self.where) from error
        return self.guest.__exit__(kind, error, trace)


def expect(right, expected, seen, hint, where):
    if not right:
        raise Failure(expected, seen, hint, where)


def get(client, address, wanted=None, what=None, hint=NOT_ALIVE, where=FAULTS):
    """The word that the client loads, which must be `wanted`."""
    said = what or f"client {client.number} reads at {address:#x}"
    with alive(client, said, where, hint):
        word = client.load(address)
    if wanted is not None:
        expect(word == wanted, f"{said}: {wanted:#x}", f"{word:#x}", hint, where)
    return word


def put(client, address, word, hint=NOT_ALIVE, where=FAULTS):
    with alive(client, f"client {client.number} writes at {address:#x}", where, hint):
        client.store(address, word)


def dies(client, operation, *arguments, error=EFAULT, what, hint, where=JUDGE):
    """The operation ends the client, which is told with this error."""
    try:
        with expecting(what, hint, where):
            operation(*arguments)
    except Ended:
        death = client.death()
        said = f"{what}, with the error {error_name(error)}"
        expect(not client.lives(), said, "its task still lives", hint, ("memory_fault",))
        seen = told(death) if death else "no death"
        expect(death and death["error"] == error, said, seen, hint, where)
        return death
    raise Failure(what, "the client goes on", hint, where)
