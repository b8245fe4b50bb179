#!/usr/bin/env python3
"""Makes mutants by rule, for run.py --list: a comparison turned, one off by one, a call dropped, a flag dropped.

    generate.py [--count N] [--seed TEXT] > list.toml

Chosen evenly over the files by a hash of the place, so the same tree gives the same list.  Left out is what cannot change what the
memory core promises: messages, statistics, assertions and the debug build's hooks.
"""
import argparse
import hashlib
import json
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
FILES = [*sorted((ROOT / "kernel/mm").glob("*.c")),
         *(ROOT / "kernel/arch/x86" / name for name in ("pgtable.c", "fixmap.c", "tlb.c"))]
FILES = [path for path in FILES if path.name not in ("options.c", "poison.c")]
SILENT = re.compile(r"pr_\w+\(|INVARIANT|ASSERT|PANIC_SITE|panic|shadow_|debt_|poison_|padding_|stats|likely\(|barrier\(|cpu_relax|"
                    r"smp_[rw]?mb|_check\(|report_|\btrimmed\b|pushes|pops|^\s*\*|/\*|\"")
TURNS = {" < ": " <= ", " <= ": " < ", " > ": " >= ", " >= ": " > ", " == ": " != ", " != ": " == "}


def functions(text):
    """Name and body of each function: from a line in column 0 that ends a parameter list, to `}` in column 0."""
    for match in re.finditer(r"^[A-Za-z_][^\n;{}#=]*?\b(\w+)\([^;{}]*\)\n\{\n(.*?)^\}", text, re.M | re.S):
        yield match[1], match[2]


def changes(line):
    """Kind and changed line, for each rule that fits."""
    for old, new in TURNS.items():
        if line.count(old) == 1:
            yield "comparison", line.replace(old, new)
    for old in (" + 1", " - 1"):
        if len(re.findall(re.escape(old) + r"\b", line)) == 1:
            yield "off by one", re.sub(re.escape(old) + r"\b", "", line)
    if re.fullmatch(r"\t+\w+\([^;]*\);", line):
        yield "call dropped", "\t;"
    for flag in re.findall(r" \| (?:_PAGE|PAGE|PG|__GFP)_\w+", line):
        yield "flag dropped", line.replace(flag, "", 1)
    for flag in re.findall(r"(?:_PAGE|PG)_\w+ \| ", line):
        yield "flag dropped", line.replace(flag, "", 1)


def candidates():
    for path in FILES:
        for name, body in functions(path.read_text()):
            if name.endswith(("_check", "_stats")) or name.startswith("report_"):
                continue
            for line in body.split("\n"):
                if SILENT.search(line) or body.count(line + "\n") != 1:
                    continue
                for kind, changed in changes(line):
                    yield {"file": str(path.relative_to(ROOT)), "function": name, "from": line + "\n", "to": changed + "\n",
                           "kind": kind}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", default="tarn")
    args = parser.parse_args()

    def rank(mutant):
        return hashlib.sha256((args.seed + mutant["file"] + mutant["function"] + mutant["from"] + mutant["to"]).encode()).digest()

    chosen = sorted(sorted(candidates(), key=rank)[:args.count], key=lambda m: (m["file"], m["function"]))
    for number, mutant in enumerate(chosen):
        print("[[mutant]]")
        stem = pathlib.Path(mutant["file"]).stem
        print(f'name = "{number:03}.{stem}.{mutant["function"]}"')
        for key, value in mutant.items():
            print(f"{key} = {json.dumps(value)}")
        print()


if __name__ == "__main__":
    main()
