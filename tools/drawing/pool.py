"""The PKMap: one slot through its states, a few slots in turn, or the whole pool; as SVG and in
characters.
"""

from drawing.svg import DARK, LIGHT, MID, WHITE, Drawing

FILL = {0: WHITE, 1: MID}  # by count; in use: DARK; retired: LIGHT
RETIRED = -1
ACROSS = 64  # slots in a row of the whole pool
SIGNS = {0: ".", 1: "1"}


def fill(count):
    return LIGHT if count < 0 else FILL.get(count, DARK)


# ---- One slot ----


def one_slot(d, columns):
    """columns: (event that led to it, count, entry, page's address, TLBs), from left to right."""
    d.text(20, 30, "one slot", 13, bold=True)
    for row, name in enumerate(("count", "PTE", "A->virtual", "TLBs")):
        d.text(20, 128 + row * 44, name, 13, mono=name != "TLBs")
    for n, (event, count, pte, virtual, tlb) in enumerate(columns):
        x = 120 + n * 96
        d.box(x, 104, 84, 40, str(count), fill=fill(count), size=18, bold=True)
        for row, value in enumerate((pte, virtual, tlb)):
            lines = value.split(" ") if value == "perhaps stale" else [value]
            d.box(
                x, 152 + row * 44, 84, 34, *lines, fill=fill(count) if row == 2 else WHITE, size=12
            )
        if n:
            d.text(x - 6, 66, event, 12, "middle", mono=event != "flush", bold=event == "flush")
            d.arrow((x - 6, 72), (x - 6, 98))


# ---- Some slots in turn ----


def turn(d, y, title, counts, at):
    """A row of slots with their counts, and the arrow of last_pkmap_nr under slot `at`."""
    d.text(20, y - 8, title, 13, bold=True)
    for i, count in enumerate(counts):
        d.box(20 + i * 60, y, 60, 32, str(count), fill=fill(count), size=14)
    d.arrow((50 + at * 60, y + 52), (50 + at * 60, y + 33))
    d.text(58 + at * 60, y + 54, "last_pkmap_nr", 11, mono=True)


# ---- The whole pool ----


def summary(counts):
    """How many slots are in which state, in words."""
    free, stale = counts.count(0), counts.count(1)
    retired = sum(count < 0 for count in counts)
    used = len(counts) - free - stale - retired
    words = f"{len(counts)} slots: {free} free, {stale} at 1 (wait for the flush), {used} in use"
    return words + (f", {retired} retired" if retired else "")


def svg(counts, last, title):
    """The Drawing of the pool; `last`: the slot handed out last, or None."""
    rows = (len(counts) + ACROSS - 1) // ACROSS
    d = Drawing(100 + rows * 14)
    d.text(20, 24, title, 13, bold=True)
    d.text(20, 42, summary(counts), 12)
    for slot, count in enumerate(counts):
        x, y = 42 + slot % ACROSS * 10, 54 + slot // ACROSS * 14
        d.rect(x, y, 10, 14, fill(count), stroke=0.4)
        if slot == last:
            d.rect(x, y, 10, 14, "none", stroke=2.4)
    for row in range(rows):
        d.text(38, 65 + row * 14, str(row * ACROSS), 9, "end", mono=True)
    y = 66 + rows * 14
    for n, (count, words) in enumerate(
        [(0, "free"), (1, "at 1"), (2, "in use"), (RETIRED, "retired")]
    ):
        d.rect(42 + n * 90, y, 12, 12, fill(count))
        d.text(58 + n * 90, y + 10, words, 11)
    d.text(420, y + 10, "thick: handed out last", 11)
    return d


def sign(count):
    """One character for a slot: . free, 1 waits for the flush, 2 to 9 its count, + more, r
    retired.
    """
    if count < 0:
        return "r"
    return SIGNS.get(count) or (str(count) if count < 10 else "+")


def same(rows):
    return [f"      ({rows} row{'s' if rows > 1 else ''} the same)"] if rows else []


def text(counts, last):
    lines, row, left_out = [summary(counts)], None, 0
    for first in range(0, len(counts), ACROSS):
        row_before, row = row, "".join(map(sign, counts[first : first + ACROSS]))
        here = last is not None and first <= last < first + ACROSS
        if row == row_before and not here:
            left_out += 1
            continue
        lines += (
            same(left_out)
            + [f"{first:5} {row}"]
            + ([" " * (6 + last - first) + "^ handed out last"] if here else [])
        )
        left_out = 0
    return (
        lines
        + same(left_out)
        + ["      . free   1 waits for the flush   2.. in use, one user less   r retired"]
    )
