#!/usr/bin/env python3
"""symbols.py FOLDER...: the rules of layers.toml that objects show.  Each FOLDER holds the objects
of one build, such as build/pae-debug.

A file uses symbols of its own layer and of lower ones, and declared upcalls.  No two files call
each other in a circle but through upcalls; a call back that layers.toml accepts is left out.  Exit
status 1 if something is wrong, or if layers.toml accepts a call back that closes no circle.

    --root FOLDER      the tree whose headers declare the upcalls
    --sources FOLDER   the tree whose sources the objects are made of: the same, unless given
    --nm PROGRAM       an nm that reads these objects
"""

import argparse
import collections
import fnmatch
import re
import subprocess
import sys
from pathlib import Path

from layers import HERE, layer_of, table, without_comments

PROTOTYPE = re.compile(r"\b(\w+)\s*\((?!\*)")
ALL = -1
ATTRIBUTES = ("__printf_like", "__aligned", "__section", "__attribute__")


def declared(header):
    """Names of the functions that a header declares and does not define."""
    text = re.sub(
        r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", "", without_comments(header.read_text()), flags=re.M
    )
    while "{" in text:
        shorter = re.sub(r"\{[^{}]*\}", ";", text)
        if shorter == text:
            break
        text = shorter
    names = set()
    for statement in text.split(";"):
        if re.search(r"\b(static|typedef|struct\s+\w+\s*$)", statement):
            continue
        found = [name for name in PROTOTYPE.findall(statement) if name not in ATTRIBUTES]
        names.update(found[:1])
    return names


class Upcalls:
    """Which symbols a lower layer may call, and above which layer they must be defined: what stands
    in a header named upcall.h may also be defined in another folder of the same layer.
    """

    def __init__(self, root, rules):
        self.layers = rules["layer"]
        self.compiler = rules["upcalls"]["compiler"]
        self.declared_in = {}
        for pattern in rules["upcalls"]["headers"]:
            for header in sorted(root.glob(pattern)):
                for name in declared(header):
                    layer = layer_of(header.relative_to(root), self.layers)
                    self.declared_in[name] = ALL if header.name == "upcall.h" else layer

    def has(self, name, definer):
        """`definer`: the layer that defines it."""
        if any(fnmatch.fnmatchcase(name, pattern) for pattern in self.compiler):
            return True
        return name in self.declared_in and definer > self.declared_in[name]


def read_symbols(folder, nm, sources):
    """Of each source: (defined: {name: type}, undefined: names).  Objects of sources that are gone
    may lie in the folder yet; they are nobody's.
    """
    objects = sorted(
        path for path in folder.rglob("*.o") if path.relative_to(folder).parts[0] != "plain"
    )
    objects = [path for path in objects if path.suffixes[-2:] in ([".c", ".o"], [".asm", ".o"])]
    said = subprocess.run([nm, "-A", *objects], capture_output=True, text=True, check=True).stdout
    files = collections.defaultdict(lambda: ({}, set()))
    for line in said.splitlines():
        place, _, rest = line.rpartition(":")
        words = rest.split()
        source = str(Path(place).relative_to(folder)).removesuffix(".o")
        if not (sources / source).exists():
            continue
        kind, name = words[-2:]
        if kind == "U":
            files[source][1].add(name)
        elif kind.isupper():
            files[source][0][name] = kind
    return files


def uses(files):
    """(user, definer, symbol, type) for every symbol of another file."""
    place = {
        name: (source, kind) for source, (names, _) in files.items() for name, kind in names.items()
    }
    for user, (_, wanted) in files.items():
        for name in sorted(wanted):
            if name in place:
                yield user, *place[name][:1], name, place[name][1]


def components(graph):
    """Strongly connected components of more than one file (Tarjan 1972)."""
    number, low, stack, found = {}, {}, [], []

    def visit(node):
        number[node] = low[node] = len(number)
        stack.append(node)
        for other in sorted(graph[node]):
            if other not in number:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], number[other])
        if low[node] == number[node]:
            members = stack[stack.index(node) :]
            del stack[stack.index(node) :]
            if len(members) > 1:
                found.append(sorted(members))

    for node in sorted(graph):
        if node not in number:
            visit(node)
    return found


def look(folders, root, sources, nm, rules):
    """Faults as lines of text: upward symbols, then circles."""
    layers, upcalls = rules["layer"], Upcalls(root, rules)
    upward, graph, calls = set(), collections.defaultdict(set), collections.defaultdict(set)
    for folder in folders:
        for user, definer, name, kind in uses(read_symbols(folder, nm, sources)):
            low, high = layer_of(user, layers), layer_of(definer, layers)
            if low is None or high is None or upcalls.has(name, high):
                continue
            if high > low:
                upward.add(
                    f"{user}: uses {name} of {definer}, a higher layer: no header declares it as an upcall"
                )
            if kind in "TW":
                graph[user].add(definer)
                graph[definer].update(())
                calls[user, definer].add(name)
    return sorted(upward) + circles(graph, calls, rules.get("call_back", []))


def without(graph, rows):
    """The graph without the calls of these rows."""
    gone = {(row["from"], row["to"]) for row in rows}
    return {user: {to for to in graph[user] if (user, to) not in gone} for user in graph}


def circles(graph, calls, accepted):
    lines = []
    for members in components(without(graph, accepted)):
        lines.append("files that call each other in a circle:")
        lines += [
            f"    {user} calls {', '.join(sorted(names))} of {definer}"
            for (user, definer), names in sorted(calls.items())
            if user in members and definer in members
        ]
    for row in accepted:
        rest = without(graph, [other for other in accepted if other is not row])
        if not any({row["from"], row["to"]} <= set(members) for members in components(rest)):
            lines.append(
                f"layers.toml accepts a call back that closes no circle: {row['from']} to {row['to']}"
            )
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--root", type=Path, default=HERE.parents[1])
    parser.add_argument("--sources", type=Path)
    parser.add_argument("--nm", default="nm")
    args = parser.parse_args()
    found = look(args.folders, args.root, args.sources or args.root, args.nm, table())
    print(*found, sep="\n", end="\n" if found else "")
    print(f"symbols: {', '.join(map(str, args.folders))}: {'faults' if found else 'no faults'}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
