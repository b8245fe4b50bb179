"""Lab 9: the pager, judged by what its clients' page tables and frames hold.

The clients are threads that the host moves about (stage.py).  What the pager's own tables say is
never looked at.  The tests stand in zero.py, copies.py and ends.py.
"""

from .copies import holes, isolated, last_owner, one_copy, shares, together
from .ends import all_back, quota, shortage, two_threads
from .zero import deaths, rights, shrinks, sweep, zero

__all__ = [
    "zero",
    "rights",
    "deaths",
    "sweep",
    "shrinks",
    "shares",
    "one_copy",
    "last_owner",
    "together",
    "holes",
    "isolated",
    "quota",
    "shortage",
    "two_threads",
    "all_back",
]
