"""Variables of the kernel, laid out by its DWARF but read by our own memory: objects whose fields
are attributes.

A scalar, pointer or enumeration is an int, a struct an Object, an array a list.  Fields of unnamed
unions belong to the struct. """

from functools import lru_cache

import gdb

from kernelview import Unavailable

SCALARS = (
    gdb.TYPE_CODE_INT,
    gdb.TYPE_CODE_BOOL,
    gdb.TYPE_CODE_CHAR,
    gdb.TYPE_CODE_ENUM,
    gdb.TYPE_CODE_PTR,
)
RECORDS = (gdb.TYPE_CODE_STRUCT, gdb.TYPE_CODE_UNION)


@lru_cache(maxsize=None)
def layout(name):
    """Of a struct: field to (offset, type)."""
    return fields_of(gdb.lookup_type(name).strip_typedefs())


def fields_of(kind, base=0):
    fields = {}
    for field in kind.fields():
        inner, offset = field.type.strip_typedefs(), base + field.bitpos // 8
        if field.name:
            fields[field.name] = (offset, inner)
        elif inner.code in RECORDS:
            fields |= fields_of(inner, offset)
    return fields


def record_layout(kind):
    if not kind.name:
        return fields_of(kind)
    word = "union " if kind.code == gdb.TYPE_CODE_UNION else "struct "
    try:
        return layout(word + kind.name)
    except gdb.error:
        return fields_of(kind)  # a typedef's name


def signed(kind):
    return kind.code == gdb.TYPE_CODE_INT and kind.is_signed


def decode(machine, kind, address, data):
    """A value of GDB's type `kind` that lies at `address` and begins with `data`."""
    kind = kind.strip_typedefs()
    if kind.code in SCALARS:
        return int.from_bytes(data[: kind.sizeof], "little", signed=signed(kind))
    if kind.code == gdb.TYPE_CODE_ARRAY:
        element = kind.target()
        size = element.sizeof
        return [
            decode(machine, element, address + n * size, data[n * size : (n + 1) * size])
            for n in range(kind.sizeof // size)
        ]
    inner = wrapped(kind)
    return decode(machine, inner, address, data) if inner else Object(machine, kind, address, data)


def wrapped(kind):
    """What a typedef of a nameless struct with one field wraps, such as atomic_t, pte_t: it stands
    for its content.
    """
    fields = kind.fields() if kind.code == gdb.TYPE_CODE_STRUCT and not kind.name else []
    return fields[0].type if len(fields) == 1 else None


class Object:
    """A struct in the kernel's memory, as it was when it was read."""

    def __init__(self, machine, kind, address, data=None):
        self._machine, self._kind = machine, kind
        self._fields = record_layout(kind)
        self.address = address
        self._data = machine.read(address, kind.sizeof) if data is None else data

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        if name not in self._fields:
            raise Unavailable(
                f"{self._kind} has no field {name} in this kernel: tools/gdb is of another time"
            )
        offset, kind = self._fields[name]
        return decode(
            self._machine, kind, self.address + offset, self._data[offset : offset + kind.sizeof]
        )

    def has(self, name):
        return name in self._fields

    def address_of(self, name):
        return self.address + self._fields[name][0]
