"""Which locks nest, by what the debug build reports at the end of a boot, and as docs/structure.md
has it.
"""

import re

import lines
from qemu import ROOT


def object_caches():
    """Each has a lock of its name; the table names some of them for all."""
    kernel = "".join(path.read_text() for path in (ROOT / "kernel").rglob("*.c"))
    found = re.findall(r'object_cache_init\w*\(\s*&\w+, "([^"]+)"', kernel)
    found += re.findall(r'"(kmalloc-\d+)"', kernel)
    assert {"thread", "mapping", "kmalloc-16"} <= set(found)
    return found


def documented_locks():
    """docs/structure.md: the documented name of each class of locks, and the pairs that may
    nest.
    """
    text = (ROOT / "docs/structure.md").read_text()
    names = {}
    for lock, classes in re.findall(
        r"^\| (?:`([^`]+)`|\w+) \| (?:plain|irqsave) \| ([^|]+) \|", text, re.M
    ):
        names |= {name: lock for name in re.findall(r"`([^`]+)`", classes)}
    names |= {name: "cache->lock" for name in object_caches()}
    pairs = set(re.findall(r"^    (\S+) +> (\S+) ", text, re.M))
    assert (
        len(names) > 8 and len(pairs) > 3
    ), "the tables of docs/structure.md are not where they were"
    return names, pairs


def check_nesting(boot, certain):
    """Whatever has nested stands in docs/structure.md; locks of the self-tests themselves do not
    count.  certain: a nesting that such a boot is sure to show.
    """
    names, pairs = documented_locks()
    own = "".join(path.read_text() for path in (ROOT / "tests/kernel").rglob("*.c"))
    seen = set()
    for outer, inner, _ in lines.LOCK_ORDER.findall(boot.text):
        if any(f'"{name}"' in own and name not in names for name in (outer, inner)):
            continue
        assert (
            outer in names and inner in names
        ), f"{outer} > {inner}: not in docs/structure.md\n{boot.final_report}"
        seen.add((names[outer], names[inner]))
    assert certain in seen, boot.final_report
    assert seen <= pairs, f"not in docs/structure.md: {seen - pairs}\n{boot.final_report}"
