"""Drawings of walks and of the PKMap, as SVG and in characters.

Only descriptions come in and only text goes out, so that the book (docs/book/drawings.py) and the
debugger (tools/gdb) draw with the same code. """
