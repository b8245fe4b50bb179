"""Slots and addresses that the random caller uses; a thread's message page."""

from dataclasses import dataclass, field

from abi import CONSTANTS as C
from memory import PAGE

# user/random/worker.h
TASKS, WORKERS = 3, 6
SLOT_TASK, SLOT_THREAD, SLOT_IDLE, SLOT_SYSTEM, SLOT_TASKS, SLOT_THREADS = 1, 2, 4, 6, 8, 12
IDLE = (4, 5)
RESTART_EVERY = 2000
SLOTS = range(32, 56)  # of the caller's table, for its own use
PLACES = 62 * 4 + 32

# Where pages are mapped: on both sides of a border of tables, at the top of user space, for devices
# and for message pages.
BORDER = 0x50400000
AREAS = (
    [BORDER + i * PAGE for i in range(-8, 8)]
    + [0x50000000 + i * PAGE for i in range(8)]
    + [C["USER_END"] - (i + 1) * PAGE for i in range(4)]
    + [C["USER_START"]]
)
DEVICES = [0x60000000 + i * PAGE for i in range(4)]
MESSAGES = [0x61000000 + i * PAGE for i in range(8)]
NOWHERE = (0, 0x1000, 0xF000, C["USER_END"], C["USER_END"] - PAGE, 0xFFFFF000, 0x80000000)


@dataclass
class Page:
    """What stands in the caller's message page."""

    items: list = field(default_factory=list)
    places: list = field(default_factory=list)
    count: int = 0
    more: dict = field(default_factory=dict)
