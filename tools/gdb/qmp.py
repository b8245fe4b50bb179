"""QEMU's monitor over its socket (QEMU: docs/interop/qmp-spec)."""

import json
import re
import socket
import time

STEP = (
    0.02  # seconds between two looks at a file or a socket that another program is about to change
)


class Ended(Exception):
    """QEMU is gone."""


def wait_until_ready(path, process):
    """Until QEMU answers at this socket.  It answers from its main loop, before which it has opened
    every other socket that its command line names: GDB's too, which takes one client and so must
    not be tried."""
    while True:
        try:
            Monitor(path).close()
            return
        except OSError:
            if process.poll() is not None:
                raise Ended from None
            time.sleep(STEP)


def wait_for_change(path, size):
    """Until a file has another size, or a second has passed: whoever calls has more to look at than
    the file.
    """
    for _ in range(int(1 / STEP)):
        if path.stat().st_size != size:
            return
        time.sleep(STEP)


class Monitor:
    def __init__(self, path):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(path))
            self.stream = connection.makefile("rw")
        self.stream.readline()
        self.ask("qmp_capabilities")

    def close(self):
        self.stream.close()

    def ask(self, command, **arguments):
        self.stream.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        try:
            self.stream.flush()
        except BrokenPipeError:
            raise Ended from None
        while True:  # events come between
            line = self.stream.readline()
            if not line:
                raise Ended
            answer = json.loads(line)
            if "error" in answer:
                raise OSError(answer["error"]["desc"])
            if "return" in answer:
                return answer["return"]

    def all_stopped(self):
        """Every CPU halts with interrupts off (EFLAGS.IF, bit 9)."""
        text = self.ask("human-monitor-command", **{"command-line": "info registers -a"})
        states = re.findall(r"EFL=([0-9a-f]+).*HLT=([01])", text)
        return bool(states) and all(
            halt == "1" and not int(flags, 16) & 1 << 9 for flags, halt in states
        )

    def memory_bytes(self):
        return self.ask("query-memory-size-summary")["base-memory"]

    def dump(self, path):
        """An ELF core file, with the mappings of the CPUs' page tables, so that GDB reads it by the
        kernel's addresses.
        """
        was_running = self.ask("query-status")["running"]
        self.ask("stop")
        self.ask("dump-guest-memory", paging=True, protocol=f"file:{path}")
        if was_running:
            self.ask("cont")
