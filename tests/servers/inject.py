#!/usr/bin/python3
"""Faults for the servers: which bytes of which server are to be changed, drawn by a seed.

The kinds are those of the experiments with MINIX 3 (Herder, Bos, Gras, Homburg and Tanenbaum,
"Fault Isolation for Device Drivers", DSN 2009): faults as compilers, memory and programmers make
them, in the text of a running program.  root changes the bytes while the
server works, and judges what comes of it (user/root/trial.h); it finds the list as the file
`faults` of the archive, which is how it knows that it may.

    inject.py BUILD --count 10000       what `make check-faults` does
    inject.py BUILD --seed 7 --only 12  fault 12 of a list again, with the whole console
"""

import argparse
import collections
import io
import os
import random
import re
import shutil
import struct
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

import capstone

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "boot/machine"))
from qemu import FAIL, PASS, Boot, Machine, NoVerdict  # noqa: E402

# enum server_number
SERVERS = {"pager": 1, "names": 2, "con": 3, "ramfs": 4, "pipe": 5, "proc": 6}
KINDS = ["bit", "register", "store", "branch", "bound", "data"]
# struct fault, user/root/trial.c
RECORD = struct.Struct("<BBBBI16s")
CHANGED_MAX = 16
DELAY_MAX = 100  # guest milliseconds from the beginning of a round
STORE, STORE_BYTES = 0x40000000, 0x40000  # RAMFS_STORE, and what it surely has
STACK_TOP, STACK_USED = 0xBFFFF000, 1024
PAGE = 4096


# ---- Programs ----


@dataclass
class Program:
    """What of a server's file is changed: its instructions, its variables."""

    text: bytes
    start: int  # of the text
    functions: dict  # addresses by name
    code: list  # of instructions, as capstone has them
    variables: list  # pairs of address and size


def sections(elf):
    """Name, kind, address, offset, size, link of each section (ELF32, TIS ELF 1.2, 1-9)."""
    offset, (size, count, names) = struct.unpack_from("<I", elf, 32)[0], struct.unpack_from(
        "<HHH", elf, 46
    )
    heads = [struct.unpack_from("<10I", elf, offset + i * size) for i in range(count)]
    texts = heads[names][4]
    for head in heads:
        end = elf.index(b"\0", texts + head[0])
        yield elf[texts + head[0] : end].decode(), head


def read_program(path, disassembler):
    elf = path.read_bytes()
    found = dict(sections(elf))
    head = found[".text"]
    text, start = elf[head[4] : head[4] + head[5]], head[3]
    table = found[".symtab"]
    symbols = [
        struct.unpack_from("<IIIBBH", elf, table[4] + at) for at in range(0, table[5], table[9])
    ]
    names = found[".strtab"][4]
    functions = [
        (elf[names + name : elf.index(b"\0", names + name)].decode(), value, size)
        for name, value, size, kind, _, _ in symbols
        if kind & 15 == 2 and size
    ]
    code = [
        instruction
        for value, size in sorted({(value, size) for _, value, size in functions})
        for instruction in disassembler.disasm(text[value - start : value - start + size], value)
    ]
    variables = [
        (value, size)
        for _, value, size, kind, _, section in symbols
        if kind & 15 == 1 and size and value >= found[".data"][3] and section < 0xFF00
    ]
    by_name = {name: value for name, value, _ in functions}
    return Program(text, start, by_name, code, variables)


# ---- Kinds ----


def again(disassembler, data, address):
    """The instruction that these bytes are, if they are one and no more."""
    found = list(disassembler.disasm(data, address, 1))
    return found[0] if found and found[0].size == len(data) else None


def operands(instruction):
    return [part.strip() for part in instruction.op_str.split(",")] if instruction.op_str else []


def variants(disassembler, instruction, changes):
    """What the instruction becomes by one of the changes of one of its bytes."""
    for place in range(instruction.size):
        for change in changes(instruction.bytes[place]):
            data = bytearray(instruction.bytes)
            data[place] = change
            other = again(disassembler, bytes(data), instruction.address)
            if other and other.mnemonic == instruction.mnemonic:
                yield bytes(data), other


def one_differs(instruction, other):
    """The two texts of the only operand in which they differ; None."""
    pairs = [
        pair
        for pair in zip(operands(instruction), operands(other), strict=False)
        if pair[0] != pair[1]
    ]
    same = len(operands(instruction)) == len(operands(other))
    return pairs[0] if same and len(pairs) == 1 else None


REGISTER = re.compile(r"^(e?[abcd]x|[abcd][lh]|e?[sd]i|e?[sb]p)$")


def wrong_register(disassembler, instruction, draw):
    """Another destination or source: a register, or one by which memory is found."""
    found = []
    for data, other in variants(
        disassembler,
        instruction,
        lambda byte: [byte ^ bits << shift for shift in (0, 3) for bits in range(1, 8)],
    ):
        pair = one_differs(instruction, other)
        names = [re.sub(r"0x[0-9a-f]+|\d+", "", text) for text in pair] if pair else None
        if pair and (
            all(REGISTER.match(text) for text in pair)
            or ("[" in pair[0] and "[" in pair[1] and names[0] != names[1])
        ):
            found.append(data)
    return draw.choice(found) if found else None


def skipped_store(disassembler, instruction, draw):
    """Nothing is written to memory."""
    into_memory = (
        instruction.operands
        and instruction.operands[0].type == capstone.CS_OP_MEM
        and instruction.operands[0].access & capstone.CS_AC_WRITE
    )
    return b"\x90" * instruction.size if into_memory else None


def wrong_branch(disassembler, instruction, draw):
    """A condition turned round, or a branch that is not taken (Intel SDM volume 2, Jcc)."""
    data = bytes(instruction.bytes)
    if data[0] & 0xF0 == 0x70:
        turned = bytes([data[0] ^ 1]) + data[1:]
    elif data[0] == 0x0F and data[1] & 0xF0 == 0x80:
        turned = bytes([data[0], data[1] ^ 1]) + data[2:]
    else:
        return None
    return draw.choice([turned, b"\x90" * len(data)])


def wrong_bound(disassembler, instruction, draw):
    """A comparison with one more, or one less."""
    if instruction.mnemonic != "cmp" or instruction.operands[1].type != capstone.CS_OP_IMM:
        return None
    bound = instruction.operands[1].imm
    found = [
        data
        for data, other in variants(
            disassembler, instruction, lambda byte: [(byte + 1) & 255, (byte - 1) & 255]
        )
        if other.operands[1].imm in (bound + 1, bound - 1)
        and operands(other)[0] == operands(instruction)[0]
    ]
    return draw.choice(found) if found else None


def flipped_bit(disassembler, instruction, draw):
    data = bytearray(instruction.bytes)
    data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
    return bytes(data)


TEXT_KINDS = {
    "bit": flipped_bit,
    "register": wrong_register,
    "store": skipped_store,
    "branch": wrong_branch,
    "bound": wrong_bound,
}


# ---- Faults ----


@dataclass
class Fault:
    number: int  # of those that the seed makes
    server: str
    kind: str
    address: int
    change: bytes  # exclusive or with what is there
    delay: int
    what: str

    def record(self):
        return RECORD.pack(
            SERVERS[self.server],
            len(self.change),
            self.kind != "data",
            self.delay,
            self.address,
            self.change,
        )


class Maker:
    """Faults one after the other; the same for the same seed and the same programs."""

    def __init__(self, build, seed):
        self.draw = random.Random(seed)
        self.made = 0
        self.disassembler = capstone.Cs(capstone.CS_ARCH_X86, capstone.CS_MODE_32)
        self.disassembler.detail = True
        self.programs = {
            name: read_program(build / "user" / name, self.disassembler) for name in SERVERS
        }

    def in_data(self, server):
        """A bit of a variable, of the stack, of the files."""
        draw = self.draw
        places = ["variable"] * 6 + ["stack"] + ["store"] * (server == "ramfs")
        place = draw.choice(places)
        if place == "variable":
            start, size = draw.choice(self.programs[server].variables)
            address = start + draw.randrange(size)
        elif place == "stack":
            address = STACK_TOP - 1 - draw.randrange(STACK_USED)
        else:
            address = STORE + draw.randrange(STORE_BYTES)
        return address, bytes([1 << draw.randrange(8)]), place

    def in_text(self, server, kind):
        draw, program = self.draw, self.programs[server]
        while True:
            instruction = draw.choice(program.code)
            old, address = bytes(instruction.bytes), instruction.address
            if address // PAGE != (address + len(old) - 1) // PAGE or len(old) > CHANGED_MAX:
                continue
            new = TEXT_KINDS[kind](self.disassembler, instruction, draw)
            if new:
                change = bytes(a ^ b for a, b in zip(old, new, strict=True))
                return address, change, f"{instruction.mnemonic} {instruction.op_str}"

    def make(self):
        server, kind = self.draw.choice(list(SERVERS)), self.draw.choice(KINDS)
        address, change, what = (
            self.in_data(server) if kind == "data" else self.in_text(server, kind)
        )
        self.made += 1
        delay = self.draw.randrange(DELAY_MAX)
        return Fault(self.made - 1, server, kind, address, change, delay, what)


# ---- Boots ----

# A tick is some 300,000 instructions, a ping 9 million: a server that loops is soon found out, and
# yet no other is taken for dead because it waits for that one (500 ms at most).
EXACT = ["-icount", "shift=5,sleep=off", "-rtc", "base=2024-01-01,clock=vm", "-seed", "1"]
VERDICTS = ["-serial", "file:{folder}/verdicts"]  # the second one
APPEND = "selftest=none ping=300 exit "
LOAD = "run=check_servers"
OUTPUT_LIMIT = 1 << 30  # bytes: a damaged con writes until its pings are missed, 4 MiB each time
VERDICT = re.compile(
    r"^fault (\d+) of (\w+): (absent|silent|exception|exit|silence|answer|stuck|later)"
    r"(?:; (works|lost) after (\d+) rounds?(, interrupted)?(?:, also ((?: ?\w+)+))?)?$",
    re.M,
)
DONE = re.compile(r"^faults: all done$", re.M)
PANIC = re.compile(r"^panic: .*", re.M)


def pack(build, faults, path):
    """The programs, and the list."""
    shutil.copyfile(build / "user.tar", path)
    listed = b"".join(fault.record() for fault in faults)
    head = tarfile.TarInfo("faults")
    head.size = len(listed)
    with tarfile.open(path, "a", format=tarfile.USTAR_FORMAT) as archive:
        archive.addfile(head, io.BytesIO(listed))


@dataclass
class Result:
    fault: Fault
    noticed: str  # how; "silent": not at all
    recovered: bool
    rounds: int
    interrupted: bool
    also: str


class Campaign:
    """Faults until so many have been injected, boot after boot: one ends when the load works no
    more, and the next goes on with the fault behind it."""

    def __init__(self, build, kernel="2level", seed=1, smp="1", per_boot=500, keep=None, load=LOAD):
        self.build, self.kernel, self.smp, self.per_boot = build, kernel, smp, per_boot
        self.maker = Maker(build, seed)
        self.results, self.absent, self.boots, self.broken = [], 0, 0, []
        self.load = load
        self.keep = keep  # a folder for:
        self.consoles = {}  # of boots that ended with a fault not recovered

    def run(self, count, tell=lambda text: None):
        waiting = []
        while len(self.results) < count:
            while len(waiting) < min(self.per_boot, count - len(self.results)):
                waiting.append(self.maker.make())
            del waiting[: self.boot(waiting)]
            if self.keep:
                self.write_consoles()
            tell(f"{len(self.results)} of {count} faults, {self.boots} boots: {self.figures()}")

    def boot(self, faults):
        """Tries these; how many of them it came to."""
        self.boots += 1
        with tempfile.TemporaryDirectory(prefix="tarn-faults-") as folder:
            archive = Path(folder) / "user.tar"
            pack(self.build, faults, archive)
            ended = self.watch(self.machine(archive))
        return self.read(faults, *ended)

    def machine(self, archive):
        return Machine(
            self.kernel,
            append=APPEND + self.load,
            memory="128M",
            smp=self.smp,
            module=archive,
            extra=EXACT + VERDICTS,
        )

    def watch(self, machine):
        """What the console said, and root; the exit status; why there is none."""
        with Boot(machine, self.build) as boot:
            boot.output_limit = OUTPUT_LIMIT
            try:
                status, failure = boot.wait_for_exit(), None
            except (NoVerdict, AssertionError) as caught:
                status, failure = None, str(caught)
            said = (boot.folder / "verdicts").read_text()
        return boot.text, said, status, failure

    def read(self, faults, text, said, status, failure):
        """What the console says of each.  A boot that ended without its last words was ended by the
        fault that it was trying; if by the kernel, this is broken.
        """
        tried, lost = 0, False
        for number, server, noticed, outcome, rounds, interrupted, also in VERDICT.findall(said):
            assert int(number) == tried and server == faults[tried].server, said
            fault, lost = faults[tried], outcome == "lost"
            tried += 1
            if noticed == "absent":
                self.absent += 1
                continue
            rounds, interrupted = int(rounds or 0), bool(interrupted)
            self.add(Result(fault, noticed, not lost, rounds, interrupted, also), text)
        broken = failure or (status == FAIL and PANIC.search(text))
        if not broken and (lost or (status == PASS and DONE.search(said))):
            return tried
        assert tried < len(faults), text[-3000:]
        self.add(Result(faults[tried], "end", False, 0, False, ""), text)
        if broken:
            self.broken.append((faults[tried], failure or text[-6000:]))
        return tried + 1

    def add(self, result, text):
        if not result.recovered:
            self.consoles[result.fault.number] = f"{describe(result)}\n\n{text[-20000:]}"
        self.results.append(result)

    def write_consoles(self):
        self.keep.mkdir(parents=True, exist_ok=True)
        for number, text in self.consoles.items():
            (self.keep / f"{number}.txt").write_text(text)

    # ---- Figures ----

    @property
    def crashes(self):
        return [result for result in self.results if result.noticed != "silent"]

    @property
    def lost(self):
        return [result for result in self.crashes if not result.recovered]

    def figures(self):
        crashes, lost = len(self.crashes), len(self.lost)
        share = 100 * (crashes - lost) / crashes if crashes else 100
        return (
            f"{crashes} crashes, {crashes - lost} recovered ({share:.2f} %), {lost} not,"
            f" kernel broken {len(self.broken)} times"
        )

    def table(self):
        lines = []
        for head, of in (
            ("kind", lambda result: result.fault.kind),
            ("server", lambda result: result.fault.server),
        ):
            lines.append(f"{head:10}{'faults':>8}{'crashes':>9}{'lost':>6}")
            for name in KINDS if head == "kind" else SERVERS:
                own = [result for result in self.results if of(result) == name]
                crashed = [result for result in own if result.noticed != "silent"]
                lost = [result for result in crashed if not result.recovered]
                lines.append(f"{name:10}{len(own):8}{len(crashed):9}{len(lost):6}")
        lines.append("noticed by")
        for noticed, number in collections.Counter(r.noticed for r in self.crashes).most_common():
            lines.append(f"  {noticed:10}{number:6}")
        late = sum(result.rounds > 1 for result in self.crashes if result.recovered)
        interrupted = sum(result.interrupted for result in self.crashes if result.recovered)
        also = sum(bool(result.also) for result in self.crashes)
        lines.append(
            f"recovered, but not in the first round: {late}; after what hung was killed:"
            f" {interrupted}; another server was restarted too: {also};"
            f" pages not there: {self.absent}"
        )
        lines.append(f"{len(self.results)} faults, {self.figures()}")
        return "\n".join(lines)

    def is_good(self, share=0.99):
        return not self.broken and len(self.lost) <= (1 - share) * max(1, len(self.crashes))


def describe(result):
    fault = result.fault
    return (
        f"fault {fault.number}: {fault.server} {fault.kind} at {fault.address:#x} ({fault.what}),"
        f" change {fault.change.hex()}, delay {fault.delay}: {result.noticed},"
        f" {'recovered' if result.recovered else 'lost'}"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=Path)
    parser.add_argument("--count", type=int, default=10000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kernel", choices=["2level", "pae"], default="2level")
    parser.add_argument("--smp", default="1")
    parser.add_argument("--only", type=int, help="this one of the list alone, with the console")
    parser.add_argument("--keep", type=Path, help="a folder for the consoles of what was lost")
    options = parser.parse_args()
    campaign = Campaign(options.build, options.kernel, options.seed, options.smp, keep=options.keep)
    if options.only is not None:
        for _ in range(options.only):
            campaign.maker.make()
        fault = campaign.maker.make()
        pack_and_show(campaign, fault)
        return 0
    campaign.run(options.count, lambda text: print(text, flush=True))
    print(campaign.table())
    for result in campaign.lost:
        print(describe(result))
    for fault, text in campaign.broken:
        print("the kernel:", fault, text)
    return not campaign.is_good()


def pack_and_show(campaign, fault):
    print(fault)
    with tempfile.TemporaryDirectory(prefix="tarn-faults-") as folder:
        archive = Path(folder) / "user.tar"
        pack(campaign.build, [fault], archive)
        text, said, status, failure = campaign.watch(campaign.machine(archive))
    print(text, said, status, failure or "")


if __name__ == "__main__":
    sys.exit(main())
