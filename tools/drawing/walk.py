"""A walk through page tables: tables as columns, the indices cut out of the address, the frame at
the end.

The description says what stands in the picture; the book leaves values out, the debugger fills them
in. """

from dataclasses import dataclass, field

from drawing.svg import DARK, LIGHT, MID, WHITE, Drawing

BIT = 20.6  # width of one bit of the address
TOP, TABLE_HEIGHT = 130, 150


@dataclass
class Table:
    """One level: what is written over, inside and under its column."""

    name: str
    entry: str = "entry"
    under: list = field(default_factory=list)


@dataclass
class WalkPicture:
    title: str
    split: list  # (width in bits, label), from the top of the address; the last is the offset
    tables: list
    frame: list = None  # lines under the frame; None: the walk ends before one
    start: str = "CR3"
    inside: str = "byte"
    end: str = ""  # where no frame is: why


# ---- SVG ----


def draw_split(d, split):
    """The address in pieces; where each piece's arrow begins."""
    x, middles = 20, []
    for bits, label in split:
        width = bits * BIT
        d.box(round(x, 1), 40, round(width, 1), 30, label, fill=LIGHT, size=12)
        middles.append(round(x + width / 2, 1))
        x += width
    return middles


def under(d, x, lines):
    for n, words in enumerate(lines):
        d.text(
            x,
            TOP + TABLE_HEIGHT + 17 + 16 * n,
            words,
            12 if len(words) < 22 else 10,
            "middle",
            italic=n == 1,
        )


def draw_table(d, x, table, bend, middle, after):
    """A column, the arrow from its piece of the address to its entry, and the arrow from there to
    the next column.
    """
    d.text(x + 45, TOP - 8, table.name, 13, "middle", bold=True)
    d.rect(x, TOP, 90, TABLE_HEIGHT, WHITE)
    d.box(x, 180, 90, 24, table.entry, fill=DARK, size=12)
    under(d, x + 45, table.under)
    d.arrow((middle, 70), (middle, bend), (x - 12, bend), (x - 12, 192), (x - 1, 192))
    if after:
        d.arrow((x + 90, 192), (x + 104, 192), (x + 104, 280), (after - 1, 280))


def draw_frame(d, x, picture, middle):
    d.text(x + 45, TOP - 8, "frame", 13, "middle", bold=True)
    d.rect(x, TOP, 90, TABLE_HEIGHT, MID)
    d.box(x, 206, 90, 18, picture.inside, fill=WHITE, size=12)
    under(d, x + 45, picture.frame)
    d.arrow((middle, 70), (middle, 98), (x + 104, 98), (x + 104, 215), (x + 91, 215))


def svg(picture):
    """The Drawing."""
    longest = max(
        len(lines) for lines in [table.under for table in picture.tables] + [picture.frame or []]
    )
    d = Drawing(max(330, 298 + 16 * longest))
    d.text(20, 24, picture.title, 13, bold=True)
    middles = draw_split(d, picture.split)
    count = len(picture.tables)
    left, step = (90, 200) if count < 3 else (70, 160)
    d.box(14, 246, 56, 30, picture.start, fill=MID, bold=True)
    for n, table in enumerate(picture.tables):
        x = left + step * n + (30 if n == 0 else 0) + 10
        last = n + 1 == count and picture.frame is None
        draw_table(
            d, x, table, 92 + 6 * n, middles[n], None if last else left + step * (n + 1) + 10
        )
    d.arrow((70, 261), (left + 38, 261), (left + 39, 261))
    if picture.frame is not None:
        draw_frame(d, left + step * count + 10, picture, middles[-1])
    elif picture.end:
        d.text(
            left + step * (count - 1) + (30 if count == 1 else 0) + 108,
            196,
            picture.end,
            12,
            italic=True,
        )
    return d


# ---- Characters ----


def column(head, inside, lines, leads_on):
    """A column as lines of one width; the row with the entry leads on to the right."""
    width = max([len(inside) + 4, len(head), 10] + [len(words) for words in lines])
    edge = "+" + "-" * width + "+"
    empty = "|" + " " * width + "|"
    entry = "|" + f" {inside}".ljust(width - 1) + ("-+" if leads_on else " |")
    return [head.center(width + 2), edge, empty, entry, empty, edge] + [
        words.center(width + 2) for words in lines
    ]


def beside(columns):
    """Columns side by side, with an arrow between the rows of their entries."""
    rows = max(map(len, columns))
    text = []
    for row in range(rows):
        parts = [part[row] if row < len(part) else " " * len(part[0]) for part in columns]
        text.append(("---->" if row == 3 else "     ").join(parts).rstrip())
    return text


def text(picture):
    """The lines of the picture in characters."""
    pieces = "  ".join(f"[ {label} ]" for _, label in picture.split)
    columns = [[" " * len(picture.start)] * 3 + [picture.start]]
    for n, table in enumerate(picture.tables):
        leads_on = n + 1 < len(picture.tables) or picture.frame is not None
        columns.append(column(table.name, table.entry, table.under, leads_on))
    if picture.frame is not None:
        columns.append(column("frame", picture.inside, picture.frame, False))
    lines = [picture.title, pieces, ""] + beside(columns)
    return lines + ([f"The walk ends here: {picture.end}"] if picture.end else [])
