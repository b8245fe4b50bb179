"""GDB that knows the kernel: `tarn ...` commands.  docs/gdb.md is the manual.

Three layers, lowest first:

    reading      constants.py, elfcore.py, memory.py, objects.py, machine.py: physical memory,
                 variables by DWARF, CPUs.
                 A running kernel, one that has crashed, and a dump differ here and nowhere else.
    subjects     paging.py, pages.py, pkmap.py, quicklists.py, tlb.py, threads.py, locks.py,
                 caches.py, check.py, diff.py; user/ for tasks:
                 what is in memory, as data, and as lines of text.
    commands     commands.py, printers.py, tours.py: what is typed.

Only memory.py, objects.py, machine.py, locks.py, user/running.py, user/symbols.py and the
commands know GDB.
"""


class Unavailable(Exception):
    """What was asked for is not there (yet): the message says why."""
