"""Packs steps into a program that carries them out (user/random/script.h), and runs it."""

import io
import struct
import tarfile

from abi import CALLS, ERRORS

SCRIPT_AT, MAGIC = 0x0A000000, 0x4E524154
CALL, ADVANCE, AGAIN, RESTART = 1, 2, 4, 8
PAGE = 4096
ANY_ERROR = 0xFF


def answer_words(worker, answer):
    errors = sorted(ERRORS[name] for name in answer.errors)
    packed = sum(error << 8 * i for i, error in enumerate(errors))
    if len(errors) > 4:
        packed = ANY_ERROR
    # A refused call returns nothing else, unless the model says so.
    words = [worker | len(answer.checks) << 8 | answer.compared << 16, packed]
    words += [answer.ebx, answer.esi, answer.edi, answer.ebp]
    for address, word in answer.checks:
        words += [address, word]
    return words


def step_words(step):
    if step.name == "again":
        return [AGAIN | step.worker << 8, 0, *step.arguments.values(), 0]
    if step.name == "restart":
        return [RESTART, 0, 0, 0, 0, 0]
    kind = CALL | (ADVANCE if step.advance else 0)
    words = [kind | step.worker << 8 | len(step.pokes) << 16 | len(step.answers) << 24]
    words += CALLS[step.name].registers(step.arguments)
    for address, word in step.pokes:
        words += [address, word]
    for worker, answer in step.answers:
        words += answer_words(worker, answer)
    return words


def script_bytes(steps, limits):
    data = [struct.pack("<5I", MAGIC, len(steps), *limits)]
    for step in steps:
        words = step_words(step)
        data.append(struct.pack(f"<{len(words)}I", *words))
    return b"".join(data)


def with_segment(elf, data):
    """The program with one more segment, read-only, at SCRIPT_AT (System V ABI, chapter 5)."""
    offset, size, count = struct.unpack_from("<28xI10xHH", elf)
    headers = elf[offset : offset + size * count]
    start = -(-len(elf) // PAGE) * PAGE
    out = bytearray(elf.ljust(start, b"\0")) + data
    out += bytes(-len(out) % 4)
    struct.pack_into("<I", out, 28, len(out))
    struct.pack_into("<H", out, 44, count + 1)
    more = struct.pack("<8I", 1, start, SCRIPT_AT, 0, len(data), len(data), 4, PAGE)
    return bytes(out) + headers + more


def archive(path, user_tar, script):
    """user.tar again, with a program `model` that is `random` with the script."""
    with tarfile.open(user_tar) as old, tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as new:
        for member in old.getmembers():
            data = old.extractfile(member).read()
            if member.name == "root":
                new.addfile(member, io.BytesIO(data))
            if member.name == "random":
                member.name = "model"
                data = with_segment(data, script)
                member.size = len(data)
                new.addfile(member, io.BytesIO(data))
