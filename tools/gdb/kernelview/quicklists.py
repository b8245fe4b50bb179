"""Page-table pages in wait: each CPU's quicklists, one a level."""

from dataclasses import dataclass

from kernelview import Unavailable

LEVELS = ["pgd", "pmd", "pte"]


@dataclass
class Quicklist:
    cpu: int
    level: str
    count: int
    tables: list  # addresses, from the head on
    end: str  # why the walk ended, if not at 0
    stats: object


def link_of(machine, level, table):
    """Where a cached table's link lies: the first word, but behind the entries of a PGD that the
    CPU reads ahead (PAE).
    """
    if level == "pgd" and machine.format.levels[0].entries == 4:
        return table + 4 * machine.format.entry_bytes
    return table


def follow(machine, level, head, bound):
    tables, seen, table = [], set(), head
    while table:
        if table in seen:
            return tables, f"comes back to {table:#010x}"
        if table % 4096 or not 0 <= table - machine.page_offset < machine.direct_map_bytes:
            return tables, f"leads to {table:#010x}, which is no low page"
        if len(tables) > bound:
            return tables, "is longer than its count"
        tables.append(table)
        seen.add(table)
        table = machine.word(link_of(machine, level, table))
    return tables, ""


def read(machine):
    if not machine.cpu_numbers:
        raise Unavailable(
            "the quicklists belong to CPUs, and no CPU has its variables yet (boot step 0)"
        )
    found = []
    for cpu in machine.cpu_numbers:
        for level in LEVELS:
            stats = machine.percpu(f"{level}_quicklist", cpu)
            tables, end = follow(machine, level, stats.head, stats.count)
            found.append(Quicklist(cpu, level.upper(), stats.count, tables, end, stats))
    return found


def lines(machine):
    low, high = machine.var("pgt_low_mark"), machine.var("pgt_high_mark")
    text = [
        f"marks: trimmed to {low} once over {high}",
        "CPU level count listed  trimmed  from the head on",
    ]
    for q in read(machine):
        tables = " ".join(f"{table:08x}" for table in q.tables[:4]) + (
            " ..." if len(q.tables) > 4 else ""
        )
        text.append(
            f"{q.cpu:3} {q.level:5} {q.count:5} {len(q.tables):6} {q.stats.trimmed:8}  {tables}"
            + (f"  {q.end}" if q.end else "")
        )
    return text
