#!/usr/bin/env python3
"""Plants mistakes, one at a time, and shows which test catches each.

A mutant is a replacement inside a named function (mutants.toml, or made by generate.py): the text must stand in that function
exactly once, so that a mutant that no longer fits is an error and not a silent pass.

    run.py [--jobs N] [--only NAME,...] [--list FILE] [--all] [--no-host] [--at-least PERCENT]

Each mutant gets a copy of the tree and of an unmutated build, in which only what depends on the changed file is compiled again.
It is caught if a test fails, the kernel panics, or a boot does not come to its end.  Without --all the first to catch it is
enough; with it all are asked.  One that does not compile shows nothing: it counts as an error if it was written by hand, and is
left out of the total if it was made by rule.

Keys of a mutant: name, kind, file, function (without it: the whole file), from, to; `equivalent`, why nothing can catch it;
`boots`, a list of who can (names as in BOOTS, host variants as host-64-pae, or just host); `bochs = true`: Bochs is asked too.
"""
import argparse
import collections
import concurrent.futures
import os
import pathlib
import re
import select
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
QEMU = ["qemu-system-i386", "-display", "none", "-serial", "stdio", "-no-reboot", "-nic", "none",
        "-device", "isa-debug-exit,iobase=0xf4,iosize=4"]
# What a mutant is booted on: kernel, options for QEMU, command line.
BOOTS = {
    "2level": ("tarn.elf", ["-smp", "4", "-m", "3G", "-cpu", "max"], "exit"),
    "pae": ("tarn-pae.elf", ["-smp", "4", "-m", "3G", "-cpu", "max"], "exit"),
    "nolarge": ("tarn.elf", ["-smp", "4", "-m", "1G", "-cpu", "qemu32"], "exit nolarge"),
    "pae-q35": ("tarn-pae.elf", ["-smp", "2", "-m", "6G", "-machine", "q35"], "exit"),
    "pentium": ("tarn.elf", ["-smp", "4", "-m", "64M", "-cpu", "pentium"], "exit highmem=32M pgt_cache=4,9"),
    "debug": ("tarn-debug.elf", ["-smp", "4", "-m", "512M", "-cpu", "max"], "exit highmem=128M"),
    "pae-debug": ("tarn-pae-debug.elf", ["-smp", "2", "-m", "512M", "-cpu", "max"], "exit highmem=128M"),
}
HOST_VARIANTS = ["64-pae", "32-2level-debug", "32-pae-debug", "64-2level", "32-2level", "32-pae"]
# Who is asked, in this order: what is quick to build and catches much comes first.
ORDER = ["2level", "pae", "host-64-pae", "nolarge", "debug", "pae-debug", "pae-q35", "pentium",
         *(f"host-{variant}" for variant in HOST_VARIANTS[1:])]
# A guest or a host test that prints nothing for so many seconds hangs (the longest test takes about two); a bound on all of it.
QUIET_SECONDS = 20
HOST_LIMIT = 300
OUTPUT_LIMIT = 4 << 20
CLOSING_LINE = re.compile(r"^\d+ passed, 0 failed, \d+ skipped\r?$", re.M)


class DoesNotBuild(Exception):
    """The mutant is none: the compiler or the linker refuses it."""


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


def make(tree, *arguments):
    """Builds in a copy of the tree.  CURDIR goes into the flags, by which the Makefile would take all objects for out of date."""
    built = subprocess.run(["make", "-s", "CURDIR=.", *arguments], cwd=tree, capture_output=True, text=True)
    if built.returncode:
        message = re.search(r"(error: .*|undefined reference.*)", built.stderr + built.stdout)
        raise DoesNotBuild(message[1][:90] if message else (built.stderr or built.stdout)[-90:].strip())


def run_watched(command, tree):
    """Exit status and what was printed; the status is "hang" when nothing new came for QUIET_SECONDS."""
    process = subprocess.Popen(command, cwd=tree, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    output, part, end = b"", b"", time.monotonic() + HOST_LIMIT
    while len(output) < OUTPUT_LIMIT:
        ready, _, _ = select.select([process.stdout], [], [], max(0, min(QUIET_SECONDS, end - time.monotonic())))
        part = os.read(process.stdout.fileno(), 65536) if ready else None
        if not part:
            break
        output += part
    if part != b"":
        process.kill()
    status = process.wait()
    return "hang" if part != b"" else status, output.decode("latin-1")


def verdict(status, output):
    """What caught it, or None."""
    failed = re.findall(r"^not ok \d+ - (\S+)", output, re.M)
    if failed:
        return ", ".join(failed[:3]) + (" ..." if len(failed) > 3 else "")
    panic = re.search(r"^panic: (.*?)\r?$(?:\n  invariant (\d+))?", output, re.M)
    if panic:
        return f"panic: {panic[1][:60]}" + (f" [{panic[2]}]" if panic[2] else "")
    if status == "hang":
        return f"hang after: {output.strip().split(chr(10))[-1][:60]}"
    return None if status == 33 else f"status {status}"


def try_boot(tree, name):
    kernel, options, append = BOOTS[name]
    make(tree, f"build/{kernel}")
    command = QEMU + options + ["-kernel", f"build/{kernel}", "-append", append]
    status, output = run_watched(command, tree)
    if status == "hang" and CLOSING_LINE.search(output):  # now and then QEMU itself hangs when the guest ends it
        status, output = run_watched(command, tree)
    if output.startswith("qemu-system"):
        sys.exit(f"{name}: {output}")
    return verdict(status, output)


def try_host(tree, variant):
    """The host tests of one variant; what they print of the failed one."""
    make(tree, "-f", "tests/host/Makefile", f"build/host/{variant}/tests")
    status, output = run_watched([f"build/host/{variant}/tests"], tree)
    if status == 0:
        return None
    failed = re.search(r"\[  FAILED  \] (\S+)", output)
    wrong = re.search(r"(ERROR: \S+ \S+|runtime error: .{,60}|panic: .{,60})", output)
    found = " ".join(match[1] for match in (failed, wrong) if match)
    return found or ("hang" if status == "hang" else f"status {status}")


def try_bochs(tree, kernel):
    make(tree, f"build/{kernel}")
    sys.path.insert(0, str(HERE.parent / "bochs"))
    import bochs
    try:
        text, _ = bochs.boot(tree / "build" / kernel, "exit highmem=256M")
    except subprocess.TimeoutExpired:
        return "hang"
    return verdict(33 if CLOSING_LINE.search(text) else "no closing line", text)


def ask(name, tree):
    if name == "bochs":
        return try_bochs(tree, "tarn.elf") or try_bochs(tree, "tarn-pae.elf")
    return try_host(tree, name.removeprefix("host-")) if name.startswith("host-") else try_boot(tree, name)


def catchers(mutant, with_host):
    """Names of those who are asked, in order."""
    wanted = mutant.get("boots")
    for name in ORDER:
        if name.startswith("host-") and not with_host:
            continue
        if not wanted or name in wanted or (name.startswith("host-") and "host" in wanted):
            yield name
    if mutant.get("bochs"):
        yield "bochs"


def try_mutant(mutant, base, args):
    """Pairs of who caught it and by what; [("ERROR", why)] if it does not fit, [("unbuilt", why)] if it does not compile."""
    found = []
    with tempfile.TemporaryDirectory(prefix="mutant-") as folder:
        tree = pathlib.Path(folder) / "tree"
        shutil.copytree(base, tree, symlinks=True)
        path = tree / mutant["file"]
        try:
            path.write_text(mutate(path.read_text(), mutant))
            for name in catchers(mutant, not args.no_host):
                if caught := ask(name, tree):
                    found.append((name, caught))
                    if not args.all:
                        break
        except ValueError as error:
            return [("ERROR", str(error))]
        except DoesNotBuild as error:
            return found or [("unbuilt", str(error))]
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", default="", help="names, or how they begin, with commas")
    parser.add_argument("--list", default=str(HERE / "mutants.toml"))
    parser.add_argument("--all", action="store_true", help="ask all, even when the first has caught it")
    parser.add_argument("--no-host", action="store_true", help="leave the host tests out")
    parser.add_argument("--at-least", type=float, default=100, metavar="PERCENT", help="how many must be caught")
    args = parser.parse_args()
    mutants = tomllib.loads(pathlib.Path(args.list).read_text())["mutant"]
    only = [name for name in args.only.split(",") if name]
    mutants = [m for m in mutants if not only or any(m["name"].startswith(o) for o in only)]
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        base = pathlib.Path(folder) / "base"
        copy_tree(base)
        check_unmutated(base, args)
        with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
            results = list(pool.map(lambda m: report(m, try_mutant(m, base, args)), mutants))
    sys.exit(summary(mutants, results, args.at_least))


def check_unmutated(base, args):
    """Builds all that the mutants start from, which must pass by itself."""
    for name in catchers({}, not args.no_host):
        try:
            if caught := ask(name, base):
                sys.exit(f"unmutated, on {name}: {caught}")
        except DoesNotBuild as error:
            sys.exit(f"unmutated, {name} does not build: {error}")


def state(mutant, found):
    """What became of it, as a column of the table."""
    if not found:
        return "argued" if "equivalent" in mutant else "survived"
    if found[0][0] in ("ERROR", "unbuilt"):
        return "error" if found[0][0] == "ERROR" or not mutant.get("generated") else "unbuilt"
    return "wrongly argued" if "equivalent" in mutant else "caught"


def report(mutant, found):
    what = state(mutant, found)
    why = f" argued: {mutant['equivalent']}" if what == "argued" else "".join(f" {text}" for _, text in found[:1])
    others = [name for name, _ in found[1:]]
    who = found[0][0] if what == "caught" else what.upper()
    print(f"{mutant['name']:40} {who:12}{why}" + (f"   also: {' '.join(others)}" if others else ""), flush=True)
    return found


def print_table(mutants, results):
    """A row for each kind: how many, what became of them, and who caught how many."""
    rows = collections.defaultdict(collections.Counter)
    for mutant, found in zip(mutants, results):
        what = state(mutant, found)
        for kind in (mutant["kind"], "all"):
            rows[kind].update(["planted", what, *(f"by {name}" for name, _ in found if what in ("caught", "wrongly argued"))])
    names = [f"by {name}" for name in [*ORDER, "bochs"] if rows["all"][f"by {name}"]]
    rare = [column for column in ("argued", "wrongly argued", "survived", "unbuilt", "error") if rows["all"][column]]
    columns = ["planted", "caught", *rare, *names]
    print("\n" + f"{'kind':16}" + "".join(f"{column.removeprefix('by '):>{len(column) + 2}}" for column in columns))
    for kind in [*sorted(k for k in rows if k != "all"), "all"]:
        print(f"{kind:16}" + "".join(f"{rows[kind][column] or '-':>{len(column) + 2}}" for column in columns))


def summary(mutants, results, at_least):
    """Prints table and total; 1 if too few are caught of those that build and are not argued for."""
    print_table(mutants, results)
    states = [state(mutant, found) for mutant, found in zip(mutants, results)]
    named = {what: [m["name"] for m, s in zip(mutants, states) if s == what] for what in set(states)}
    caught, survived = len(named.get("caught", [])), len(named.get("survived", []))
    percent = 100 * caught / max(1, caught + survived)
    print(f"\n{len(mutants)} mutants: {caught} of {caught + survived} caught ({percent:.1f} %), "
          f"{len(named.get('argued', []))} argued to be equivalent, {len(named.get('unbuilt', []))} did not build")
    for what in ("survived", "wrongly argued", "error"):
        if what in named:
            print(f"{what}: {', '.join(named[what])}")
    return 1 if percent < at_least or "error" in named or "wrongly argued" in named else 0


if __name__ == "__main__":
    main()
