#!/usr/bin/env python3
"""The drawings of the book, each from a short description: drawings.py FOLDER writes them as SVG
files.

Addresses and sizes that the source defines are taken from there, so that a drawing cannot rot
either.  Those of the later chapters are in drawings_later.py and drawings_user.py. """

import sys
from pathlib import Path

import source

# Walks and the pool are drawn by what the debugger draws them with (tools/gdb).
sys.path.insert(0, str(source.ROOT / "tools"))
from drawing import pool, walk  # noqa: E402
from drawing.svg import DARK, LIGHT, MID, WHITE, Drawing  # noqa: E402
import drawings_later  # noqa: E402
import drawings_user  # noqa: E402

PAGE_OFFSET = source.constant("kernel/arch/x86/paging/page.h", "PAGE_OFFSET")


def layout(name):
    return source.constant("kernel/arch/x86/paging/layout.h", name)


# ---- The address map -----------------------------------------------------------------------------


def address_map():
    d = Drawing(560)
    x, w = 190, 180
    regions = [  # height, fill, label, what is on the right, address at its lower edge
        (24, LIGHT, "2 pages, unmapped", "", layout("FIXADDR_TOP")),
        (50, MID, "fixmap", "APICs, a window, atomic kmaps", "FIXADDR_START"),
        (40, WHITE, "room for a larger PKMap", "", "PKMAP_BASE + its slots"),
        (46, MID, "PKMap", "slots for high pages", layout("PKMAP_BASE")),
        (24, LIGHT, "2 pages, unmapped", "", "VMALLOC_END"),
        (60, MID, "vmalloc", "kernel stacks, devices; at most 128 MiB", "vmalloc_start"),
        (34, LIGHT, "gap of 8 MiB or more", "no page is mapped here", "high_memory"),
        (110, DARK, "direct map", f"physical 0 to at most {layout('LOWMEM_MAX')}", PAGE_OFFSET),
        (110, WHITE, "user", "one program; another one when CR3 changes", "0x00000000"),
    ]
    y = 30
    d.text(x - 10, y + 5, "0xFFFFFFFF", 12, "end", mono=True)
    for height, fill, label, what, address in regions:
        d.box(x, y, w, height, label, fill=fill)
        if what:
            d.line((x + w, y + height / 2), (x + w + 14, y + height / 2))
            d.text(x + w + 18, y + height / 2 + 4, what, 12)
        y += height
        d.text(x - 10, y + 4, address, 12, "end", mono=address.startswith("0x") or "_" in address)
    return d


def physical():
    d = Drawing(330)
    d.text(150, 22, "addresses", 13, "middle", bold=True)
    d.text(520, 22, "frames", 13, "middle", bold=True)
    d.box(60, 40, 180, 44, "PKMap: 4 MiB or 2 MiB", fill=MID)
    d.box(60, 110, 180, 80, "direct map", f"{PAGE_OFFSET} upwards", fill=DARK)
    d.box(60, 215, 180, 90, "user", fill=WHITE)
    d.box(430, 40, 180, 110, "HIGHMEM", "no address of its own", fill=WHITE)
    d.box(430, 150, 180, 85, "NORMAL", "up to 896 MiB", fill=DARK)
    d.box(430, 235, 180, 70, "DMA", "below 16 MiB", fill=DARK)
    d.line((240, 110), (430, 150), dash=True)
    d.line((240, 190), (430, 305), dash=True)
    d.text(290, 176, "constant distance", 12, italic=True)
    d.arrow((240, 54), (428, 62))
    d.arrow((240, 68), (428, 110))
    d.text(335, 34, "a slot for a while", 12, "middle", italic=True)
    d.text(150, 326, "any frame, by the program's own page table", 12, "middle", italic=True)
    return d


# ---- The boot order ------------------------------------------------------------------------------


def boot_order():
    steps = [
        ("serial line, GDT, IDT, double-fault task", "a mistake gives a message"),
        ("command line and memory map", "where RAM is"),
        ("boot allocator over low memory", "zeroed pages of low memory"),
        ("page tables built, in boot memory", "nothing yet: not loaded"),
        ("walk, CR3, PGE, write protection", "all of low memory; interrupts"),
        ("kmap_init", "the pool knows its table"),
        ("zones, mem_map; boot allocator closes", "alloc_pages, free_pages"),
        ("object caches, APICs, the other CPUs", "kmalloc, threads, calls to CPUs"),
        ("the first thread", "everything"),
    ]
    d = Drawing(60 + 46 * len(steps))
    d.text(190, 24, "step", 13, "middle", bold=True)
    d.text(410, 24, "what can be used afterwards", 13, bold=True)
    for n, (what, after) in enumerate(steps):
        y = 38 + 46 * n
        d.box(20, y, 30, 32, str(n), fill=MID, bold=True)
        d.box(50, y, 320, 32, what, fill=LIGHT if n in (0, 1, 2, 3) else WHITE)
        d.text(410, y + 21, after, 13)
        d.line((370, y + 16), (402, y + 16), dash=True)
        if n + 1 < len(steps):
            d.arrow((35, y + 32), (35, y + 45))
    y = 38 + 46 * 4
    d.line((630, 40), (640, 40), (640, y - 8), (630, y - 8))
    d.text(652, (40 + y) / 2, "early", 12)
    d.text(652, (40 + y) / 2 + 15, "tables", 12)
    d.line((630, y), (640, y), (640, 38 + 46 * 9 - 14), (630, 38 + 46 * 9 - 14))
    d.text(652, y + 110, "own", 12)
    d.text(652, y + 125, "tables", 12)
    return d


# ---- From GRUB to paging -------------------------------------------------------------------------


def early_map():
    d = Drawing(360)
    d.text(120, 22, "virtual", 13, "middle", bold=True)
    d.text(540, 22, "physical", 13, "middle", bold=True)
    d.rect(40, 36, 160, 300, WHITE)
    d.box(40, 36, 160, 22, "window", fill=LIGHT, size=12)
    d.box(40, 118, 160, 60, "896 MiB", "text runs here afterwards", fill=MID, size=12)
    d.box(40, 276, 160, 60, "896 MiB", "text runs here at first", fill=MID, size=12)
    for y, address in ((58, "0xFFFFD000"), (178, "0xC0000000"), (336, "0x00000000")):
        d.text(206, y, address, 11, mono=True)
    d.rect(460, 36, 160, 300, WHITE)
    d.rect(460, 276, 160, 60, MID)
    d.box(460, 296, 160, 14, "kernel image", fill=DARK, size=10)
    d.text(626, 310, "1 MiB", 11, mono=True)
    d.text(626, 280, "896 MiB", 11, mono=True)
    d.arrow((292, 306), (458, 306))
    d.arrow((292, 150), (380, 150), (380, 290), (458, 290))
    d.text(300, 326, "identity mapping", 12, italic=True)
    d.text(300, 138, "higher half", 12, italic=True)
    d.arrow((292, 46), (420, 46), (420, 80), (458, 80), dash=True)
    d.text(300, 40, "fixmap, any one frame", 12, italic=True)
    return d


def walk_picture(title, split, levels):
    """levels: (name, entries, what each covers), from the PGD down."""
    tables = [walk.Table(name, under=[entries, note]) for name, entries, note in levels]
    return walk.svg(walk.WalkPicture(title, split, tables, ["4096 bytes"]))


def walk_2level():
    return walk_picture(
        "32-bit paging: 2 levels, entries of 4 bytes",
        [(10, "31..22: PGD index"), (10, "21..12: PTE index"), (12, "11..0: offset")],
        [("PGD", "1024 entries", "4 MiB each"), ("PTE table", "1024 entries", "4 KiB each")],
    )


def walk_pae():
    return walk_picture(
        "PAE paging: 3 levels, entries of 8 bytes",
        [(4, "31,30"), (9, "29..21: PMD index"), (9, "20..12: PTE index"), (10, "11..0: offset")],
        [
            ("PGD", "4 entries", "1 GiB each"),
            ("PMD table", "512 entries", "2 MiB each"),
            ("PTE table", "512 entries", "4 KiB each"),
        ],
    )


# ---- The boot allocator --------------------------------------------------------------------------


def bitmap():
    d = Drawing(432)
    d.text(20, 24, "the bitmap, one bit a page", 13, bold=True)
    bits = "1000000010" + "0" * 6 + "1111" + "00000000"
    labels = {0: "page 0", 8: "trampoline", 17.5: "kernel image"}
    for i, bit in enumerate(bits):
        d.box(20 + i * 23, 36, 23, 26, bit, fill=MID if bit == "1" else WHITE, mono=True)
    for at, label in labels.items():
        d.text(20 + at * 23 + 12, 80, label, 11, "middle" if at else "start")
    d.text(20, 96, "(shortened: the image begins at page 256)", 11, italic=True)

    def row(y, title, parts, bit, end):
        d.text(20, y - 10, title, 13, bold=True)
        for n in range(3):
            d.box(
                20 + n * 220,
                y,
                220,
                20,
                f"page {n + 1}: bit {bit[n]}",
                fill=MID if bit[n] else WHITE,
                size=12,
            )
            d.rect(20 + n * 220, y + 20, 220, 34)
        for start, width, label, fill in parts:
            d.box(20 + start, y + 20, width, 34, label, fill=fill, size=12)
        d.line((20 + end, y + 54), (20 + end, y + 68))
        d.text(24 + end, y + 72, "last_end", 12, mono=True)

    row(134, "alloc(2000): a page of its own", [(0, 107, "2000", DARK)], (1, 0, 0), 107)
    row(
        240,
        "alloc(1000, 64): begins in that page; nothing new is reserved",
        [(0, 107, "2000", DARK), (110, 54, "1000", LIGHT)],
        (1, 0, 0),
        164,
    )
    row(
        346,
        "alloc(3000): begins there too, and takes the next page along",
        [(0, 107, "2000", DARK), (110, 54, "1000", LIGHT), (164, 161, "3000", MID)],
        (1, 1, 0),
        325,
    )
    return d


# ---- Zones and buddy -----------------------------------------------------------------------------


def buddy():
    d = Drawing(420)
    unit = 78

    def row(y, title, blocks):
        d.text(20, y - 8, title, 13, bold=True)
        for start, order, taken in blocks:
            d.box(
                20 + start * unit,
                y,
                unit << order,
                30,
                "in use" if taken else f"free, order {order}",
                fill=DARK if taken else WHITE,
                size=12,
            )

    d.text(
        20, 18, "frames 8 to 15:   8 = 1000b   9 = 1001b   10 = 1010b   12 = 1100b", 12, mono=True
    )
    row(46, "one block of order 3", [(0, 3, False)])
    row(
        112,
        "a request for one page: the upper halves go back",
        [(0, 0, True), (1, 0, False), (2, 1, False), (4, 2, False)],
    )
    row(
        178,
        "two more pages are taken",
        [(0, 0, True), (1, 0, True), (2, 0, True), (3, 0, False), (4, 2, False)],
    )
    row(
        244,
        "page 8 comes back: its buddy 8 ^ 1 = 9 is in use, so no merge",
        [(0, 0, False), (1, 0, True), (2, 0, True), (3, 0, False), (4, 2, False)],
    )
    row(
        310,
        "page 10 comes back: merged with 11; the buddy 10 ^ 2 = 8 is free, but of order 0",
        [(0, 0, False), (1, 0, True), (2, 1, False), (4, 2, False)],
    )
    row(376, "page 9 comes back: 9 ^ 1 = 8, then 8 ^ 2 = 10, then 8 ^ 4 = 12", [(0, 3, False)])
    return d


def zones():
    d = Drawing(320)
    names = [
        ("HIGHMEM", "user pages", 30),
        ("NORMAL", "kernel: tables, stacks, objects", 250),
        ("DMA", "old devices", 470),
    ]
    for n, (name, who, x) in enumerate(names):
        d.text(x + 90, 24, f"asks for {name}", 13, "middle", bold=True)
        d.text(x + 90, 42, who, 12, "middle", italic=True)
        d.arrow((x + 90, 50), (x + 90, 88))
        d.rect(x, 90, 180, 190)
        d.text(x + 90, 302, name, 13, "middle", bold=True)
        d.box(x, 256, 180, 24, "min: for those who cannot wait", fill=DARK, size=11)
        if n:
            text = "reserve[HIGHMEM]" if n == 1 else "reserve[NORMAL], [HIGHMEM]"
            d.box(
                x,
                214,
                180,
                42,
                "kept from those",
                "who fall back: " + ("HIGHMEM" if n == 1 else "both"),
                fill=MID,
                size=11,
            )
        if n < 2:
            d.arrow((x + 180, 130), (x + 218, 130))
    return d


# ---- Page tables and quicklists ------------------------------------------------------------------


def quicklist():
    d = Drawing(300)
    d.text(20, 24, "CPU 2: pte_quicklist", 13, bold=True)
    d.box(20, 40, 120, 30, "head", fill=MID)
    d.box(20, 70, 120, 30, "count = 3", fill=LIGHT)
    for n, name in enumerate(("freed last", "freed before", "freed first")):
        x = 210 + n * 165
        d.box(x, 40, 120, 26, "link" if n < 2 else "0", fill=MID)
        d.box(x, 66, 120, 74, "all other", "words are 0")
        d.text(x + 60, 158, name, 12, "middle", italic=True)
    d.arrow((140, 54), (209, 54))
    d.arrow((330, 53), (374, 53))
    d.arrow((495, 53), (539, 53))
    d.text(20, 200, "the same word, read by the hardware as an entry:", 13, bold=True)
    d.box(20, 214, 420, 28, "address of the next table, bits 31 to 12", fill=WHITE, size=12)
    d.box(440, 214, 170, 28, "000 0000 0000", fill=WHITE, size=12, mono=True)
    d.box(610, 214, 40, 28, "0", fill=DARK, size=12, mono=True)
    d.text(630, 262, "Present", 12, "middle")
    d.text(525, 262, "page aligned", 12, "middle")
    d.text(20, 288, "pop: head = link, link = 0. One word is cleared, not a page.", 12, italic=True)
    return d


def teardown():
    d = Drawing(190)
    steps = [
        ("clear", "entries", "page_table_lock"),
        ("gather", "pages, tables", "on a list"),
        ("flush", "every CPU of mask", "no lock held"),
        ("give away", "page: allocator", "table: quicklist"),
    ]
    for n, (name, what, how) in enumerate(steps):
        x = 20 + n * 170
        d.box(x, 30, 140, 74, name, what, how, fill=DARK if n == 2 else LIGHT, bold=True)
        if n < 3:
            d.arrow((x + 140, 67), (x + 169, 67))
    d.line((20, 126), (20, 132), (500, 132), (500, 126))
    d.text(
        260, 150, "a CPU may still walk a gathered table, or write to a gathered page", 12, "middle"
    )
    d.line((530, 126), (530, 132), (670, 132), (670, 126))
    d.text(600, 150, "nobody can", 12, "middle")
    d.text(260, 170, "so neither may have another use yet", 12, "middle", italic=True)
    return d


# ---- The PKMap -----------------------------------------------------------------------------------


def pkmap():
    d = Drawing(350)
    pool.one_slot(
        d,
        [
            ("", 0, "none", "-", "clean"),
            ("kmap(A)", 2, "frame A", "set", "in use"),
            ("kunmap(A)", 1, "frame A", "set", "perhaps stale"),
            ("kmap(A)", 2, "frame A", "set", "in use"),
            ("kunmap(A)", 1, "frame A", "set", "perhaps stale"),
            ("flush", 0, "none", "-", "clean"),
        ],
    )
    d.text(120 + 3 * 96 - 6, 88 - 38, "revival", 11, "middle", italic=True)
    d.text(
        20,
        306,
        "A slot at 1 has no user and is not free: some CPU may still translate it to frame A.",
        12,
    )
    d.text(
        20,
        324,
        "Only the flush, which every CPU has acknowledged, makes it free: clear, flush, hand out.",
        12,
    )
    return d


def pool_turn():
    d = Drawing(250)
    counts = [1, 2, 1, 1, 3, 1, 2, 1, 1, 2]
    pool.turn(d, 44, "the turn comes to the end of the pool (ten slots here)", counts, 9)
    after = [0 if value == 1 else value for value in counts]
    d.text(
        20,
        132,
        "last_pkmap_nr wraps to 0: every 1 becomes 0, one flush on every CPU",
        12,
        italic=True,
    )
    pool.turn(d, 164, "and goes on: slots in use are passed over", [2] + after[1:], 0)
    return d


# ---- The flush across CPUs -----------------------------------------------------------------------


def flush():
    d = Drawing(560)
    xs = [90, 270, 440, 610]
    names = ["CPU 0 (initiator)", "CPU 1 (running)", "CPU 2 (halted)", "CPU 3 (cli)"]
    for x, name in zip(xs, names):
        d.box(x - 75, 16, 150, 30, name, fill=MID, size=12)
        d.line((x, 46), (x, 540), dash=True)

    def note(cpu, y, *lines, fill=WHITE, w=150):
        d.box(xs[cpu] - w / 2, y, w, 8 + 15 * len(lines), *lines, fill=fill, size=11)

    note(0, 60, "take call.lock,", "interrupts on")
    note(0, 106, "fn = flush_all_here")
    note(0, 136, "pending = 1110b", fill=DARK)
    for cpu, y in ((1, 186), (2, 198), (3, 210)):
        d.arrow((xs[0], 168 + cpu * 4), (xs[cpu] - 2, y))
    d.text(172, 170, "three interrupts", 11, italic=True)
    note(3, 60, "in spin_lock_irqsave", "section", fill=LIGHT)
    note(1, 212, "EOI; see own bit")
    note(2, 216, "leaves hlt; EOI")
    note(0, 206, "flush here")
    note(1, 244, "flush: PGE off, on")
    note(2, 248, "flush: PGE off, on")
    note(0, 246, "wait: pending != 0", fill=LIGHT)
    note(1, 276, "clear bit 1", fill=DARK)
    note(2, 302, "clear bit 2", fill=DARK)
    d.arrow((xs[1] - 76, 290), (xs[0] + 2, 322))
    d.arrow((xs[2] - 76, 316), (xs[0] + 2, 344))
    note(3, 330, "section ends: sti")
    d.text(xs[3] + 6, 280, "interrupt", 11, italic=True)
    d.text(xs[3] + 6, 294, "is pending", 11, italic=True)
    note(3, 366, "EOI; flush")
    note(3, 396, "clear bit 3", fill=DARK)
    d.arrow((xs[3] - 76, 412), (xs[0] + 2, 440))
    note(0, 448, "pending = 0:", "unlock, return", fill=DARK)
    note(0, 500, "slots may be used", w=150)
    return d


def stale():
    d = Drawing(300)
    d.text(140, 22, "CPU 0", 13, "middle", bold=True)
    d.text(390, 22, "slot 5: the entry in memory", 13, "middle", bold=True)
    d.text(610, 22, "CPU 1: its TLB", 13, "middle", bold=True)
    rows = [
        ("kmap(A)", "frame A", ""),
        ("a thread on CPU 1 reads A", "frame A", "A"),
        ("kunmap(A)", "frame A", "A"),
        ("entry cleared, no flush", "none", "A"),
        ("kmap(B) gets slot 5", "frame B", "A"),
        ("CPU 1 writes to B ...", "frame B", "A: the write hits A"),
    ]
    for n, (what, entry, tlb) in enumerate(rows):
        y = 38 + n * 41
        d.box(20, y, 240, 30, what, fill=LIGHT)
        d.box(310, y, 160, 30, entry, fill=MID if entry != "none" else WHITE)
        d.box(530, y, 160, 30, tlb or "-", fill=DARK if n >= 3 else WHITE)
        if n + 1 < len(rows):
            d.arrow((140, y + 30), (140, y + 40))
    return d


ALL = {
    "address-map": address_map,
    "physical": physical,
    "boot-order": boot_order,
    "early-map": early_map,
    "walk-2level": walk_2level,
    "walk-pae": walk_pae,
    "bitmap": bitmap,
    "zones": zones,
    "buddy": buddy,
    "quicklist": quicklist,
    "teardown": teardown,
    "pkmap": pkmap,
    "pool-turn": pool_turn,
    "stale": stale,
    "flush": flush,
    **drawings_later.ALL,
    **drawings_user.ALL,
}


def main(arguments):
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    folder = Path(arguments[0])
    folder.mkdir(parents=True, exist_ok=True)
    for name, draw in ALL.items():
        (folder / f"{name}.svg").write_text(draw().svg(name) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
