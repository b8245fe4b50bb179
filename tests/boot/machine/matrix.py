"""Which machines are tried: every pair of values of every two properties at least once (`make
check-full`), or every value once.

Chosen greedily among random valid machines with a fixed seed, so the list is the same each time.
"""

import itertools
import random

from qemu import Machine

VALUES = {
    "kernel": ["2level", "pae"],
    "loader": ["kernel", "iso"],
    "memory": [
        "32M",
        "47M",
        "64M",
        "512M",
        "896M",
        "897M",
        "1G",
        "2049M",
        "3G",
        "3500M",
        "5G",
        "8G",
    ],
    "smp": [
        "1",
        "2",
        "3,sockets=3",
        "4",
        "4,sockets=2,cores=2",
        "5",
        "6,sockets=1,cores=3,threads=2",
        "7",
        "8,sockets=2,cores=2,threads=2",
        "32",
    ],
    "machine": ["pc", "q35"],
    "cpu": ["pentium", "qemu32", "athlon", "core2duo", "n270", "pentium3", "max", "max,-apic"],
    "append": ["", "nolarge", "highmem=16M", "lowmem=24M", "pgt_cache=0,3"],
}
NAMES = list(VALUES)


def valid(choice):
    """PAE needs a CPU with it, and it alone reaches 4 GiB; without APICs there is one CPU; 32 CPUs
    are slow enough by themselves.
    """
    kernel, loader, memory, smp, machine, cpu, append = (choice.get(name) for name in NAMES)
    return not (
        kernel == "pae"
        and cpu == "pentium"
        or kernel == "2level"
        and memory in ("5G", "8G")
        or cpu == "pentium"
        and memory in ("5G", "8G")
        or cpu == "max,-apic"
        and smp not in (None, "1")
        or smp == "32"
        and (
            memory not in (None, "1G", "512M")
            or append not in (None, "")
            or loader == "iso"
            or cpu not in (None, "qemu32", "max")
            or machine == "q35"
        )
    )


def pairs_of(choice):
    return set(itertools.combinations(((name, choice[name]) for name in NAMES), 2))


def random_choice(rng, wanted):
    """A valid machine that has at least one wanted pair (or value)."""
    while True:
        choice = {name: rng.choice(values) for name, values in VALUES.items()}
        choice.update(dict(rng.choice(wanted)))
        if valid(choice):
            return choice


def cover(todo, covers, tries=60):
    rng = random.Random("tarn")
    chosen = []
    while todo:
        wanted = sorted(todo)
        best = max(
            (random_choice(rng, wanted) for _ in range(tries)), key=lambda c: len(covers(c) & todo)
        )
        todo -= covers(best)
        chosen.append(best)
    return chosen


def every_pair():
    todo = {
        pair
        for a, b in itertools.combinations(NAMES, 2)
        for pair in itertools.product([(a, v) for v in VALUES[a]], [(b, v) for v in VALUES[b]])
        if valid(dict(pair))
    }
    return cover(todo, pairs_of)


def every_value(count):
    """`count` machines; every value of every property is in one of them, and as many pairs as
    fit.
    """
    chosen = cover(
        {((name, value),) for name, values in VALUES.items() for value in values},
        lambda c: {((name, c[name]),) for name in NAMES},
    )
    seen = set().union(*(pairs_of(choice) for choice in chosen))
    for choice in every_pair():
        if len(chosen) < count and pairs_of(choice) - seen and choice["smp"] != "32":
            chosen.append(choice)
            seen |= pairs_of(choice)
    return chosen


def machines(choices):
    return [Machine(**choice) for choice in choices]
