"""A client of QEMU's monitor (QMP): lines of JSON."""

import json
import re
from dataclasses import dataclass


class MonitorError(Exception):
    """QEMU refused a command, or has ended."""


@dataclass(frozen=True)
class Flushes:
    """How often QEMU's TLB was emptied: whole, in part, or not at all since it was empty."""

    full: int
    partial: int
    elided: int


class Monitor:
    def __init__(self, connection):
        self.stream = connection.makefile("rw", encoding="utf-8")
        self._message()  # the greeting
        self.execute("qmp_capabilities")

    def execute(self, command, **arguments):
        try:
            self.stream.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
            self.stream.flush()
        except OSError as error:
            raise MonitorError(str(error)) from error
        return self._answer(command)

    def instructions(self):
        """Instructions that the guest has executed; right for a machine that stands still."""
        return self.execute("query-replay")["icount"]

    def info(self, what):
        return self.execute("human-monitor-command", **{"command-line": f"info {what}"})

    def halted(self):
        """[whether it is in HLT, ...] of each CPU, as QEMU knows it."""
        return [state == "1" for state in re.findall(r"\bHLT=(\d)", self.info("registers -a"))]

    def tlb_flushes(self):
        text = self.info("jit")
        counts = re.findall(r"TLB (?:full|partial|elided) flushes\s+(\d+)", text)
        return Flushes(*map(int, counts))

    def _answer(self, command):
        """Events come between command and answer; nobody needs them."""
        while True:
            message = self._message()
            if "error" in message:
                raise MonitorError(f"{command}: {message['error']['desc']}")
            if "return" in message:
                return message["return"]

    def _message(self):
        try:
            line = self.stream.readline()
        except OSError as error:
            raise MonitorError(str(error)) from error
        if not line:
            raise MonitorError("QEMU has ended")
        return json.loads(line)
