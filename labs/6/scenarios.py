"""Lab 6: the kmap pool on one CPU, judged from outside.

Whether a page is reached is what the guest's CPU reads through the address that kmap returned: a
translation that is out of date shows as another frame's word (pool.py).  What the counts say is the
student's claim, and compared with that.  The tests stand in mapping.py, turn.py, waiting.py and
tables.py.
"""

from . import pool
from .mapping import address, counts, maps, revival, same_page, wrong_use
from .tables import not_global, tables, three_levels
from .turn import flush_order, one_flush, retired, stale, unmapped, wrap
from .waiting import full, locked, waiter

__all__ = [
    "pool",  # lab 10 measures it
    "maps",
    "same_page",
    "revival",
    "address",
    "stale",
    "wrap",
    "unmapped",
    "flush_order",
    "one_flush",
    "full",
    "retired",
    "waiter",
    "locked",
    "not_global",
    "tables",
    "three_levels",
    "counts",
    "wrong_use",
]
