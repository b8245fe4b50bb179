"""The drawings of the book's later chapters: the pool made better, what an operation costs, how we
know.
"""

from drawing.svg import DARK, LIGHT, MID, WHITE, Drawing

# ---- The pool made better ------------------------------------------------------------------------


def hold_and_wait():
    d = Drawing(300)
    d.text(20, 24, "each holds one slot and wants another", 13, bold=True)
    d.box(20, 60, 110, 36, "thread A", fill=LIGHT)
    d.box(210, 60, 110, 36, "thread B", fill=LIGHT)
    d.box(20, 150, 110, 36, "slot 7", fill=DARK)
    d.box(210, 150, 110, 36, "slot 8", fill=DARK)
    d.arrow((75, 150), (75, 97))
    d.arrow((265, 150), (265, 97))
    d.arrow((110, 97), (215, 149), dash=True)
    d.arrow((230, 97), (125, 149), dash=True)
    d.text(20, 212, "solid: is held by", 12, italic=True)
    d.text(20, 230, "broken: waits for", 12, italic=True)
    d.text(380, 24, "tickets: all or none", 13, bold=True)
    for n, (who, what) in enumerate(
        (("A: 2 slots", "holds none"), ("B: 2 slots", "holds none"), ("C: 1 slot", "holds none"))
    ):
        x = 380 + n * 105
        d.box(x, 60, 92, 52, who, what, fill=MID if n == 0 else LIGHT, size=12)
        if n:
            d.arrow((x, 86), (x - 12, 86))
    d.text(380, 134, "first: looks", 12, italic=True)
    d.text(485, 134, "the others sleep", 12, italic=True)
    d.box(380, 150, 92, 36, "slot 7: at 1", fill=WHITE, size=12)
    d.box(485, 150, 92, 36, "slot 8: in use", fill=DARK, size=12)
    d.text(380, 212, "slot 7 falls to 1: wakes A alone, who finds", 12)
    d.text(380, 230, "one of two, gives it back, sleeps again", 12)
    d.text(380, 256, "slot 8 falls to 1: A takes both, and wakes B", 12)
    d.text(380, 282, "C waits, though one would do: else A starves", 12)
    return d


def idle_owes():
    d = Drawing(380)
    d.box(20, 16, 250, 30, "CPU 0 flushes", fill=MID)
    d.box(430, 16, 250, 30, "CPU 1 leaves idle", fill=MID)
    left = [
        ("clear the entries", WHITE),
        ("count up the stamp (locked)", DARK),
        ("look at the idle bits", LIGHT),
    ]
    right = [
        ("an interrupt ends the halt", WHITE),
        ("clear its idle bit (locked)", DARK),
        ("look at the stamp", LIGHT),
    ]
    for n in range(3):
        for x, (words, fill) in ((20, left[n]), (430, right[n])):
            d.box(x, 66 + n * 46, 250, 32, words, fill=fill)
            if n < 2:
                d.arrow((x + 125, 98 + n * 46), (x + 125, 111 + n * 46))
    d.arrow((430, 128), (271, 166), dash=True)
    d.arrow((270, 128), (429, 166), dash=True)
    d.text(350, 112, "seen by the", 12, "middle", italic=True)
    d.text(350, 128, "other side", 12, "middle", italic=True)
    rows = [
        ("bit gone: interrupts CPU 1", "may flush twice: harmless"),
        ("bit set: CPU 1 comes later", "sees the stamp: flushes before any handler"),
        ("bit set", "old stamp: impossible, one of the two comes first"),
    ]
    d.text(145, 230, "what CPU 0 saw", 12, "middle", bold=True)
    d.text(515, 230, "what CPU 1 did", 12, "middle", bold=True)
    for n, (flusher, idler) in enumerate(rows):
        d.box(20, 240 + n * 44, 250, 34, flusher, size=12, dash=n == 2)
        d.box(350, 240 + n * 44, 330, 34, idler, size=12, dash=n == 2)
    return d


def batches():
    d = Drawing(300)
    d.text(20, 24, "a slot's way with kmap_flush=lazy", 13, bold=True)
    d.box(20, 60, 100, 52, "in use", "count 2, 3 ...", fill=DARK, size=12)
    d.box(190, 60, 130, 52, "waiting", "count 1, oldest first", fill=MID, size=12)
    for n, stamp in enumerate((14, 13, 12)):
        d.box(400 + n * 66, 60, 58, 52, "batch", f"stamp {stamp}", fill=LIGHT, size=11)
    d.box(620, 60, 66, 52, "free", "count 0", size=12)
    d.arrow((120, 74), (189, 74))
    d.arrow((190, 98), (121, 98))
    d.arrow((320, 86), (399, 86))
    d.arrow((590, 86), (619, 86))
    d.line((653, 112), (653, 210), (70, 210), (70, 120))
    d.arrow((70, 128), (70, 113))
    d.text(154, 54, "kunmap", 11, "middle", mono=True)
    d.text(154, 130, "revival", 11, "middle", italic=True)
    d.text(359, 54, "close", 12, "middle", bold=True)
    d.text(604, 54, "open", 12, "middle", bold=True)
    d.text(290, 150, "64 entries cleared,", 12)
    d.text(290, 166, "then the stamp is taken", 12)
    d.line((359, 138), (359, 92))
    d.text(480, 150, "by now most CPUs have", 12)
    d.text(480, 166, "loaded CR3: none is told", 12)
    d.line((604, 138), (604, 92))
    d.text(360, 228, "kmap of another page", 12, "middle", mono=True)
    d.text(20, 262, "free and in batches: a quarter of the pool, as long as enough slots wait", 12)
    d.text(20, 282, "the slowest kmap closes one batch and opens one: 64 entries, not 1024", 12)
    return d


# ---- What an operation costs ---------------------------------------------------------------------


def nosleep():
    d = Drawing(210)
    d.text(20, 24, "nosleep, per CPU: three depths in one word", 13, bold=True)
    for n, (name, value) in enumerate(
        (("unused", "0"), ("kmaps", "1"), ("locks", "0"), ("interrupts", "0"))
    ):
        d.box(
            20 + n * 120,
            40,
            120,
            34,
            value,
            fill=DARK if value != "0" else WHITE,
            mono=True,
            size=14,
        )
        d.text(80 + n * 120, 92, name, 12, "middle", mono=True)
    d.text(20, 128, "each by itself: incb, decb of one byte, by its own CPU", 12)
    d.text(20, 148, "all at once: cmpl $0, %fs:nosleep", 12, mono=True)
    d.arrow((505, 57), (545, 57))
    d.box(548, 40, 132, 34, "any = 0x00010000", fill=LIGHT, size=12, mono=True)
    d.text(614, 92, "may not sleep", 12, "middle", italic=True)
    d.text(20, 178, "Which of the three it is, only the panic asks.", 12, italic=True)
    return d


def what_is_counted():
    d = Drawing(330)
    d.text(
        20,
        24,
        "one kmap and kunmap, of distinct pages: what the figure holds, and what lies beside it",
        13,
        bold=True,
    )
    parts = [("kmap", 95, MID), ("kunmap", 49, LIGHT), ("1/1024 turn", 26, DARK)]
    x = 20
    for name, width, fill in parts:
        w = width * 3.6
        d.box(round(x), 44, round(w), 40, name, fill=fill, size=12)
        x += w
    d.text(20, 104, "instructions of the guest, all CPUs: the TSC under -icount", 12, italic=True)
    d.text(20, 144, "beside it, for each thousand operations", 13, bold=True)
    events = [
        ("interrupts sent", "each stops another CPU"),
        ("full flushes", "every later access walks the tables"),
        ("invlpg", "one page the same"),
        ("CR3 loads", "all but Global entries"),
        ("flush rounds", "waits for other CPUs"),
    ]
    for n, (name, why) in enumerate(events):
        d.box(20, 156 + n * 32, 160, 26, name, fill=WHITE, size=12, dash=True)
        d.text(196, 173 + n * 32, why, 12)
    d.text(470, 173, "not seen at all:", 12, bold=True)
    for n, words in enumerate(
        ("page walks, cache misses", "contention for a line", "branches guessed wrong")
    ):
        d.text(470, 195 + n * 20, words, 12)
    return d


# ---- How we know ---------------------------------------------------------------------------------


def lattice():
    d = Drawing(350)
    d.text(40, 30, "CPU 0's steps: to the right", 13, bold=True)
    d.text(20, 330, "CPU 1's steps: downwards", 13, bold=True)
    for row in range(4):
        for column in range(4):
            x, y = 60 + column * 110, 50 + row * 80
            if column < 3:
                d.arrow((x + 14, y), (x + 95, y))
            if row < 3:
                d.arrow((x, y + 14), (x, y + 65))
            d.rect(
                x - 14,
                y - 14,
                28,
                28,
                DARK if row == column == 2 else MID if (row, column) in ((0, 0), (3, 3)) else WHITE,
            )
    for n, words in enumerate(
        (
            "corner to corner:",
            "20 ways, 16 states",
            "",
            "the dark state is reached",
            "in 6 ways; what follows",
            "is tried once",
        )
    ):
        d.text(480, 90 + n * 22, words, 13)
    return d


def buffers():
    d = Drawing(290)
    for x, name, stores, looks, found in (
        (20, "CPU 0", "stamp = 1", "idle bit?", "1: it will pay"),
        (480, "CPU 1", "idle bit = 0", "stamp?", "0: nothing owed"),
    ):
        d.text(x + 100, 26, name, 13, "middle", bold=True)
        d.box(x, 40, 200, 34, "stores", stores, fill=LIGHT, size=12)
        d.box(x, 104, 200, 34, "store buffer", stores, fill=DARK, size=12)
        d.box(x, 210, 200, 34, "looks: " + looks, found, fill=LIGHT, size=12)
        d.arrow((x + 100, 74), (x + 100, 103))
        d.text(x + 100, 270, "goes on", 12, "middle", italic=True)
    d.box(270, 150, 160, 66, "memory", "stamp = 0", "idle bit = 1", fill=MID, bold=True)
    d.arrow((220, 121), (350, 121), (350, 149), dash=True)
    d.arrow((480, 121), (370, 121), (370, 149), dash=True)
    d.text(350, 108, "later", 12, "middle", italic=True)
    d.arrow((269, 200), (245, 200), (245, 227), (221, 227))
    d.arrow((431, 200), (455, 200), (455, 227), (479, 227))
    return d


ALL = {
    "hold-and-wait": hold_and_wait,
    "idle-owes": idle_owes,
    "batches": batches,
    "nosleep": nosleep,
    "what-is-counted": what_is_counted,
    "lattice": lattice,
    "buffers": buffers,
}
