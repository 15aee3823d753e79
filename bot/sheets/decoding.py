"""Bytes of a text file as people's programs write them: UTF-8 with or without mark, UTF-16 of Excel, GBK."""

import codecs

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class Undecodable(Exception):
    """In no encoding we know."""


def decode(data: bytes) -> str:
    """The text. GB 18030 comes last: nearly any bytes can be read as that.

    Raises:
        Undecodable: rather than replacing what could not be read, for it may be a name.

    """
    marked = next((encoding for mark, encoding in _MARKS if data.startswith(mark)), None)
    for encoding in (marked,) if marked else ("utf-8", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Undecodable
