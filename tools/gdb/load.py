# Read by GDB (`source tools/gdb/load.py`): adds the `tarn` commands and the pretty-printers.  A GDB
# without Python takes these lines for commands of its own: it shows the first, and stops at the
# second, saying why.
echo = "\nThe tarn commands need a GDB with Python (Debian: gdb, not gdb-minimal).\n"
python = True

import sys
from pathlib import Path

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from kernelview import commands, printers, tours  # noqa: E402

commands.register()
printers.register()
tours.register()
