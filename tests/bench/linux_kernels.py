"""Debian's i386 kernels with our module and /init: fetched, built, ready to be booted."""

import hashlib
import shutil
import subprocess
from pathlib import Path

import boots

SOURCE = Path(__file__).resolve().parent / "linux"
# Debian's flavours, by the names of Tarn's kernels.
FLAVOURS = {"2level": "686", "pae": "686-pae"}
# What Debian adds to plain memory management is switched off; addresses are not random, so that
# runs agree.
LEAN = (
    "mitigations=off init_on_alloc=0 nokaslr randomize_kstack_offset=off audit=0 transparent_hugepage=never "
    "cgroup_disable=memory"
)
INIT_FLAGS = [
    "-m32",
    "-march=i686",
    "-O2",
    "-Wall",
    "-Wextra",
    "-Werror",
    "-std=gnu11",
    "-ffreestanding",
    "-nostdlib",
    "-static",
    "-fno-pie",
    "-no-pie",
    "-fno-stack-protector",
    "-fcf-protection=none",
    "-fno-asynchronous-unwind-tables",
]


def entry(name, mode, data, inode, device=(0, 0)):
    """One member of a cpio archive, format "newc" (Linux,
    Documentation/driver-api/early-userspace/buffer-format.rst).
    """
    path = name.encode() + b"\0"
    numbers = (inode, mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(path), 0)
    head = b"070701" + b"".join(b"%08x" % value for value in numbers) + path
    return b"".join(part + bytes(-len(part) % 4) for part in (head, data))


def initramfs(files):
    """The archive with these files, {name: content}, as programs; the same bytes every time."""
    members = [
        entry("dev", 0o040755, b"", 1),
        entry("dev/console", 0o020600, b"", 2, (5, 1)),
        entry("proc", 0o040755, b"", 3),
        entry("sys", 0o040755, b"", 4),
    ]
    members += [entry(name, 0o100755, data, 10 + i) for i, (name, data) in enumerate(files.items())]
    return b"".join(members) + entry("TRAILER!!!", 0, b"", 0)


def call(*command, log):
    """Runs a program; what it prints goes to the log, and is shown if it fails."""
    with open(log, "a") as out:
        status = subprocess.run(command, stdout=out, stderr=subprocess.STDOUT).returncode
    if status:
        raise boots.Failed(f"{command[0]} failed, see {log}\n{log.read_text()[-3000:]}")


def build_module(folder, release, flavour, log):
    """timing.ko for one flavour: its content."""
    place = folder / flavour
    place.mkdir(exist_ok=True)
    for name in ("Kbuild", "timing.c"):
        if (
            not (place / name).exists()
            or (place / name).read_bytes() != (SOURCE / name).read_bytes()
        ):
            shutil.copy(SOURCE / name, place)
    headers = folder / f"root/usr/src/linux-headers-{release}-{flavour}"
    call(
        "make",
        "-s",
        "-C",
        headers,
        f"M={place}",
        "ARCH=i386",
        "CROSS_COMPILE=",
        "CC=gcc",
        "modules",
        log=log,
    )
    return (place / "timing.ko").read_bytes()


def digest():
    """Of all that Linux's figures depend on here; another kernel release comes with another folder
    or `make clean`.
    """
    sources = [path.read_bytes() for path in sorted(SOURCE.iterdir())]
    options = " ".join([LEAN, *INIT_FLAGS, *boots.EXACT, boots.MEMORY]).encode()
    return hashlib.sha256(b"\0".join([*sources, options])).hexdigest()


def prepare(folder):
    """Everything below `folder`, fetched once and built; the boots."""
    folder.mkdir(parents=True, exist_ok=True)
    folder = folder.resolve()
    log = folder / "build.log"
    log.write_text("")
    call("sh", SOURCE / "fetch.sh", folder, log=log)
    release = (folder / "release").read_text().strip()
    call(
        "gcc", *INIT_FLAGS, "-o", folder / "init", SOURCE / "init.c", SOURCE / "programs.c", log=log
    )
    found = []
    for kernel, flavour in FLAVOURS.items():
        module = build_module(folder, release, flavour, log)
        archive = folder / f"initramfs-{flavour}"
        archive.write_bytes(
            initramfs({"init": (folder / "init").read_bytes(), "timing.ko": module})
        )
        image = folder / f"root/boot/vmlinuz-{release}-{flavour}"
        found += [boots.LinuxBoot(kernel, cpus, image, archive, LEAN) for cpus in (4, 1)]
        found.append(boots.LinuxBoot(kernel, 1, image, archive, LEAN, programs=True))
    return found
