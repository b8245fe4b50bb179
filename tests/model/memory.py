"""Accounts, address spaces, frames and their owners, as docs and design promise them.

Refused: a call that is refused, with every error that fits; a refused call changes nothing but what
its text says.  Whoever needs to know more of the kernel than its documents say so here:

- a page is charged first, then the record of its mapping, then, once the source is found good, the
  tables, which stay if the place is taken after all;
- where a table is missing, two must fit into the limit;
- a table goes when mem_unmap covers all that it maps and it is empty.
"""

PAGE = 4096
READ, WRITE, EXEC = 1, 2, 4
MAPPINGS_MAX = 1024  # of a frame


class Refused(Exception):
    def __init__(self, *errors):
        super().__init__(*errors)
        self.errors = frozenset(errors)


class Frame:
    def __init__(self, owner, word=0):
        self.owner = owner
        self.places = []  # (space, address), the oldest first
        self.word = word  # its first one


class Entry:
    def __init__(self, frame, prot):
        self.frame = frame  # None: a device's or a message page, which nobody owns
        self.prot = prot


class Space:
    def __init__(self, pae, sizes, limit, used=0):
        self.record = sizes.page - PAGE  # of a mapping
        self.table_shift = 21 if pae else 22
        self.pae = pae
        self.limit = limit
        self.used = used
        self.entries = {}
        self.tables = set()
        self.upper = set()
        self.other_tables = 0  # beside those that the model has seen made
        self.other_pages = 0

    # ---- The account ----

    def charge(self, size):
        if self.used + size > self.limit:
            raise Refused("EQUOTA")
        self.used += size

    def make_tables(self, address):
        table = address >> self.table_shift
        if table in self.tables:
            return
        self.charge(2 * PAGE)
        self.used -= 2 * PAGE
        self.tables.add(table)
        self.used += PAGE
        if self.pae and address >> 30 not in self.upper:
            self.upper.add(address >> 30)
            self.used += PAGE

    # ---- Single pages ----

    def enter(self, address, frame, prot):
        """The record has been charged."""
        try:
            if len(frame.places) >= MAPPINGS_MAX:
                raise Refused("ENOMEM")
            self.make_tables(address)
            if address in self.entries:
                raise Refused("EEXIST")
        except Refused:
            self.used -= self.record
            raise
        self.entries[address] = Entry(frame, prot)
        frame.places.append((self, address))

    def new_page(self, address, prot, word=0):
        self.charge(PAGE)
        try:
            self.charge(self.record)
            self.enter(address, Frame(self, word), prot)
        except Refused:
            self.used -= PAGE
            raise

    def other_page(self, address, prot):
        """A device's frame, or a message page."""
        self.make_tables(address)
        if address in self.entries:
            raise Refused("EEXIST")
        self.entries[address] = Entry(None, prot)

    def frame_at(self, address):
        entry = self.entries.get(address)
        return entry if entry and entry.frame else None

    def remove(self, address):
        """The frame passes to the oldest other mapping's space, or it is free."""
        frame = self.entries.pop(address).frame
        if not frame:
            return
        frame.places.remove((self, address))
        self.used -= self.record
        if not frame.places:
            frame.owner.used -= PAGE
        elif frame.owner is self and all(space is not self for space, _ in frame.places):
            frame.owner = frame.places[0][0]
            frame.owner.used += PAGE  # even beyond its limit
            self.used -= PAGE

    # ---- What calls do; each is a page at a time ----

    def map_from(self, address, source, source_at, prot):
        self.charge(self.record)
        entry = source.frame_at(source_at)
        if not entry:
            self.used -= self.record
            raise Refused("EFAULT")
        self.enter(address, entry.frame, prot & entry.prot)

    def grant_from(self, address, source, source_at, prot):
        entry = source.frame_at(source_at)
        if not entry:
            raise Refused("EFAULT")
        self.charge(PAGE)
        try:
            self.charge(self.record)
            if entry.frame.owner is not source:
                self.used -= self.record
                raise Refused("EPERM", *(["EEXIST"] if address in self.entries else []))
            self.enter(address, entry.frame, prot & entry.prot)
        except Refused:
            self.used -= PAGE
            raise
        entry.frame.owner = self
        source.used -= PAGE
        source.remove(source_at)

    def copy_from(self, address, source, source_at, prot, replace):
        entry = source.frame_at(source_at)
        if not entry:
            raise Refused("EFAULT")
        if replace and (self, address) == (source, source_at) and len(entry.frame.places) == 1:
            entry.prot = prot
            return
        self.charge(PAGE)
        self.used -= PAGE
        word = entry.frame.word
        if replace and self.frame_at(address):
            # The new frame is charged before the old one goes.
            self.used += PAGE
            self.remove(address)
            self.used -= PAGE
        self.new_page(address, prot, word)

    def take_write(self, address):
        entry = self.frame_at(address)
        if entry:
            entry.prot &= ~WRITE

    def share_from(self, address, source, source_at, prot):
        if source.frame_at(source_at):
            self.map_from(address, source, source_at, prot & ~WRITE)

    def protect(self, address, prot):
        entry = self.frame_at(address)
        if not entry:
            raise Refused("EFAULT")
        if prot & ~entry.prot & (WRITE | EXEC) and len(entry.frame.places) > 1:
            raise Refused("EPERM")
        entry.prot = prot

    def unmap(self, start, pages):
        for address in range(start, start + pages * PAGE, PAGE):
            if self.frame_at(address):
                self.remove(address)
        size = 1 << self.table_shift
        end = start + pages * PAGE
        for table in range(-(-start // size), end // size):
            if table in self.tables and all(a >> self.table_shift != table for a in self.entries):
                self.tables.discard(table)
                self.used -= PAGE

    def revoke(self, address):
        entry = self.frame_at(address)
        if not entry:
            return
        frame = entry.frame
        if frame.owner is not self:
            raise Refused("EPERM")
        for space, place in frame.places:
            del space.entries[place]
            space.used -= space.record
        self.used -= PAGE

    def end(self):
        for address in sorted(self.entries):
            self.remove(address)
