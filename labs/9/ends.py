"""Without memory, two faults at once, and the end."""

from .expect import (
    DATA,
    ENOMEM,
    EQUOTA,
    FAULTS,
    FIXED,
    HEAP_AT,
    JUDGE,
    SHARE,
    SHARED_AT,
    STACK_END,
    ZEROS,
    dies,
    expect,
    get,
    put,
)
from .stage import (
    Client,
    Ended,
    HEAP,
    LIMIT,
    LOAD,
    LOW_PRIO,
    PAGE,
    PAGER_PRIO,
    RW,
    SHARED,
    STACK,
    Stage,
    error_name,
    told,
)


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
    dies(small, fill, error=EQUOTA, what=what, hint=hint, where=FAULTS)
    expect(len(had) > 4, "it has pages up to its limit", f"{len(had)} pages", hint, FAULTS)
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
        said = f"fork fails, since the child may not have as much for {kind} pages: EQUOTA"
        expect(error == EQUOTA, said, error_name(error), hint, SHARE)
        get(parent, last, 1, "the parent goes on", hint, SHARE)


RELIEVE = "ENOMEM: memory_relieve ends who has most; then the thread goes on, and faults again"


def shortage(m):
    """The machine's memory is used up: whoever has most is ended, and who asked goes on."""
    stage = Stage(m)
    large, small = stage.client(1, DATA), stage.client(2, DATA)
    for i in range(40):
        put(large, ZEROS + i * PAGE, i + 1)
    stage.use_up()
    for i in range(30):
        put(small, ZEROS + i * PAGE, i + 1, RELIEVE, FAULTS)
    expect_relieved(large)
    for i in range(30):
        get(small, ZEROS + i * PAGE, i + 1, hint=RELIEVE)
    parent = copied_without_memory(stage)
    expect_relieved(small)
    fork_without_memory(stage, parent)
    nobody_is_left(stage, parent)


def expect_relieved(largest):
    expect(not largest.lives(), "the client that has most is ended", "it lives", RELIEVE, FAULTS)
    death = largest.death()
    seen = told(death) if death else "no death"
    expect(death and death["error"] == ENOMEM, "it died of ENOMEM", seen, RELIEVE, FAULTS)


def copied_without_memory(stage):
    """A copy needs a frame, as a page that is brought does."""
    parent = stage.client(3, DATA)
    put(parent, ZEROS, 0x300)
    child = stage.fork(parent, 4)
    stage.use_up()
    put(child, ZEROS + 4, 0x301, RELIEVE, FAULTS)
    get(child, ZEROS, 0x300, hint=RELIEVE)
    child.destroy()
    return parent


def fork_without_memory(stage, parent):
    """Not even for the child's page table."""
    hint = "ENOMEM of mem_map is an error of fork's too: the child would lack the page"
    child = Client(stage, 5, LIMIT)
    stage.use_up()
    stage.use_up_tables()
    error = stage.ask_fork(parent, child)
    expect(error == ENOMEM, "fork fails without memory: ENOMEM", error_name(error), hint, SHARE)


def nobody_is_left(stage, parent):
    """No other client could give any."""
    hint = "memory_relieve says false if nobody was ended: the thread would fault for ever"
    what = "where nobody else has memory, the client that asks for it is ended"
    stage.use_up()
    dies(parent, parent.store, ZEROS + PAGE, 1, error=ENOMEM, what=what, hint=hint, where=FAULTS)


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
        expect(come == 2 and client.lives(), said, f"{come} go on", hint, JUDGE)


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
        ("memory_fork", "memory_fault"),
    )
