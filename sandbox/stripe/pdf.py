"""A small PDF of text lines, without any library: one page or more of Helvetica."""

from __future__ import annotations

from dataclasses import dataclass

_WIDTH, _HEIGHT = 595, 842  # A4 in points
_MARGIN = 56


@dataclass(frozen=True)
class Line:
    """One line: text on the left, text on the right, and its size in points."""

    left: str
    right: str = ""
    size: int = 10
    bold: bool = False
    gap: int = 6


def document(lines: list[Line]) -> bytes:
    """Return the PDF file with `lines` from top to bottom, on as many pages as they need."""
    pages = [_content(part) for part in _paged(lines)]
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>"]
    kids = " ".join(f"{5 + 2 * index} 0 R" for index in range(len(pages)))
    objects.append(f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode())
    for font in ("Helvetica", "Helvetica-Bold"):
        objects.append(
            f"<< /Type /Font /Subtype /Type1 /BaseFont /{font} "
            "/Encoding /WinAnsiEncoding >>".encode()
        )
    for index, content in enumerate(pages):
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {_WIDTH} {_HEIGHT}] "
            f"/Resources << /Font << /F1 3 0 R /F2 4 0 R >> >> /Contents {6 + 2 * index} 0 R >>"
            "".encode()
        )
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content))
    return _file(objects)


def _paged(lines: list[Line]) -> list[list[Line]]:
    pages: list[list[Line]] = [[]]
    room = _HEIGHT - 2 * _MARGIN
    for line in lines:
        needed = line.size + line.gap
        if needed > room:
            pages.append([])
            room = _HEIGHT - 2 * _MARGIN
        pages[-1].append(line)
        room -= needed
    return pages


def _content(lines: list[Line]) -> bytes:
    parts: list[bytes] = []
    y = _HEIGHT - _MARGIN
    for line in lines:
        y -= line.size
        font = b"F2" if line.bold else b"F1"
        for text, x in ((line.left, _MARGIN), (line.right, _right(line))):
            if text:
                parts.append(
                    b"BT /%s %d Tf %d %d Td (%s) Tj ET" % (font, line.size, x, y, _escaped(text))
                )
        y -= line.gap
    return b"\n".join(parts)


def _right(line: Line) -> int:
    """Return where the text on the right begins; figures of Helvetica are 0.556 em wide."""
    return round(_WIDTH - _MARGIN - 0.556 * line.size * len(line.right))


def _escaped(text: str) -> bytes:
    plain = "".join(letter if letter.isprintable() else " " for letter in text)
    encoded = plain.encode("cp1252", "replace")
    return encoded.replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")


def _file(objects: list[bytes]) -> bytes:
    out = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    offsets = []
    for number, one in enumerate(objects, start=1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, one)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    for offset in offsets:
        out += b"%010d 00000 n \n" % offset
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\n" % (len(objects) + 1)
    return bytes(out + b"startxref\n%d\n%%%%EOF\n" % start)
