"""Boots a kernel in Bochs, from an ISO, and says what it printed.

Bochs models what QEMU hides: Global entries survive a CR3 load, PDPTEs are read only when CR3 is
loaded, reserved bits in them fault.  It has no isa-debug-exit; the kernel ends it by writing
`Shutdown` to port 0x8900, so the verdict is the closing line on the serial console. """

import os
import shutil
import subprocess
import tempfile
import uuid
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Behind it there is "no verdict", which fails: far beyond what a boot takes on a host that has
# other things to do.
HOST_LIMIT = 3600

CONFIG = """\
plugin_ctrl: unmapped=true, biosdev=true, speaker=false, extfpuirq=true, parallel=false, serial=true
megs: {megabytes}
cpu: count={cpus}, ips=50000000, model={model}, reset_on_triple_fault=0
romimage: file=/usr/share/bochs/BIOS-bochs-latest
vgaromimage: file=/usr/share/bochs/VGABIOS-lgpl-latest
ata0-master: type=cdrom, path={folder}/tarn.iso, status=inserted
boot: cdrom
com1: enabled=1, mode=file, dev={folder}/serial
display_library: rfb, options="timeout=0"
log: {folder}/log
panic: action=fatal
clock: sync=none, time0=1700000000
port_e9_hack: enabled=1
"""


def tool(name, argument=""):
    return subprocess.run(
        ["sh", ROOT / "tools/compiler.sh", name, argument], capture_output=True, text=True
    ).stdout.strip()


def make_iso(kernel, append, folder):
    menu = folder / "grub.cfg"
    menu.write_text(
        f'set timeout=0\nmenuentry "Tarn" {{\n\tmultiboot /boot/{kernel.name} {append}\n}}\n'
    )
    subprocess.run(
        ["sh", ROOT / "tools/mkiso.sh", tool("objcopy"), folder / "tarn.iso", menu, kernel],
        check=True,
    )


def record(kernel, output):
    """What a kernel built with COVERAGE=1 writes to port 0xE9 comes out of Bochs
    (tests/boot/machine/coverage_boot.py).
    """
    if folder := os.environ.get("TARN_COVERAGE"):
        (Path(folder) / f"{kernel.stem}-{uuid.uuid4().hex}.blocks").write_bytes(output)


def boot(kernel, append, cpus=4, megabytes=512, model="corei7_haswell_4770"):
    """The text of the serial console and of Bochs's log.  Both say little when the guest hangs:
    TimeoutExpired then.
    """
    folder = Path(tempfile.mkdtemp(prefix="tarn-bochs-"))
    try:
        make_iso(Path(kernel), append, folder)
        (folder / "rc").write_text(
            CONFIG.format(folder=folder, cpus=cpus, megabytes=megabytes, model=model)
        )
        (folder / "go").write_text(
            "c\n"
        )  # Debian's Bochs has the debugger, which waits for `continue`
        done = subprocess.run(
            ["bochs", "-q", "-f", "rc", "-rc", "go"],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=HOST_LIMIT,
        )
        record(Path(kernel), done.stdout)
        return (
            (folder / "serial").read_text(errors="replace").replace("\r", "")
            if (folder / "serial").exists()
            else "",
            (folder / "log").read_text(errors="replace") if (folder / "log").exists() else "",
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)
