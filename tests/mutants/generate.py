#!/usr/bin/env python3
"""Makes mutants by rule, for run.py --list: a comparison turned, one off by one, a call dropped, a
flag dropped.

    generate.py [--count N] [--seed TEXT] > list.toml

Chosen evenly over the files by a hash of the place, so the same tree gives the same list.  Left out
is what cannot change what the memory core promises: messages, statistics, assertions and the debug
build's hooks.  equivalent.toml says of single mutants why nothing can catch them; they stay in the
list, argued for. """
import argparse
import hashlib
import json
import pathlib
import re
import sys
import tomllib

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
FILES = [
    *sorted((ROOT / "kernel/mm").glob("*/*.c")),
    *(ROOT / "kernel/arch/x86/paging" / name for name in ("pgtable.c", "fixmap.c", "tlb.c")),
]
# What the command line asks for, and what the debug builds alone have.
FILES = [
    path
    for path in FILES
    if path.name not in ("options.c", "poison.c", "redzone.c", "stack_depth.c")
]
SILENT = re.compile(
    r"pr_\w+\(|INVARIANT|ASSERT|PANIC_SITE|panic|shadow_|debt_|poison_|padding_|stats|likely\(|barrier\(|"
    r"cpu_relax|smp_[rw]?mb|_check\(|report_|frame_owe|pending_frame_check|stack_depth_|"
    r"object_(page_)?(made|dropped|taken|asked|freed)|\btrimmed\b|pushes|pops|^\s*\*|/\*|\""
)
SILENT_FUNCTION = re.compile(
    r"_check$|_stats$|^report_|^check_freed$|^entry_flags_text$|^refuse_free$|^pages_to_mib$"
)
TURNS = {" < ": " <= ", " <= ": " < ", " > ": " >= ", " >= ": " > ", " == ": " != ", " != ": " == "}


def functions(text):
    """Name and body of each function: from a line in column 0 that ends a parameter list, to `}` in
    column 0.
    """
    for match in re.finditer(
        r"^[A-Za-z_][^\n;{}#=]*?\b(\w+)\([^;{}]*\)\n\{\n(.*?)^\}", text, re.M | re.S
    ):
        yield match[1], match[2]


def telling_lines(body):
    """Lines of statements that are not silent, but for those that stand in the body more than
    once.
    """
    silent = False  # the statement that the line goes on with
    for line in body.split("\n"):
        silent = silent or bool(SILENT.search(line))
        if not silent and body.count(line + "\n") == 1:
            yield line
        if not line.strip() or re.search(r"[;{}:]$|\*/$|^\s*(else|do)$", line):
            silent = False


def changes(line):
    """Kind and changed line, for each rule that fits."""
    for old, new in TURNS.items():
        if line.count(old) == 1:
            yield "comparison", line.replace(old, new)
    for old in (" + 1", " - 1"):
        if len(re.findall(re.escape(old) + r"\b", line)) == 1:
            yield "off by one", re.sub(re.escape(old) + r"\b", "", line)
    if call := re.fullmatch(r"(\t+)(\w+\([^;]*\);)", line):
        # so that what is called stays in use, and the compiler quiet
        yield "call dropped", f"{call[1]}{{ if (0) {call[2]} }}"
    for flag in re.findall(r" \| (?:_PAGE|PAGE|PG|__GFP)_\w+", line):
        yield "flag dropped", line.replace(flag, "", 1)
    for flag in re.findall(r"(?:_PAGE|PG)_\w+ \| ", line):
        yield "flag dropped", line.replace(flag, "", 1)
    if re.fullmatch(r"\t+[\w>-]+ (\|=|&=) ~?\(?[\w | ]+\)?;", line):
        yield "flag dropped", re.sub(r"\S.*", "{ }", line)


def candidates():
    for path in FILES:
        for name, body in functions(path.read_text()):
            if SILENT_FUNCTION.search(name):
                continue
            for line in telling_lines(body):
                for kind, changed in changes(line):
                    yield {
                        "file": str(path.relative_to(ROOT)),
                        "function": name,
                        "from": line + "\n",
                        "to": changed + "\n",
                        "kind": kind,
                    }


def argue(mutants):
    """Adds the reasons of equivalent.toml, each of which must fit a mutant."""
    for entry in tomllib.loads((HERE / "equivalent.toml").read_text()).get("equivalent", []):
        fitting = [
            m
            for m in mutants
            if m["function"] == entry["function"]
            and m["from"].strip() == entry["from"].strip()
            and m["to"].strip() == entry["to"].strip()
        ]
        if not fitting:
            sys.exit(
                f"equivalent.toml: {entry['function']} has no mutant {entry['from'].strip()} -> {entry['to'].strip()}"
            )
        for mutant in fitting:
            mutant["equivalent"] = entry["why"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", default="tarn")
    args = parser.parse_args()

    def rank(mutant):
        return hashlib.sha256(
            (
                args.seed + mutant["file"] + mutant["function"] + mutant["from"] + mutant["to"]
            ).encode()
        ).digest()

    mutants = list(candidates())
    argue(mutants)
    chosen = sorted(
        sorted(mutants, key=rank)[: args.count], key=lambda m: (m["file"], m["function"])
    )
    for number, mutant in enumerate(chosen):
        print("[[mutant]]")
        stem = pathlib.Path(mutant["file"]).stem
        print(f'name = "{number:03}.{stem}.{mutant["function"]}"\ngenerated = true')
        for key, value in mutant.items():
            print(f"{key} = {json.dumps(value)}")
        print()


if __name__ == "__main__":
    main()
