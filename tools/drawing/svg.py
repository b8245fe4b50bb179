"""Shapes and text as SVG: black lines, three greys, text as text.  Used by the book and by GDB's
`tarn draw`.
"""

import html

WIDTH = 700
FONT = "DejaVu Sans, Helvetica, Arial, sans-serif"
MONO = "DejaVu Sans Mono, Menlo, Consolas, monospace"
WHITE, LIGHT, MID, DARK = "#ffffff", "#eeeeee", "#d4d4d4", "#a8a8a8"


class Drawing:
    """Collects shapes; svg() is the file."""

    def __init__(self, height, width=WIDTH):
        self.width, self.height = width, height
        self.shapes = []
        self.texts = []  # x, y, words, size, anchor: for the test that none overlap

    def add(self, shape):
        self.shapes.append(shape)

    def rect(self, x, y, w, h, fill=WHITE, dash=False, stroke=1.2):
        dashes = ' stroke-dasharray="5 4"' if dash else ""
        self.add(
            f'<rect x="{x}" y="{y}" width="{w}" height="{h}" fill="{fill}" stroke="#000" stroke-width="{stroke}"{dashes}/>'
        )

    def text(self, x, y, words, size=13, anchor="start", mono=False, bold=False, italic=False):
        self.texts.append((x, y, words, size, anchor))
        style = f'font-family="{MONO if mono else FONT}" font-size="{size}" text-anchor="{anchor}"'
        if bold:
            style += ' font-weight="bold"'
        if italic:
            style += ' font-style="italic"'
        self.add(f'<text x="{x}" y="{y}" {style} xml:space="preserve">{html.escape(words)}</text>')

    def box(self, x, y, w, h, *lines, fill=WHITE, size=13, mono=False, dash=False, bold=False):
        """A rectangle with lines of text in its middle."""
        self.rect(x, y, w, h, fill, dash)
        top = y + h / 2 - (len(lines) - 1) * (size + 3) / 2 + size * 0.36
        for i, words in enumerate(lines):
            self.text(
                x + w / 2,
                round(top + i * (size + 3), 1),
                words,
                size,
                "middle",
                mono,
                bold and i == 0,
            )

    def line(self, *points, dash=False, width=1.2):
        path = " ".join(f"{x},{y}" for x, y in points)
        dashes = ' stroke-dasharray="5 4"' if dash else ""
        self.add(
            f'<polyline points="{path}" fill="none" stroke="#000" stroke-width="{width}"{dashes}/>'
        )

    def arrow(self, *points, dash=False, width=1.4):
        path = " ".join(f"{x},{y}" for x, y in points)
        dashes = ' stroke-dasharray="5 4"' if dash else ""
        self.add(
            f'<polyline points="{path}" fill="none" stroke="#000" stroke-width="{width}"{dashes} '
            'marker-end="url(#HEAD)"/>'
        )

    def svg(self, name, title=""):
        head = f"{name}-head"
        body = "\n".join(self.shapes).replace("#HEAD", f"#{head}")
        label = f"<title>{html.escape(title)}</title>\n" if title else ""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {self.height}" width="{self.width}" '
            f'height="{self.height}" role="img">\n{label}<defs><marker id="{head}" viewBox="0 0 10 10" refX="9" refY="5" '
            'markerWidth="8" markerHeight="8" orient="auto"><path d="M0,0 L10,5 L0,10 z"/></marker></defs>\n'
            f'<rect width="100%" height="100%" fill="#fff"/>\n{body}\n</svg>'
        )
