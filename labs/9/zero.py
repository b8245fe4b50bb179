"""Demand zero: pages that come at the first access, rights, deaths, the heap."""

from grader.verdict import Failure, expecting

from .expect import (
    CODE,
    CONSTANTS,
    DATA,
    FAULTS,
    FIXED,
    HEAP_AT,
    JUDGE,
    STACK_END,
    TEXT,
    WHOLE,
    ZEROS,
    alive,
    dies,
    expect,
    get,
    put,
)
from .stage import Client, Ended, HEAP, LIMIT, PAGE, RW, STACK, Stage, USER, ZERO, told


def zero(m):
    stage = Stage(m)
    dirty = stage.client(9, DATA)
    for i in range(16):
        put(dirty, ZEROS + i * PAGE, 0xDEADBEEF)
    dirty.destroy()
    client = stage.client(1, DATA, (HEAP_AT, 64, RW, HEAP), (STACK_END - 64 * PAGE, 64, RW, STACK))
    client.set_break(HEAP_AT + 32 * PAGE)
    for address in (ZEROS + 5 * PAGE + 8, HEAP_AT + 9 * PAGE, STACK_END - 20 * PAGE + 16):
        seen = client.walk(address)
        expect(seen.physical is None, f"no page at {address:#x} before it is touched", seen, "", ())
        get(client, address, 0)
        expect(not any(client.content(address)), "a page of zeros", "other bytes", WHOLE, FAULTS)
        others = [address + PAGE, address - PAGE]
        extra = [at for at in others if client.frame(at) is not None]
        hint = "one touch brings one page: a batch is for faults that sweep through a heap"
        expect(
            not extra,
            f"{address:#x} is touched, and no page beside it is brought",
            f"a page at {extra[0] if extra else 0:#x} too",
            hint,
            ("region_batch", "memory_fault"),
        )


def rights(m):
    """What a page allows is what its region does; and no frame is in two places."""
    stage = Stage(m)
    clients = [stage.client(n, DATA, FIXED) for n in (1, 2)]
    seen = set()
    for client in clients:
        for address, writable in ((ZEROS, True), (ZEROS + PAGE, True), (CONSTANTS, False)):
            get(client, address, 0)
            walk, frame = client.walk(address), client.frame(address)
            allowed = bool(walk.entries[-1].value & USER)
            expect(allowed, "a page that user mode may touch", walk, WHOLE, FAULTS)
            expect(
                client.writable(address) == writable,
                f"at {address:#x} a page {'with' if writable else 'without'} the right to write",
                walk,
                "the page gets the region's rights, whatever the access was that brought it",
                FAULTS,
            )
            hint = "each page of each client is a frame of its own"
            expect(frame not in seen, "a frame that nobody else has", walk, hint, FAULTS)
            seen.add(frame)


DEATH_HINT = (
    "without a region, or without the region's right: the error is EFAULT, and the client ends"
)


def deaths(m):
    stage = Stage(m)
    other = stage.client(1, DATA)
    heap = (HEAP_AT, 64, RW, HEAP)
    end = HEAP_AT + 4 * PAGE
    cases = (
        ("a read outside of all regions", "load", 0x58000000, None),
        ("a read at 0", "load", 0, None),
        ("a write to a page that may only be read", "store", CONSTANTS, None),
        ("the same when the page is there", "store", CONSTANTS, CONSTANTS),
        ("a read behind the end of the heap", "load", end, HEAP_AT),
    )
    for number, (what, operation, address, before) in enumerate(cases, 2):
        client = stage.client(number, DATA, FIXED, heap)
        client.set_break(end)
        if before:
            get(client, before, 0)
        arguments = (address, 7) if operation == "store" else (address,)
        said = f"{what} ends the client"
        death = dies(client, getattr(client, operation), *arguments, what=said, hint=DEATH_HINT)
        found = death["address"]
        expect(found == address, f"the report names {address:#x}", f"{found:#x}", DEATH_HINT, JUDGE)
        get(other, ZEROS + number * PAGE, 0, "the other client goes on")
    what_is_executed(stage)
    other_exceptions(stage)
    late_fault(stage)


def what_is_executed(stage):
    hint = "an instruction fetch (FAULT_FETCH) is allowed by PROT_EXEC, as a write is by PROT_WRITE"
    said = "a fetch from a page that may not be executed ends the client"
    client = stage.client(7, DATA, CODE)
    with alive(client, "a fetch from a page that may be executed brings it", JUDGE, hint):
        client.execute(TEXT)
    dies(client, client.execute, ZEROS, what=said, hint=hint)


def other_exceptions(stage):
    client = stage.client(8, DATA)
    hint = "FAULT_VECTOR(label) says which exception it is: only a page fault can be served"
    said = "an exception that is no page fault ends the client"
    death = dies(client, client.trap, what=said, hint=hint, where=("memory_fault",))
    right = death["vector"] != 14
    expect(right, "the report has its vector", "that of a page fault", hint, ("memory_fault",))


def late_fault(stage):
    """A fault that comes when the client has ended: of a task with the same pager's handle."""
    client = stage.client(10, DATA)
    late = Client(stage, client.number, LIMIT)
    late.start()
    first = dies(client, client.load, 0x58000000, what="a read outside ends it", hint=DEATH_HINT)
    hint = "`ended`: it gets no page, and what it has died of stays what it was"
    where = ("memory_fault",)
    try:
        with expecting("a late fault of a client that has ended", hint, where):
            late.load(ZEROS + PAGE)
    except Ended:
        now = client.death()
        said = f"its report stays that of page {first['address']:#x}"
        seen = told(now) if now else "no death"
        expect(now == first, said, seen, hint, where)
        return
    raise Failure(
        "a late fault of a client that has ended ends its thread", "it goes on", hint, where
    )


def sweep(m):
    """Many pages one behind the other cost few faults; the end of the heap stays the end."""
    stage = Stage(m)
    client = stage.client(1, (HEAP_AT, 128, RW, HEAP))
    client.set_break(HEAP_AT + 66 * PAGE + 8)
    before = stage.faults
    for i in range(67):
        put(client, HEAP_AT + i * PAGE, i + 1)
    faults = stage.faults - before
    hint = "the next fault of a sweep comes just behind what the last one brought (region->next)"
    where = ("region_batch", "region_brought")
    expect(faults <= 24, "67 heap pages in order: at most 24 faults", faults, hint, where)
    behind = [i for i in range(67, 128) if client.frame(HEAP_AT + i * PAGE) is not None]
    seen = f"page {behind[0] if behind else 0} of the heap is there"
    hint = "a batch ends where the heap does: the last page that belongs to it is number 66"
    expect(not behind, "no page behind the heap's end", seen, hint, where)
    for i in range(67):
        get(client, HEAP_AT + i * PAGE, i + 1)


def present(client, pages):
    """How many pages of the heap are there."""
    return pages - client.frames(HEAP_AT, pages).count(None)


def shrinks(m):
    """Another region begins where the heap ends, and is none of it."""
    stage, behind = Stage(m), HEAP_AT + 1200 * PAGE
    client = stage.client(1, (HEAP_AT, 1200, RW, HEAP), (behind, 4, RW, ZERO))
    client.set_break(behind)
    put(client, behind, 0x2000)
    touched = (0, 3, 4, 7, 500, 1100, 1199)
    for i in touched:
        put(client, HEAP_AT + i * PAGE, 0x1000 + i)
    before, there = client.pages(), present(client, 1200)
    client.set_break(HEAP_AT + 3 * PAGE + 1)
    hint = "memory_remove takes [start, end) away, RANGE_MAX pages with a call at most"
    where = ("memory_remove", "region_brought")
    for i in touched[2:]:
        walk = client.walk(HEAP_AT + i * PAGE)
        expect(
            walk.physical is None, f"page {i} behind the heap's new end is gone", walk, hint, where
        )
    went, gone = there - present(client, 1200), before - client.pages()
    said = f"the frames of {went} pages are the client's no more"
    expect(gone >= went, said, f"{gone:.0f} are not", hint, where)
    said = "the page behind the heap, of another region, stays"
    get(client, behind, 0x2000, said, hint, where)
    get(client, HEAP_AT, 0x1000, "what is left of the heap stays as it was", hint, where)
    get(client, HEAP_AT + 3 * PAGE, 0x1003, "the page with the heap's end stays", hint, where)
    client.set_break(HEAP_AT + 1200 * PAGE)
    get(client, HEAP_AT + 500 * PAGE, 0, "a heap that grows again has zeros", hint, where)
