"""Without memory, two faults at once, and the end."""

from .expect import (
    DATA,
    ENOMEM,
    EQUOTA,
    FIXED,
    HEAP_AT,
    SHARE,
    SHARED_AT,
    STACK_END,
    ZEROS,
    dies,
    expect,
    get,
    put,
)
from .stage import Ended, HEAP, LOAD, LOW_PRIO, PAGE, PAGER_PRIO, RW, SHARED, STACK, Stage


def quota(m):
    stage = Stage(m)
    small, other = stage.client(1, DATA, limit=0x20000), stage.client(2, DATA)
    hint = "what mem_alloc and mem_map return is the reason: it is what memory_fault reports"
    had = []

    def fill():
        for i in range(64):
            small.store(ZEROS + i * PAGE, i + 1)
            had.append(i)

    what = "a client beyond its limit of 128 KiB is ended"
    dies(small, fill, error=EQUOTA, what=what, hint=hint, where=("bring", "memory_fault"))
    expect(len(had) > 4, "it has pages up to its limit", f"{len(had)} pages", hint, ("bring",))
    get(other, ZEROS, 0, "the other client goes on")
    fork_is_told(stage)


def fork_is_told(stage):
    """A child that may not have enough, whatever of the parent's it is that does not fit."""
    hint = "the first error of mem_map, of whatever span, is what memory_fork returns"
    stack = (STACK_END - 64 * PAGE, 64, RW, STACK)
    kinds = (("private", DATA), ("SHARED", (SHARED_AT, 16, RW, SHARED)), ("stack's", stack))
    for number, (kind, region) in enumerate(kinds, 3):
        parent = stage.client(number, region)
        last = region[0] + (region[1] - 1) * PAGE
        for i in range(12 if region is not stack else 1):
            put(parent, last - i * PAGE, i + 1)
        error = stage.fork_error(parent, number + 10)
        said = f"fork fails, since the child may not have as much for {kind} pages: {EQUOTA}"
        expect(error == EQUOTA, said, f"error {error}", hint, SHARE)
        get(parent, last, 1, "the parent goes on", hint, SHARE)


def shortage(m):
    """The machine's memory is used up: whoever has most is ended, and who asked goes on."""
    stage = Stage(m)
    large, small = stage.client(1, DATA), stage.client(2, DATA)
    for i in range(40):
        put(large, ZEROS + i * PAGE, i + 1)
    hog = 0x60000000
    while not stage.call("mem_alloc", edi=hog | RW, esi=64)[0]:
        hog += 64 * PAGE
    hint = "ENOMEM: memory_relieve ends who has most; then the thread goes on, and faults again"
    for i in range(30):
        put(small, ZEROS + i * PAGE, i + 1, hint, ("memory_fault",))
    expect(
        not large.lives(), "the client that has most is ended", "it lives", hint, ("memory_fault",)
    )
    death = large.death()
    seen = f"error {death['error']}" if death else "no death"
    expect(death and death["error"] == ENOMEM, "it died of ENOMEM", seen, hint, ("memory_fault",))
    for i in range(30):
        get(small, ZEROS + i * PAGE, i + 1, hint=hint)


def two_threads(m):
    """Two threads touch one page before the pager has seen either: the second finds it there."""
    stage = Stage(m)
    client = stage.client(1, DATA)
    second = client.another_thread()
    hint = "EEXIST: another thread's fault has brought the page meanwhile, and all is well"
    for i in range(2):
        stage.pager_prio(LOW_PRIO - 2)
        for thread in (client, second):
            thread.begin(LOAD, ebx=ZEROS + i * PAGE)
        come = stage.wait_for(PAGER_PRIO, 2)
        said = "two threads of a client that touch the same page both go on"
        expect(come == 2 and client.lives(), said, f"{come} go on", hint, ("bring", "client_judge"))


def all_back(m):
    """Frames of a family are free when all its members have ended, however they did."""
    stage = Stage(m)
    counts = []
    for _ in range(4):
        parent = stage.client(1, DATA, FIXED, (SHARED_AT, 16, RW, SHARED), (HEAP_AT, 64, RW, HEAP))
        for i in range(12):
            put(parent, ZEROS + i * PAGE, i + 1)
        put(parent, SHARED_AT, 1)
        child = stage.fork(parent, 2)
        for i in range(6):
            put(child, ZEROS + i * PAGE, i + 11)
        try:
            child.load(0)
        except Ended:
            pass
        child.drop()
        for i in range(12):
            put(parent, ZEROS + i * PAGE, i + 21)
        parent.destroy()
        counts.append(stage.free_pages())
    hint = "no page may be mapped anywhere but in the client that it is for"
    lost = counts[-3] - counts[-1]
    expect(
        lost <= 0,
        "as many free pages after each round",
        f"{lost} less",
        hint,
        ("memory_fork", "bring"),
    )
