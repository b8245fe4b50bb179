"""The drawings of the book's chapters about programs: tasks and threads, messages, faults, servers.
"""

from drawing.svg import DARK, LIGHT, MID, WHITE, Drawing

# ---- Tasks and threads ---------------------------------------------------------------------------


def task():
    d = Drawing(360)
    d.rect(20, 36, 420, 306, LIGHT)
    d.text(30, 26, "a task", 13, bold=True)
    d.box(40, 56, 120, 130, "address space", "PGD", fill=MID)
    d.text(100, 204, "what it may touch", 12, "middle", italic=True)
    d.box(40, 226, 120, 70, "account", "used, limit", fill=MID)
    d.text(100, 314, "what it may use up", 12, "middle", italic=True)
    d.text(200, 50, "handles", 12, bold=True)
    rows = [
        ("0", "always empty"),
        ("1", "manage"),
        ("2", "receive"),
        ("3", "send, badge 7"),
        ("4", ""),
    ]
    for n, (slot, rights) in enumerate(rows):
        d.box(200, 56 + n * 26, 26, 26, slot, size=12, fill=MID)
        d.box(226, 56 + n * 26, 130, 26, rights, size=12)
    d.text(278, 204, "what it may name", 12, "middle", italic=True)
    for n in range(2):
        d.box(200 + n * 112, 226, 100, 70, "thread", "kernel stack", "user frame", size=12)
    d.text(306, 314, "what runs", 12, "middle", italic=True)
    d.box(520, 60, 160, 40, "a task", fill=DARK)
    d.box(520, 120, 160, 40, "an endpoint", fill=DARK)
    d.text(520, 182, "two handles, one object", 12, italic=True)
    d.arrow((356, 95), (519, 80))
    d.arrow((356, 121), (519, 138))
    d.arrow((356, 147), (480, 165), (519, 150))
    d.text(520, 240, "objects of the kernel:", 12, italic=True)
    d.text(520, 258, "no program has their", 12, italic=True)
    d.text(520, 276, "addresses", 12, italic=True)
    return d


def switch_held():
    d = Drawing(330)
    d.text(20, 24, "one processor, from above to below", 13, bold=True)
    d.box(20, 40, 190, 34, "old: takes the lock", fill=LIGHT)
    d.box(20, 84, 190, 34, "old: goes on a list", fill=LIGHT)
    d.box(20, 128, 190, 34, "old: chooses next", fill=LIGHT)
    d.box(20, 172, 190, 34, "stacks exchanged", fill=DARK)
    d.box(20, 216, 190, 34, "new: old stack is left", fill=MID)
    d.box(20, 260, 190, 34, "new: releases the lock", fill=MID)
    for n in range(5):
        d.arrow((115, 74 + n * 44), (115, 83 + n * 44))
    d.line((226, 57), (240, 57), (240, 277), (226, 277))
    d.text(250, 160, "the queue's lock", 12, bold=True)
    d.text(250, 178, "is held", 12, bold=True)
    d.text(430, 24, "another one, which wants it", 13, bold=True)
    d.box(430, 84, 220, 34, "wakes it: wants the lock", fill=LIGHT)
    d.box(430, 128, 220, 78, "waits", "with interrupts on:", "answers flushes", dash=True, size=12)
    d.box(430, 260, 220, 34, "has the lock: may move it", fill=MID)
    d.arrow((540, 118), (540, 127))
    d.arrow((540, 206), (540, 259))
    d.arrow((210, 285), (429, 285), dash=True)
    d.text(
        20, 318, "Were the lock released above, two would stand on the old stack.", 12, italic=True
    )
    return d


# ---- Messages ------------------------------------------------------------------------------------


def endpoint():
    d = Drawing(290)
    for x, title in ((20, "empty"), (250, "senders wait"), (480, "receivers wait")):
        d.text(x, 24, title, 13, bold=True)
        d.box(x, 110, 90, 50, "endpoint", fill=DARK, size=12)
    d.box(250, 40, 90, 30, "A: SEND", size=12, fill=LIGHT)
    d.box(352, 40, 90, 30, "B: SEND", size=12, fill=LIGHT)
    d.arrow((295, 70), (295, 109))
    d.arrow((352, 55), (341, 55))
    d.box(480, 40, 90, 30, "S: RECV", size=12, fill=MID)
    d.box(582, 40, 90, 30, "T: RECV", size=12, fill=MID)
    d.arrow((525, 70), (525, 109))
    d.arrow((582, 55), (571, 55))
    d.text(20, 184, "who comes, waits", 12, italic=True)
    d.text(250, 184, "a receiver takes A,", 12, italic=True)
    d.text(250, 200, "a sender queues behind B", 12, italic=True)
    d.text(480, 184, "a sender takes S,", 12, italic=True)
    d.text(480, 200, "a receiver queues behind T", 12, italic=True)
    d.line((20, 222), (680, 222))
    d.text(20, 246, "Both kinds at once: impossible, since the second to come takes the first.", 12)
    d.text(20, 268, "A message is in its sender, or in its receiver, and nowhere in between.", 12)
    return d


def round_trip():
    d = Drawing(340)
    lanes = (("client", 40), ("kernel", 280), ("server", 520))
    for name, x in lanes:
        d.text(x + 70, 24, name, 13, "middle", bold=True)
    d.box(520, 40, 140, 30, "waits: RECV", dash=True, size=12)
    d.box(40, 60, 140, 30, "ipc_call", fill=MID, mono=True, size=12)
    d.arrow((180, 75), (279, 95))
    d.box(
        280, 80, 140, 62, "message delivered", "client: REPLY", "reply handle", fill=LIGHT, size=12
    )
    d.arrow((420, 111), (519, 125))
    d.text(470, 100, "switch", 12, "middle", italic=True)
    d.box(520, 112, 140, 44, "runs, with the", "handle in its slot", size=12)
    d.box(520, 176, 140, 30, "ipc_reply_recv", fill=MID, mono=True, size=12)
    d.arrow((590, 156), (590, 175))
    d.arrow((520, 191), (421, 211))
    d.box(
        280, 196, 140, 62, "answer delivered", "handle used up", "server: RECV", fill=LIGHT, size=12
    )
    d.arrow((280, 227), (181, 243))
    d.text(230, 220, "switch", 12, "middle", italic=True)
    d.box(40, 232, 140, 30, "goes on", size=12)
    d.box(40, 110, 140, 90, "sleeps: REPLY", dash=True, size=12)
    d.box(520, 226, 140, 36, "waits: RECV", dash=True, size=12)
    d.text(
        20,
        296,
        "2 entries into the kernel, 2 switches, no queue of the scheduler, no interrupt",
        12,
    )
    d.text(20, 318, "any ready thread of a higher priority comes first: then no direct switch", 12)
    return d


# ---- A fault's journey ---------------------------------------------------------------------------


def fault_journey():
    d = Drawing(400)
    for name, x in (("program", 20), ("kernel", 255), ("pager", 490)):
        d.text(x + 95, 24, name, 13, "middle", bold=True)
    d.box(20, 40, 190, 34, "mov [address], eax", fill=MID, mono=True, size=12)
    d.arrow((210, 57), (254, 70))
    d.box(255, 44, 190, 50, "page fault: reads CR2,", "then interrupts on", size=12)
    d.box(255, 108, 190, 50, "message: vector, access,", "address, eip", fill=LIGHT, size=12)
    d.arrow((350, 94), (350, 107))
    d.box(20, 108, 190, 206, "the thread is in REPLY", "of a call that it", "never made", dash=True)
    d.arrow((445, 133), (489, 147))
    d.box(490, 124, 190, 50, "ipc_recv returns:", "flags CALL, FAULT", size=12)
    d.box(490, 192, 190, 34, "mem_alloc", fill=MID, mono=True, size=12)
    d.arrow((585, 174), (585, 191))
    d.arrow((490, 209), (446, 213))
    d.box(255, 188, 190, 50, "a zeroed frame, a record,", "an entry, a charge", fill=LIGHT, size=12)
    d.box(490, 258, 190, 34, "ipc_reply_recv, label 0", fill=MID, size=12)
    d.arrow((585, 226), (585, 257))
    d.arrow((490, 275), (446, 285))
    d.box(255, 266, 190, 50, "label 0: to user mode", "any other: the thread ends", size=12)
    d.arrow((255, 291), (232, 300), (232, 345), (211, 345))
    d.box(20, 328, 190, 34, "mov [address], eax", fill=MID, mono=True, size=12)
    d.text(20, 386, "the same instruction, once more: now there is a page", 12, italic=True)
    return d


def copy_on_write():
    d = Drawing(330)
    columns = (
        (20, "SHARE", "reads", "reads", (1, 1)),
        (190, "child writes", "reads", "faults", (1, 1)),
        (360, "its own copy", "reads", "writes", (1, 2)),
        (530, "parent writes", "writes", "writes", (1, 2)),
    )
    for x, title, parent, child, frames in columns:
        d.text(x, 24, title, 13, bold=True)
        d.box(x, 40, 60, 44, "parent", parent, size=11, fill=MID if parent == "writes" else WHITE)
        d.box(x + 80, 40, 60, 44, "child", child, size=11, fill=MID if child == "writes" else WHITE)
        d.box(x, 130, 60, 40, "frame 1", size=11, fill=DARK)
        if frames == (1, 2):
            d.box(x + 80, 130, 60, 40, "frame 2", size=11, fill=DARK)
        d.arrow((x + 30, 84), (x + 30, 129))
        d.arrow(
            (x + 110, 84), (x + 110 if frames == (1, 2) else x + 50, 129), dash=child == "faults"
        )
    for x, words in (
        (20, ("write is taken", "from the parent,", "then the flush")),
        (190, ("two records:", "nobody gets", "write back")),
        (360, ("COPY, REPLACE:", "a new frame, the", "child pays")),
        (530, ("COPY, REPLACE:", "one record, so", "no copy")),
    ):
        for n, line in enumerate(words):
            d.text(x, 200 + n * 18, line, 12)
    d.line((20, 256), (680, 256))
    d.text(
        20,
        282,
        "The pager makes the same call for both. Only the kernel knows how many records",
        12,
    )
    d.text(20, 302, "a frame has, and it looks under the lock.", 12)
    return d


# ---- Servers -------------------------------------------------------------------------------------


def servers():
    d = Drawing(400)
    d.box(20, 30, 660, 34, "programs, badge = pid", fill=LIGHT)
    d.box(60, 110, 140, 40, "con", "priority 24", fill=MID, size=12)
    d.box(280, 110, 140, 40, "proc", "priority 22", fill=MID, size=12)
    d.box(500, 110, 140, 40, "pipe", "priority 20", fill=MID, size=12)
    d.box(280, 200, 140, 40, "ramfs", "priority 20", fill=MID, size=12)
    d.box(280, 290, 140, 40, "pager", "priority 28", fill=DARK, size=12)
    d.box(500, 290, 140, 40, "root", "priority 30", fill=DARK, size=12)
    for x in (130, 350, 570):
        d.arrow((x, 64), (x, 109))
    d.arrow((280, 130), (201, 130))
    d.arrow((420, 130), (499, 130))
    d.arrow((350, 150), (350, 199))
    d.arrow((350, 240), (350, 289))
    d.arrow((420, 220), (560, 220), (560, 289))
    d.arrow((280, 310), (110, 310), (110, 151), dash=True)
    d.text(120, 264, "faults: calls of all", 12, italic=True)
    d.text(120, 280, "to the pager", 12, italic=True)
    d.text(20, 364, "Calls go down. Up go notifications, and answers.", 12)
    d.text(20, 384, "root calls nobody: a ping is a bit, and its answer is one.", 12)
    return d


def endpoint_stays():
    d = Drawing(310)
    for x, title in ((20, "before"), (250, "dead"), (480, "started again")):
        d.text(x, 24, title, 13, bold=True)
        d.box(x, 40, 90, 40, "client", "send", size=12, fill=LIGHT)
        d.box(x + 110, 40, 90, 40, "root", "receive", size=12, fill=LIGHT)
        d.box(x + 40, 120, 110, 40, "endpoint", fill=DARK, size=12)
        d.arrow((x + 45, 80), (x + 75, 119))
        d.arrow((x + 155, 80), (x + 115, 119))
    d.box(60, 200, 110, 40, "ramfs", "receive", size=12, fill=MID)
    d.box(290, 200, 110, 40, "nobody", size=12, dash=True)
    d.box(520, 200, 110, 40, "ramfs", "receive", size=12, fill=MID)
    d.arrow((115, 200), (115, 161))
    d.arrow((575, 200), (575, 161))
    d.text(250, 264, "who calls now, waits", 12, italic=True)
    d.text(480, 264, "and is served", 12, italic=True)
    d.text(
        20, 294, "No client's handle changes. Only calls that were received are lost: EDEAD.", 12
    )
    return d


# ---- The shell -----------------------------------------------------------------------------------


def shell_steps():
    d = Drawing(330)
    rows = (
        ("keys", "edit.c", "ls $DIR | wc > 'my list'"),
        ("line", "parse.c", "[ls] [$DIR]   |   [wc]   > ['my list']"),
        ("commands", "expand.c", "ls, /bin   |   wc   > my list"),
        ("words", "run.c", "descriptors 0, 1, 2 of each; spawn or fork"),
        ("processes", "jobs.c", "a group, in front, until all have ended"),
    )
    for n, (what, file, text) in enumerate(rows):
        y = 20 + n * 56
        d.text(20, y + 24, what, 13, bold=True)
        d.box(130, y, 110, 38, file, fill=MID, mono=True, size=12)
        d.text(270, y + 24, text, 12, mono=n < 3)
        if n:
            d.arrow((185, y - 18), (185, y - 1))
    d.text(20, 314, "The first three make no call. They are tested on the host.", 12, italic=True)
    return d


def pipe_ends():
    d = Drawing(340)
    columns = ("shell", "ls", "wc")
    for n, name in enumerate(columns):
        d.text(310 + n * 150, 24, name, 13, "middle", bold=True)
    rows = (
        ("pipe", ("R  W", "", "")),
        ("W to 1, start ls", ("R  W", "W", "")),
        ("take 1 back", ("R", "W", "")),
        ("R to 0, start wc", ("R", "W", "R")),
        ("take 0 back", ("", "W", "R")),
        ("ls ends", ("", "", "R")),
    )
    for n, (step, held) in enumerate(rows):
        y = 40 + n * 42
        d.text(20, y + 21, step, 12)
        for column, ends in enumerate(held):
            d.box(
                250 + column * 150,
                y,
                120,
                32,
                ends,
                size=12,
                fill=MID if ends else WHITE,
                dash=not ends,
            )
    d.text(20, 312, "R: can read. W: can write. Now nobody has W: wc gets the end of the file.", 12)
    return d


# ---- Typing ls -----------------------------------------------------------------------------------


def typing_ls():
    d = Drawing(420)
    lanes = {"con": 20, "shell": 160, "proc": 300, "ls": 440, "ramfs": 580}
    for name, x in lanes.items():
        d.text(x + 50, 24, name, 13, "middle", bold=True)
        d.line((x + 50, 32), (x + 50, 382), dash=True)
    rows = (
        ("con", "shell", "a letter"),
        ("shell", "con", "its echo"),
        ("con", "shell", "Enter"),
        ("shell", "proc", "SPAWN"),
        ("proc", "ramfs", "the file?"),
        ("proc", "ls", "pages, start"),
        ("ls", "ramfs", "names"),
        ("ls", "con", "text"),
        ("ls", "proc", "EXIT"),
        ("proc", "shell", "wait ends"),
        ("shell", "con", "READ"),
    )
    for n, (start, end, words) in enumerate(rows):
        y = 58 + n * 30
        d.arrow((lanes[start] + 50, y), (lanes[end] + (49 if start > end else 51), y))
        middle = (lanes[start] + lanes[end]) // 2 + 50
        d.text(
            middle + (0 if abs(lanes[start] - lanes[end]) < 200 else 70), y - 5, words, 12, "middle"
        )
    d.text(
        20, 406, "pager is below all of them: every first touch of a page is a message to it", 12
    )
    return d


def first_pages():
    d = Drawing(330)
    d.text(20, 24, "where they come from", 13, bold=True)
    d.text(440, 24, "the new task", 13, bold=True)
    rows = (
        ("proc: the file's text", "text, constants", "mapped, shared", LIGHT),
        ("proc: the file's data", "data", "copied", MID),
        ("the caller's object", "start-up object", "copied", MID),
        ("proc: a page of words", "top of the stack", "copied", MID),
        ("nowhere yet", "heap, more stack", "zeros, by the pager", WHITE),
    )
    for n, (source, place, how, fill) in enumerate(rows):
        y = 40 + n * 50
        d.box(20, y, 190, 36, source, size=12, fill=fill)
        d.box(440, y, 190, 36, place, size=12, fill=fill)
        d.arrow((210, y + 18), (439, y + 18), dash=n == 4)
        d.text(325, y + 12, how, 12, "middle")
    d.text(20, 312, "What only one task may write is its own; the rest is there once for all.", 12)
    return d


ALL = {
    "shell-steps": shell_steps,
    "pipe-ends": pipe_ends,
    "typing-ls": typing_ls,
    "first-pages": first_pages,
    "servers": servers,
    "endpoint-stays": endpoint_stays,
    "task": task,
    "switch-held": switch_held,
    "endpoint": endpoint,
    "round-trip": round_trip,
    "fault-journey": fault_journey,
    "copy-on-write": copy_on_write,
}
