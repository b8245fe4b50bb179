"""Read by GDB (`source tools/gdb/load.py`): adds the `tarn` commands and the pretty-printers."""

import sys
from pathlib import Path

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from kernelview import commands, printers, tours  # noqa: E402

commands.register()
printers.register()
tours.register()
