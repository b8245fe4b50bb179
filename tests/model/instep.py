"""instep.py: the model in step with the kernel, by hand.

    instep.py BUILD [--pae] [--debug] [--seed N] [--count N] [--show STEP]
"""

import argparse
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from abi import CALLS
from caller import Caller
from base import Sizes
from script import archive, script_bytes

ROOM = 112 << 10  # bytes that each task may take beyond what it begins with
QEMU = (
    "qemu-system-i386 -m {memory}M -smp 1 -icount shift=0,sleep=off -display none -serial stdio "
    "-no-reboot -device isa-debug-exit,iobase=0xf4,iosize=4"
)
PASS = 33


def elf_name(pae, debug):
    return "tarn" + ("-pae" if pae else "") + ("-debug" if debug else "") + ".elf"


def boot(build, kernel, script, limit=1800):
    """Exit status and console of one boot."""
    with tempfile.TemporaryDirectory(prefix="tarn-model-") as folder:
        tar = Path(folder) / "model.tar"
        archive(tar, build / "user.tar", script)
        memory = 192 + 3 * len(script) // (1 << 20)
        command = QEMU.format(memory=memory).split() + [
            "-kernel",
            str(build / kernel),
            "-initrd",
            f"{tar} user.tar",
            "-append",
            "selftest=none run=model exit",
        ]
        done = subprocess.run(command, capture_output=True, timeout=limit)
    return done.returncode, done.stdout.decode(errors="replace").replace("\r", "")


def measure(build, kernel):
    """Sizes and what the tasks begin with, from a boot with an empty script."""
    status, text = boot(build, kernel, script_bytes([], [1 << 28] * 3))
    assert status == PASS, text
    numbers = re.search(
        r"^model: size endpoint (\d+) notification (\d+) task (\d+) page (\d+) thread (\d+) system (\d+)$",
        text,
        re.M,
    )
    tasks = re.findall(
        r"^model: task \d number (\d+) used (\d+) pages (\d+) tables (\d+)$", text, re.M
    )
    names = ("number", "used", "pages", "tables")
    return (
        Sizes(*map(int, numbers.groups())),
        [dict(zip(names, map(int, task))) for task in tasks],
    )


def make_steps(build, kernel, seed, count):
    sizes, tasks = measure(build, kernel)
    caller = Caller(seed, "pae" in kernel, sizes, tasks, [ROOM] * len(tasks))
    return caller, [caller.step() for _ in range(count)]


def figures(caller, count):
    """What the run has covered, as lines."""
    yield f"succeeded {100 * caller.succeeded // count} %, blocked {100 * caller.blocked // count} %"
    yield "calls: " + " ".join(f"{name} {n}" for name, n in sorted(caller.calls.items()))
    for name, call in CALLS.items():
        yield f"{name}: " + " ".join(f"{e} {caller.pairs[name, e]}" for e in call.errors)


def explain(steps, number):
    for i in range(max(0, number - 2), min(len(steps), number + 2)):
        step = steps[i]
        arguments = " ".join(f"{key}={value:#x}" for key, value in step.arguments.items())
        print(f"step {i}: thread {step.worker}: {step.name} {arguments} advance={step.advance}")
        print("   pokes", [(hex(a), hex(v)) for a, v in step.pokes])
        for answer in step.answers:
            print("   answer", answer)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build", type=Path)
    parser.add_argument("--pae", action="store_true")
    parser.add_argument("--debug", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=10000)
    parser.add_argument("--show", type=int)
    asked = parser.parse_args()
    kernel = elf_name(asked.pae, asked.debug)
    start = time.monotonic()
    caller, steps = make_steps(asked.build, kernel, asked.seed, asked.count)
    print(f"model: {time.monotonic() - start:.1f} s", flush=True)
    if asked.show is not None:
        explain(steps, asked.show)
        return 0
    status, text = boot(asked.build, kernel, script_bytes(steps, caller.limits))
    print(f"with the guest: {time.monotonic() - start:.1f} s")
    print(text[text.find("[9]") :])
    found = re.search(r"^model: step (\d+)", text, re.M)
    if found:
        explain(steps, int(found[1]))
    else:
        print("\n".join(figures(caller, asked.count)))
    return 0 if status == PASS else 1


if __name__ == "__main__":
    sys.exit(main())
