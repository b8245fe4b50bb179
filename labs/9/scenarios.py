"""Lab 9: the pager, judged by what its clients' page tables and frames hold.

The clients are threads that the host moves about (stage.py).  What the pager's own tables say is
never looked at.
"""

import random

from grader.verdict import Failure, expecting

from .stage import (
    EXEC,
    FILE,
    HEAP,
    LOAD,
    LIMIT,
    LOW_PRIO,
    PAGE,
    PAGER_PRIO,
    READ,
    RW,
    SHARED,
    STACK,
    USER,
    ZERO,
    Client,
    Ended,
    Stage,
)

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
            seen = f"{error}{self.client.stage.end_of_pager()}"
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
        said = f"{what}, with the error {error}"
        expect(not client.lives(), said, "its task still lives", hint, ("memory_fault",))
        seen = f"error {death['error']} of page {death['address']:#x}" if death else "no death"
        expect(death and death["error"] == error, said, seen, hint, where)
        return death
    raise Failure(what, "the client goes on", hint, where)


# ---- Demand zero ----


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
        expect(
            not any(client.content(address)), "a page of zeros", "other bytes", WHOLE, ("bring",)
        )
        others = [address + PAGE, address - PAGE]
        extra = [at for at in others if client.frame(at) is not None]
        hint = "one touch brings one page: a batch is for faults that sweep through a heap"
        expect(
            not extra,
            f"{address:#x} is touched, and no page beside it is brought",
            f"a page at {extra[0] if extra else 0:#x} too",
            hint,
            ("region_batch", "bring"),
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
            expect(allowed, "a page that user mode may touch", walk, WHOLE, ("bring",))
            expect(
                client.writable(address) == writable,
                f"at {address:#x} a page {'with' if writable else 'without'} the right to write",
                walk,
                "the page gets the region's rights, whatever the access was that brought it",
                ("bring",),
            )
            hint = "each page of each client is a frame of its own"
            expect(frame not in seen, "a frame that nobody else has", walk, hint, ("bring",))
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
        seen = f"error {now['error']} of page {now['address']:#x}" if now else "no death"
        expect(now == first, said, seen, hint, where)
        return
    raise Failure(
        "a late fault of a client that has ended ends its thread", "it goes on", hint, where
    )


# ---- The heap ----


def sweep(m):
    """Many pages one behind the other cost few faults; the end of the heap stays the end."""
    stage = Stage(m)
    client = stage.client(1, (HEAP_AT, 128, RW, HEAP))
    client.set_break(HEAP_AT + 66 * PAGE + 8)
    faults = []
    with m.watch("fault_in_user_mode", lambda *registers: faults.append(1)):
        for i in range(67):
            put(client, HEAP_AT + i * PAGE, i + 1)
    hint = "the next fault of a sweep comes just behind what the last one brought (region->next)"
    where = ("region_batch", "region_brought")
    expect(len(faults) <= 24, "67 heap pages in order: at most 24 faults", len(faults), hint, where)
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
    stage = Stage(m)
    client = stage.client(1, (HEAP_AT, 2048, RW, HEAP))
    client.set_break(HEAP_AT + 1200 * PAGE)
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
    get(client, HEAP_AT, 0x1000, "what is left of the heap stays as it was", hint, where)
    get(client, HEAP_AT + 3 * PAGE, 0x1003, "the page with the heap's end stays", hint, where)
    client.set_break(HEAP_AT + 1200 * PAGE)
    get(client, HEAP_AT + 500 * PAGE, 0, "a heap that grows again has zeros", hint, where)


# ---- fork ----


def family(m, *regions):
    """A parent whose first four pages at ZEROS hold words, and its child."""
    stage = Stage(m)
    parent = stage.client(1, DATA, *regions)
    for i in range(4):
        put(parent, ZEROS + i * PAGE, 0x100 + i)
    return stage, parent


SHARE_HINT = "MAP_SHARE gives the child the parent's frames, and takes the right to write from both"


def shares(m):
    stage, parent = family(m, FIXED, CODE)
    parent.put(TEXT, 2, READ | EXEC)
    get(parent, CONSTANTS, 0)
    before, frames = parent.pages(), parent.frames(ZEROS, 4)
    child = stage.fork(parent, 2)
    now = [parent.frames(ZEROS, 4), child.frames(ZEROS, 4)]
    expect(now[0] == frames, "fork leaves the parent its frames", now[0], SHARE_HINT, SHARE)
    expect(
        now[1] == frames, "the child's pages lead to the parent's frames", now[1], SHARE_HINT, SHARE
    )
    same = child.frame(CONSTANTS) == parent.frame(CONSTANTS)
    expect(same, "read-only pages are shared", child.walk(CONSTANTS), SHARE_HINT, SHARE)
    more = parent.pages() - before
    expect(more < 1, "fork makes no frames for the parent", f"{more:.1f} more", SHARE_HINT, SHARE)
    for client, name in ((parent, "parent"), (child, "child")):
        for i in range(4):
            walk = client.walk(ZEROS + i * PAGE)
            what = f"the {name}'s page {i} cannot be written before it is a copy"
            expect(not client.writable(ZEROS + i * PAGE), what, walk, SHARE_HINT, SHARE)
            get(client, ZEROS + i * PAGE, 0x100 + i, hint=SHARE_HINT, where=SHARE)
    same = child.frame(TEXT) == parent.frame(TEXT)
    expect(same, "what came from a file is shared", child.walk(TEXT), SHARE_HINT, SHARE)
    prot, hint = child.prot(TEXT), "MAP_SHARE takes rights away, so it is asked for READ and EXEC"
    expect(prot == READ | EXEC, "the child may execute its code", f"PROT_* are {prot}", hint, SHARE)


COPY_HINT = "a write to a page that is there: MAP_COPY | MAP_REPLACE, from the page to itself"


def one_copy(m):
    stage, parent = family(m)
    child = stage.fork(parent, 2)
    frames, pages = parent.frames(ZEROS, 4), child.pages()
    put(child, ZEROS + PAGE + 8, 0x777, COPY_HINT)
    now, where = child.frames(ZEROS, 4), ("client_judge", "copy")
    expect(
        now[1] != frames[1],
        "the writer has a frame of its own",
        child.walk(ZEROS + PAGE),
        COPY_HINT,
        where,
    )
    others = [i for i in (0, 2, 3) if now[i] != frames[i]]
    expect(not others, "the pages beside it stay shared", f"copied: {others}", COPY_HINT, where)
    expect(
        parent.frames(ZEROS, 4) == frames, "the parent keeps its frames", "others", COPY_HINT, where
    )
    made = child.pages() - pages
    right = round(made) == 1
    expect(right, "the copy is one frame of the child's", f"{made:.1f} more", COPY_HINT, where)
    get(child, ZEROS + PAGE, 0x101, "the copy has the page's content", COPY_HINT, where)
    get(child, ZEROS + PAGE + 8, 0x777, "what was written", COPY_HINT, where)
    get(parent, ZEROS + PAGE + 8, 0, "the parent does not see it", COPY_HINT, where)
    frame = now[1]
    put(child, ZEROS + PAGE + 12, 0x778, COPY_HINT)
    again = child.frame(ZEROS + PAGE)
    expect(
        again == frame, "a second write copies nothing", child.walk(ZEROS + PAGE), COPY_HINT, where
    )


LAST_HINT = "the last owner's write copies nothing: MAP_COPY | MAP_REPLACE knows that by itself"


def last_owner(m):
    stage, parent = family(m)
    child = stage.fork(parent, 2)
    frames, where = parent.frames(ZEROS, 4), ("copy",)
    put(child, ZEROS, 0x777, COPY_HINT)
    put(parent, ZEROS, 0x888, LAST_HINT)
    walk = parent.walk(ZEROS)
    expect(
        parent.frame(ZEROS) == frames[0],
        "the other side writes to its own frame",
        walk,
        LAST_HINT,
        where,
    )
    child.destroy()
    put(parent, ZEROS + PAGE, 0x999, LAST_HINT)
    walk = parent.walk(ZEROS + PAGE)
    expect(
        parent.frame(ZEROS + PAGE) == frames[1],
        "so it is when the child has ended",
        walk,
        LAST_HINT,
        where,
    )
    get(parent, ZEROS + PAGE, 0x999)


SHARED_HINT = "both write to the same pages of a SHARED region: MAP_MAP, with the right to write"


def together(m):
    beside = ((SHARED_AT - 4 * PAGE, 4, RW, ZERO), (SHARED_AT + 16 * PAGE, 4, RW, ZERO))
    stage, parent = family(m, (SHARED_AT, 16, RW, SHARED), *beside)
    private = (SHARED_AT - PAGE, SHARED_AT + 16 * PAGE)
    for address in private:
        put(parent, address, 0x400)
    for i in (1, 5, 15):
        put(parent, SHARED_AT + i * PAGE, 0x500 + i)
    child = stage.fork(parent, 2)
    for i in (1, 5):
        address = SHARED_AT + i * PAGE
        same = child.frame(address) == parent.frame(address)
        expect(
            same,
            f"page {i} of a SHARED region is one frame for both",
            child.walk(address),
            SHARED_HINT,
            SPANS,
        )
        get(child, address, 0x500 + i, hint=SHARED_HINT, where=SPANS)
        put(child, address + 4, 0x600 + i, SHARED_HINT, SPANS)
        get(
            parent,
            address + 4,
            0x600 + i,
            "the parent sees what the child writes",
            SHARED_HINT,
            SPANS,
        )
        put(parent, address + 8, 0x700 + i, SHARED_HINT, SPANS)
        get(
            child,
            address + 8,
            0x700 + i,
            "the child sees what the parent writes",
            SHARED_HINT,
            SPANS,
        )
    for address in private:
        put(child, address, 0x777)
        said = "the page beside, which is not SHARED, is still private"
        get(parent, address, 0x400, said, SHARED_HINT, SPANS)


HOLE_HINT = "pages that are not there are left out, and the child's first touch brings zeros"


def holes(m):
    """Pages that the parent never touched; also in a stack, and between regions."""
    stack = (STACK_END - 64 * PAGE, 64, RW, STACK)
    whole = (WHOLE_AT, 1024, RW, ZERO)  # RANGE_MAX pages, of which the last is there
    stage, parent = family(m, (HEAP_AT, 4096, RW, HEAP), stack, (SHARED_AT, 16, RW, SHARED), whole)
    put(parent, WHOLE_AT, 0x600)
    put(parent, WHOLE_AT + 1023 * PAGE, 0x601)
    parent.set_break(HEAP_AT + 4000 * PAGE)
    put(parent, STACK_END - PAGE, 0x300, HOLE_HINT)
    put(parent, STACK_END - 9 * PAGE, 0x309, HOLE_HINT)
    put(parent, ZEROS + 40 * PAGE, 0x140)
    put(parent, HEAP_AT + 2500 * PAGE, 0x250)
    put(parent, SHARED_AT + 2 * PAGE, 0x502)
    put(parent, SHARED_AT + 7 * PAGE, 0x507)
    child = stage.fork(parent, 2)
    there = {ZEROS + i * PAGE: 0x100 + i for i in range(4)}
    there |= {STACK_END - PAGE: 0x300, STACK_END - 9 * PAGE: 0x309}
    there |= {ZEROS + 40 * PAGE: 0x140, HEAP_AT + 2500 * PAGE: 0x250}
    there |= {SHARED_AT + 2 * PAGE: 0x502, SHARED_AT + 7 * PAGE: 0x507}
    there |= {WHOLE_AT: 0x600, WHOLE_AT + 1023 * PAGE: 0x601}
    for address, word in there.items():
        get(
            child,
            address,
            word,
            hint="every page that the parent has is the child's too",
            where=SPANS,
        )
    for address in (ZEROS + 20 * PAGE, HEAP_AT + PAGE, STACK_END - 5 * PAGE, SHARED_AT + 4 * PAGE):
        walk = child.walk(address)
        expect(
            walk.physical is None, f"no page at {address:#x} in the child", walk, HOLE_HINT, SPANS
        )
        get(child, address, 0, hint=HOLE_HINT, where=SPANS)
    hole_in_small_stack(stage, stack)


def hole_in_small_stack(stage, stack):
    """Of two pages one is there; whether such a stack is copied or shared is not judged."""
    place = STACK_END - 2 * PAGE
    parent = stage.client(3, stack)
    put(parent, place, 0x310)
    child = stage.fork(parent, 4)
    get(child, place, 0x310, hint=HOLE_HINT, where=SHARE)
    put(child, place, 0x311, HOLE_HINT, SHARE)
    get(parent, place, 0x310, hint=HOLE_HINT, where=SHARE)
    get(child, STACK_END - PAGE, 0, hint=HOLE_HINT, where=SHARE)


def isolated(m):
    """Parent, child and grandchild write where they like; each reads what it wrote itself."""
    dice = random.Random(m.seed)
    stack = (STACK_END - 64 * PAGE, 64, RW, STACK)
    stage, parent = family(m, stack)
    memory = {parent: {ZEROS + i * PAGE: 0x100 + i for i in range(4)}}
    places = [ZEROS + i * PAGE for i in range(6)] + [STACK_END - PAGE, STACK_END - 2 * PAGE]
    put(parent, STACK_END - PAGE, 0x300)
    memory[parent][STACK_END - PAGE] = 0x300
    for number in (2, 3, 4):
        last = dice.choice(list(memory))
        memory[stage.fork(last, number)] = dict(memory[last])
        for _ in range(10):
            client, address = dice.choice(list(memory)), dice.choice(places)
            if dice.random() < 0.6:
                word = dice.randrange(1, 1 << 32)
                put(client, address, word, COPY_HINT, SPANS)
                memory[client][address] = word
            for other in memory:
                if other.frame(address) is not None:
                    get(other, address, memory[other].get(address, 0), hint=COPY_HINT, where=SPANS)


# ---- Without memory, and the end ----


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
