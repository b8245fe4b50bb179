#!/usr/bin/env python3
"""Plants mistakes, one at a time, and shows which test catches each.

A mutant is a replacement inside a named function (mutants.toml, or made by generate.py): the text must stand in that function
exactly once, so that a mutant that no longer fits is an error and not a silent pass.

    run.py [--jobs N] [--only NAME,...] [--list FILE] [--keep]

Each mutant gets a copy of the tree and of an unmutated build, in which only the changed file is compiled again.  It is
caught if it does not compile, a test fails, the kernel panics, or the boot does not come to its end.
"""
import argparse
import concurrent.futures
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
QEMU = ["qemu-system-i386", "-display", "none", "-serial", "stdio", "-no-reboot", "-nic", "none",
        "-device", "isa-debug-exit,iobase=0xf4,iosize=4"]
# What each mutant is booted on, in this order, until one catches it: kernel, options for QEMU, command line.
BOOTS = [
    ("2level", "tarn.elf", ["-smp", "4", "-m", "3G", "-cpu", "max"], "exit"),
    ("pae", "tarn-pae.elf", ["-smp", "4", "-m", "3G", "-cpu", "max"], "exit"),
    ("nolarge", "tarn.elf", ["-smp", "4", "-m", "1G", "-cpu", "qemu32"], "exit nolarge"),
    ("pae-q35", "tarn-pae.elf", ["-smp", "2", "-m", "6G", "-machine", "q35"], "exit"),
    ("pentium", "tarn.elf", ["-smp", "4", "-m", "64M", "-cpu", "pentium"], "exit highmem=32M pgt_cache=4,9"),
    ("poison", "tarn-poison.elf", ["-smp", "2", "-m", "512M"], "exit highmem=64M"),
]
# Behind the bound on what the guest does: a host so slow that there is no verdict, and a hang, which counts as caught.
BOOT_SECONDS = 60


def function_span(text, name):
    """Start and end of the definition of `name`: from its line to the closing brace in column 0."""
    match = re.search(rf"^[A-Za-z_][^\n;{{}}#]*\b{re.escape(name)}\([^;{{]*\)\s*\n?\{{", text, re.M)
    if not match:
        raise ValueError(f"no function {name}")
    if text[match.end() - 1:text.index("\n", match.end())].rstrip().endswith("}"):
        return match.start(), text.index("\n", match.end())  # all on one line
    return match.start(), text.index("\n}", match.end()) + 2


def mutate(text, mutant):
    if "function" not in mutant:  # a definition, named by its own text
        start, end = 0, len(text)
    else:
        start, end = function_span(text, mutant["function"])
    body = text[start:end]
    found = body.count(mutant["from"])
    if found != 1:
        raise ValueError(f"the text to replace stands {found} times in {mutant.get('function', 'the file')}")
    return text[:start] + body.replace(mutant["from"], mutant["to"]) + text[end:]


def tracked_files():
    out = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [name for name in out.stdout.split("\n") if name and (ROOT / name).exists()]


def copy_tree(target):
    for name in tracked_files():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target / name)


def make(tree, kernel):
    return subprocess.run(["make", "-s", f"build/{kernel}"], cwd=tree, capture_output=True, text=True)


def boot(tree, kernel, options, append):
    command = QEMU + options + ["-kernel", f"build/{kernel}", "-append", append]
    try:
        done = subprocess.run(command, cwd=tree, stdin=subprocess.DEVNULL, capture_output=True, timeout=BOOT_SECONDS)
    except subprocess.TimeoutExpired as late:
        return "hang", (late.stdout or b"").decode("latin-1").strip().split("\n")[-1][:60]
    return done.returncode, done.stdout.decode("latin-1")


def verdict(status, output):
    """What caught it, or None."""
    if status == "hang":
        return f"hang after: {output}"
    failed = re.findall(r"^not ok \d+ - (\S+)", output, re.M)
    if failed:
        return ", ".join(failed[:3]) + (" ..." if len(failed) > 3 else "")
    panic = re.search(r"^panic: (.*?)\r?$(?:\n  invariant (\d+))?", output, re.M)
    if panic:
        return f"panic: {panic[1][:60]}" + (f" [{panic[2]}]" if panic[2] else "")
    return None if status == 33 else f"status {status}"


def try_mutant(mutant, base):
    with tempfile.TemporaryDirectory(prefix="mutant-") as folder:
        tree = pathlib.Path(folder) / "tree"
        shutil.copytree(base, tree, symlinks=True)
        path = tree / mutant["file"]
        try:
            path.write_text(mutate(path.read_text(), mutant))
        except ValueError as error:
            return "ERROR", str(error)
        for name, kernel, options, append in BOOTS:
            if name not in mutant.get("boots", [b[0] for b in BOOTS]):
                continue
            if (built := make(tree, kernel)).returncode:
                message = re.search(r"(error: .*|undefined reference.*)", built.stderr + built.stdout)
                return "build", message[1][:70] if message else "does not build"
            caught = verdict(*boot(tree, kernel, options, append))
            if caught:
                return name, caught
    return None, "survived"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", default="")
    parser.add_argument("--list", default=str(HERE / "mutants.toml"))
    args = parser.parse_args()
    mutants = tomllib.loads(pathlib.Path(args.list).read_text())["mutant"]
    only = [name for name in args.only.split(",") if name]
    mutants = [m for m in mutants if not only or any(m["name"].startswith(o) for o in only)]
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        base = pathlib.Path(folder) / "base"
        copy_tree(base)
        for kernel in sorted({b[1] for b in BOOTS}):
            if (built := make(base, kernel)).returncode:
                sys.exit(built.stderr)
        for name, kernel, options, append in BOOTS:
            if caught := verdict(*boot(base, kernel, options, append)):
                sys.exit(f"unmutated, on {name}: {caught}")
        with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
            results = list(pool.map(lambda m: report(m, try_mutant(m, base)), mutants))
    bad = [m["name"] for m, (where, _) in zip(mutants, results) if where == "ERROR" or (where is None and "equivalent" not in m)]
    argued = sum(1 for m in mutants if "equivalent" in m)
    print(f"{len(mutants)} mutants, {len(mutants) - len(bad) - argued} caught, {argued} argued to be equivalent, "
          f"{len(bad)} not caught: {', '.join(bad) or 'none'}")
    sys.exit(1 if bad else 0)


def report(mutant, result):
    where, what = result
    print(f"{mutant['name']:32} {where or '-':9} {what}", flush=True)
    return result


if __name__ == "__main__":
    main()
