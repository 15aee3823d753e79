"""A sealed file (备份): Fernet pieces of one series, so that a large file never stands in memory.

A line that names the format, a line with the mark of the key, then pieces: four bytes of length and a token. In a token
stand the series, the place in it and whether it is the last one: no piece can be left out, put elsewhere or cut off unseen.
"""

import hashlib
import json
import os
import secrets
import struct
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

from cryptography.fernet import Fernet, InvalidToken
from pydantic import SecretStr

from storage.snapshot import SnapshotFault

_MAGIC = b"dangxiaoqi backup 1\n"
_PIECE = 1 << 20
_LONGEST = 2 * _PIECE
"""Bytes of a token, at most: whoever reads a stranger's file does not take any length from it."""
_HEAD = struct.Struct(">16sQ?")
_LENGTH = struct.Struct(">I")


@dataclass(frozen=True, slots=True)
class Label:
    """What stands in front of a copy. ``made_at``: ISO, with its zone."""

    engine: str
    made_at: str


def mark(key: SecretStr) -> bytes:
    """What tells keys apart without telling anything about them."""
    return hashlib.sha256(b"dangxiaoqi backup " + key.get_secret_value().encode()).hexdigest()[:16].encode()


def seal(source: Path, target: Path, key: SecretStr, label: Label) -> None:
    """``source`` into ``target``, a new file that only its owner can read, on the disk when this returns."""
    fernet, series = Fernet(key.get_secret_value()), secrets.token_bytes(16)
    with (
        source.open("rb") as plain,
        os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out,
    ):
        out.write(_MAGIC + mark(key) + b"\n")
        for place, (data, last) in enumerate(_pieces(plain, json.dumps(asdict(label)).encode())):
            token = fernet.encrypt(_HEAD.pack(series, place, last) + data)
            out.write(_LENGTH.pack(len(token)) + token)
        out.flush()
        os.fsync(out.fileno())


def _pieces(plain: BinaryIO, first: bytes) -> Iterator[tuple[bytes, bool]]:
    data = first
    while more := plain.read(_PIECE):
        yield data, False
        data = more
    yield data, True


def unseal(source: Path, target: Path, keys: Sequence[SecretStr]) -> Label:
    """``source`` into ``target``, a new file that only its owner can read.

    Raises:
        SnapshotFault: ``not_backup``, ``wrong_key`` or ``damaged``; what stands in ``target`` is then worth nothing.

    """
    with source.open("rb") as file:
        if file.read(len(_MAGIC)) != _MAGIC:
            raise SnapshotFault("not_backup")
        fitting = file.readline(80).strip()
        key = next((key for key in keys if mark(key) == fitting), None)
        if key is None:
            raise SnapshotFault("wrong_key")
        pieces = _opened(file, Fernet(key.get_secret_value()))
        try:
            label = Label(**json.loads(next(pieces)))
        except (ValueError, TypeError, StopIteration):
            raise SnapshotFault("damaged") from None
        with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            for data in pieces:
                out.write(data)
            out.flush()
            os.fsync(out.fileno())
        return label


def _opened(file: BinaryIO, fernet: Fernet) -> Iterator[bytes]:
    series, place, last = b"", 0, False
    while not last:
        length = file.read(_LENGTH.size)
        size = _LENGTH.unpack(length)[0] if len(length) == _LENGTH.size else _LONGEST + 1
        token = file.read(size) if size <= _LONGEST else b""
        try:
            data = fernet.decrypt(token)
            own, number, last = _HEAD.unpack_from(data)
        except (InvalidToken, struct.error):
            raise SnapshotFault("damaged") from None
        series = series or own
        if own != series or number != place:
            raise SnapshotFault("damaged")
        place += 1
        yield data[_HEAD.size :]
    if file.read(1):
        raise SnapshotFault("damaged")
