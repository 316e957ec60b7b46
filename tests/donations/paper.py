"""What stands on the pages of a PDF of ours, read back from its bytes by its own fonts."""

import re
import zlib

OBJECT = re.compile(rb"(\d+) 0 obj\n(.*?)\nendobj", re.S)
SHOWN = re.compile(rb"/(F\d+) [\d.]+ Tf|\(((?:\\.|[^\\)])*)\) Tj", re.S)
ESCAPES = {rb"\r": b"\r", rb"\n": b"\n", rb"\t": b"\t", rb"\b": b"\b", rb"\f": b"\f"}


def text_of(pdf):
    """All lines of all pages, joined by spaces."""
    objects = {int(number): body for number, body in OBJECT.findall(pdf)}
    fonts = {name: letters(objects, int(number)) for name, number in re.findall(rb"/(F\d+) (\d+) 0 R", pdf)}
    pages = [int(number) for number in re.findall(rb"/Contents (\d+) 0 R", pdf)]
    return " ".join(line for page in pages for line in lines(stream(objects[page]), fonts))


def pages_of(pdf):
    return len(re.findall(rb"/Contents (\d+) 0 R", pdf))


def stream(body):
    raw = body.split(b"stream\n", 1)[1].rsplit(b"\nendstream", 1)[0]
    return zlib.decompress(raw) if b"/FlateDecode" in body else raw


def letters(objects, font):
    """A font's own numbers for letters."""
    table = stream(objects[int(re.search(rb"/ToUnicode (\d+) 0 R", objects[font])[1])])
    return {int(code, 16): chr(int(letter, 16)) for code, letter in re.findall(rb"<(\w{4})> <(\w{4,8})>", table)}


def lines(content, fonts):
    known = {}
    for font, string in SHOWN.findall(content):
        if font:
            known = fonts[font]
        else:
            plain = re.sub(rb"\\(.)", lambda found: ESCAPES.get(found[0], found[1]), string, flags=re.S)
            codes = [int.from_bytes(plain[at : at + 2]) for at in range(0, len(plain), 2)]
            yield "".join(known[code] for code in codes)
