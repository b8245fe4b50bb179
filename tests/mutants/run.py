#!/usr/bin/env python3
"""Plants mistakes, one at a time, and shows which test catches each.

A mutant is a replacement inside a named function (mutants.toml, or made by generate.py): the text must stand in that function
exactly once, so that a mutant that no longer fits is an error and not a silent pass.

    run.py [--jobs N] [--only NAME,...] [--list FILE] [--all]

Each mutant gets a copy of the tree and of an unmutated build, in which only the changed file is compiled again.  It is
caught if it does not compile, a test fails, the kernel panics, or the boot does not come to its end.  Without --all the first
to catch it is enough; with it all are asked, and a table says who caught what.  Bochs is asked where the list says `bochs = true`.
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
    ("debug", "tarn-debug.elf", ["-smp", "4", "-m", "512M", "-cpu", "max"], "exit highmem=128M"),
    ("pae-debug", "tarn-pae-debug.elf", ["-smp", "2", "-m", "512M", "-cpu", "max"], "exit highmem=128M"),
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


def try_kernel(tree, name, kernel, options, append):
    if (built := make(tree, kernel)).returncode:
        message = re.search(r"(error: .*|undefined reference.*)", built.stderr + built.stdout)
        return f"build: {message[1][:70]}" if message else "does not build"
    return verdict(*boot(tree, kernel, options, append))


def try_host(tree):
    """The host tests; what they print of the failed one."""
    done = subprocess.run(["make", "-s", "check-host"], cwd=tree, capture_output=True, text=True, timeout=1200)
    if done.returncode == 0:
        return None
    failed = re.search(r"\[  FAILED  \] (\S+)|ERROR: (\S+)|error: (.*)", done.stdout + done.stderr)
    return next(filter(None, failed.groups()), "fails") if failed else "fails"


def try_bochs(tree, kernel):
    if make(tree, kernel).returncode:
        return "does not build"
    sys.path.insert(0, str(HERE.parent / "bochs"))
    import bochs
    try:
        text, log = bochs.boot(tree / "build" / kernel, "exit highmem=256M")
    except subprocess.TimeoutExpired:
        return "hang"
    return verdict(33 if re.search(r"^\d+ passed, 0 failed$", text, re.M) else "no closing line", text)


def catchers(mutant, tree, with_host):
    """Who may catch it, in order: a name and what to call."""
    wanted = mutant.get("boots")
    for name, kernel, options, append in BOOTS:
        if not wanted or name in wanted:
            yield name, lambda n=name, k=kernel, o=options, a=append: try_kernel(tree, n, k, o, a)
    if with_host and (not wanted or "host" in wanted):
        yield "host", lambda: try_host(tree)
    if mutant.get("bochs"):
        yield "bochs", lambda: try_bochs(tree, "tarn.elf") or try_bochs(tree, "tarn-pae.elf")


def try_mutant(mutant, base, ask_all, with_host):
    """Pairs of who caught it and by what; [("ERROR", why)] if it does not fit."""
    found = []
    with tempfile.TemporaryDirectory(prefix="mutant-") as folder:
        tree = pathlib.Path(folder) / "tree"
        shutil.copytree(base, tree, symlinks=True)
        path = tree / mutant["file"]
        try:
            path.write_text(mutate(path.read_text(), mutant))
        except ValueError as error:
            return [("ERROR", str(error))]
        for name, ask in catchers(mutant, tree, with_host):
            if caught := ask():
                found.append((name, caught))
                if not ask_all:
                    break
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", default="")
    parser.add_argument("--list", default=str(HERE / "mutants.toml"))
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--no-host", action="store_true", help="leave the host tests out")
    args = parser.parse_args()
    mutants = tomllib.loads(pathlib.Path(args.list).read_text())["mutant"]
    only = [name for name in args.only.split(",") if name]
    mutants = [m for m in mutants if not only or any(m["name"].startswith(o) for o in only)]
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        base = pathlib.Path(folder) / "base"
        copy_tree(base)
        check_unmutated(base, not args.no_host)
        with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
            results = list(pool.map(lambda m: report(m, try_mutant(m, base, args.all, not args.no_host)), mutants))
    sys.exit(summary(mutants, results))


def check_unmutated(base, with_host):
    """Builds all that the mutants start from, which must pass by itself."""
    for name, kernel, options, append in BOOTS:
        if caught := try_kernel(base, name, kernel, options, append):
            sys.exit(f"unmutated, on {name}: {caught}")
    if with_host and (caught := try_host(base)):
        sys.exit(f"unmutated, host tests: {caught}")


def report(mutant, found):
    first = f"{found[0][0]:9} {found[0][1]}" if found else "-         " + ("argued: " + mutant["equivalent"] if "equivalent" in mutant else "SURVIVED")
    others = [name for name, _ in found[1:]]
    print(f"{mutant['name']:34} {first}" + (f"   also: {' '.join(others)}" if others else ""), flush=True)
    return found


def summary(mutants, results):
    """Prints the totals; 1 if a mutant is neither caught nor argued for."""
    caught = {}
    for found in results:
        for name, _ in found:
            caught[name] = caught.get(name, 0) + 1
    argued = [m["name"] for m, found in zip(mutants, results) if not found and "equivalent" in m]
    bad = [m["name"] for m, found in zip(mutants, results) if (not found and "equivalent" not in m) or (found and found[0][0] == "ERROR")]
    print("caught by: " + ", ".join(f"{name} {n}" for name, n in caught.items()))
    print(f"{len(mutants)} mutants, {len(mutants) - len(bad) - len(argued)} caught, {len(argued)} argued to be equivalent, "
          f"{len(bad)} not caught: {', '.join(bad) or 'none'}")
    return 1 if bad else 0


if __name__ == "__main__":
    main()
