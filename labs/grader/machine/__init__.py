"""The machine that a grader drives.  Of these files only this folder knows QEMU and its stub."""

from grader.machine.machine import MASK, PAGE_OFFSET, PAGE_SIZE, TRAPFRAME, U64, Machine, Return

__all__ = ["MASK", "PAGE_OFFSET", "PAGE_SIZE", "TRAPFRAME", "U64", "Machine", "Return"]
