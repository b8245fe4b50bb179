#!/usr/bin/env python3
"""layers.py [FOLDER]: the rules of layers.toml that the text of the sources shows: who includes
whom, where instructions and conditions stand, and how many files a folder has.

FOLDER is the tree that is looked at; by default the one that holds this file.
"""

import re
import sys
import tomllib
from pathlib import Path

HERE = Path(__file__).resolve().parent
SOURCES = (".c", ".h", ".asm", ".py", ".sh", ".awk")
FREESTANDING = ("stdarg.h", "stdbool.h", "stddef.h", "stdint.h")
COMMENT = re.compile(r"/\*.*?\*/", re.S)


def table():
    return tomllib.loads((HERE / "layers.toml").read_text())


def layer_of(path, layers):
    """Number of the layer whose folder holds the file, the innermost of them; None: none does."""
    holding = [i for i, row in enumerate(layers) if str(path).startswith(row["folder"] + "/")]
    return max(holding, key=lambda i: len(layers[i]["folder"]), default=None)


def included_layer(name, layers):
    """Number of the layer that the path of an include names."""
    named = [i for i, row in enumerate(layers) if name.startswith(row.get("include", "\n"))]
    return max(named, key=lambda i: len(layers[i]["include"]), default=None)


def included_file(name, layers):
    layer = layers[included_layer(name, layers)]
    return layer["folder"] + "/" + name.removeprefix(layer["include"])


def without_comments(text):
    """The same lines, the comments blank."""
    return COMMENT.sub(lambda found: re.sub(r"[^\n]", " ", found.group()), text)


class Source:
    def __init__(self, root, path):
        self.path = path
        self.text = (root / path).read_text()
        self.lines = list(enumerate(without_comments(self.text).split("\n"), 1))

    def includes(self):
        """(line, quote, name)"""
        for number, line in self.lines:
            if match := re.match(r'\s*#\s*include\s+(["<])([^">]+)', line):
                yield number, *match.groups()

    def is_private(self):
        return bool(re.search(r"\bPrivate to this folder\b", self.text[: self.text.find("*/")]))


def wrong_includes(source, rules, headers):
    layers = rules["layer"]
    for number, quote, name in source.includes():
        if quote == "<":
            if name not in FREESTANDING:
                yield number, f"<{name}> is not freestanding"
            continue
        layer = included_layer(name, layers)
        if layer is None:
            yield number, f'"{name}" names no layer'
            continue
        own = layer_of(source.path, layers)
        if layer > own:
            yield number, f'"{name}" is of a higher layer'
        if layer != own and layers[layer].get("apart"):
            yield number, f'"{name}" is of a layer apart, which no other includes'
        header = headers.get(included_file(name, layers))
        if header and header.is_private() and not may_read(source, header, rules["private"]):
            yield number, f'"{name}" is private to its folder'


def may_read(source, header, rules):
    folders = [str(header.path.parent), *rules["readers"]]
    return (
        any(str(source.path).startswith(folder + "/") for folder in folders)
        or str(source.path) in rules["except"]
    )


def bare_instructions(source, rules):
    bare = rules["bare"]
    if not str(source.path).startswith("kernel/") or str(source.path) in (
        bare["defined"],
        bare["used"],
    ):
        return
    for number, line in source.lines:
        for name in re.findall(rf"\b({'|'.join(bare['names'])})\s*\(", line):
            yield number, f"{name}() is bare: nobody watches it.  {bare['used']} has the watched one"


def assembly(source, rules):
    places = rules["assembly"]
    if any(str(source.path).startswith(folder + "/") for folder in places["folders"]):
        return
    if (
        not str(source.path).startswith(("kernel/", "lib/", "user/"))
        or str(source.path) in places["except"]
    ):
        return
    for number, line in source.lines:
        if re.search(r"\b(asm|__asm|__asm__)\b", line):
            yield number, f"inline assembly outside of {', '.join(places['folders'])}"


def conditions(source, rules):
    rule = rules["conditional"]
    if source.path.suffix != ".c" or str(source.path) in rule["except"]:
        return
    if not any(str(source.path).startswith(folder + "/") for folder in rule["folders"]):
        return
    for number, line in source.lines:
        if re.match(r"\s*#\s*(if|ifdef|ifndef|elif)\b", line):
            yield number, "a condition in a subject file: a file or a header of its own instead"


def full_folders(root, rules):
    rule = rules["folders"]
    for top in rule["roots"]:
        for folder in [root / top, *(p for p in (root / top).rglob("*") if p.is_dir())]:
            name = folder.relative_to(root).as_posix()
            count = sum(1 for file in folder.glob("*") if file.suffix in SOURCES)
            if count > rule["most"] and name not in rule["except"]:
                yield f"{name}: {count} source files in one folder, at most {rule['most']}"


def sources(root, rules):
    folders = [row["folder"] for row in rules["layer"]]
    found = {path for folder in folders for path in (root / folder).rglob("*.[ch]")}
    host = root / "tests/bench/linux"  # modules for Linux, and no part of the kernel
    return [Source(root, p.relative_to(root)) for p in sorted(found) if host not in p.parents]


def faults(root):
    """Every fault as one line, and the number of files."""
    rules = table()
    files = sources(root, rules)
    headers = {str(file.path): file for file in files if file.path.suffix == ".h"}
    found = []
    for file in files:
        for check in (bare_instructions, assembly, conditions):
            found += [f"{file.path}:{number}: {what}" for number, what in check(file, rules)]
        for number, what in wrong_includes(file, rules, headers):
            found.append(f"{file.path}:{number}: {what}")
    return found + list(full_folders(root, rules)), len(files)


def main():
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE.parents[1]
    found, count = faults(root.resolve())
    print(*found, sep="\n", end="\n" if found else "")
    print(f"layers: {count} files, {len(found)} faults")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
