"""fork: frames that are shared, and copied at the first write."""

import random

from .expect import (
    CODE,
    CONSTANTS,
    DATA,
    FAULTS,
    FIXED,
    HEAP_AT,
    JUDGE,
    SHARE,
    SHARED_AT,
    SPANS,
    STACK_END,
    TEXT,
    WHOLE_AT,
    ZEROS,
    expect,
    get,
    put,
)
from .stage import EXEC, HEAP, PAGE, READ, RW, SHARED, STACK, Stage, ZERO


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
    now, where = child.frames(ZEROS, 4), JUDGE
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
    frames, where = parent.frames(ZEROS, 4), FAULTS
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
