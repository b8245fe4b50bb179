"""Names of addresses, from the kernel's symbols and line table."""

import gdb


def name_of(address, more=0):
    """Function and offset, as the kernel's own back traces write them; `more` is added to the
    offset.
    """
    if not address:
        return "nowhere"
    text = gdb.execute(f"info symbol {address:#x}", to_string=True).partition(" in section")[0]
    if text.startswith("No symbol"):
        return f"{address:#010x}"
    name, _, offset = text.partition(" + ")
    return f"{name}+{int(offset or 0) + more:#x}"


def offset_in(address):
    """Bytes from the start of the function that holds an address, or None."""
    name = name_of(address)
    return int(name.rpartition("+")[2], 16) if "+" in name else None


def place_of(address):
    """file:line, or ""."""
    line = gdb.find_pc_line(address)
    return f"{line.symtab.filename}:{line.line}" if line.symtab and line.line else ""
