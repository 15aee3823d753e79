"""Buildings, units and rooms as a sheet writes them, in the one normal form that chats are read with (``domain.place``)."""

import re
import unicodedata
from collections.abc import Callable

from domain.place import Gazetteer, Place, find_place

Reader = Callable[[str], str]
"""From a cell to the normal form; "" for what is none."""

_NOWHERE = Gazetteer()
_NUMBER = re.compile(r"[0-9]{1,3}|[A-Za-z][0-9]{0,2}")
_ORDINAL = re.compile(r"[0-9]{1,2}|[一二三四五六七八九十]{1,3}|[甲乙丙丁东西南北中A-Da-d]")
_ONLY_PLACE = re.compile(r"[0-9A-Za-z一二三四五六七八九十百零〇○两甲乙丙丁东西南北中号楼栋幢座院单元门室户#＃\-/ ]+")
_ROOM = re.compile(r"([0-9]{1,5}[A-Za-z]?)(?:号?室|号|户|房)?")
_OWN_NAME = re.compile(r"[\u3400-\u9fffA-Za-z]{2,12}")


def building(text: str) -> str:
    """“3”, “三号楼”, “3#” → “3栋”; a building with a name of its own keeps it; "" where a number cannot be read."""
    text = _half(text)
    if _NUMBER.fullmatch(text):
        text += "栋"
    place = find_place(text, _NOWHERE)
    if place == Place(building=place.building) and place.building and _ONLY_PLACE.fullmatch(text):
        return place.building
    return text if _OWN_NAME.fullmatch(text) and not place else ""


def has_own_name(name: str) -> bool:
    """Whether a chat would not recognise this building by its number."""
    return find_place(name, _NOWHERE).building != name


def unit(text: str) -> str:
    """“2”, “二单元” → “2单元”; "" when it is none."""
    text = _half(text)
    if _ORDINAL.fullmatch(text):
        text += "单元"
    place = find_place(text, _NOWHERE)
    return place.unit if place == Place(unit=place.unit) and _ONLY_PLACE.fullmatch(text) else ""


def room(text: str) -> str:
    """“501室” → “501”; "" when it is none."""
    text = _half(text)
    if found := _ROOM.fullmatch(text):
        return found[1].upper()
    place = find_place(text if text.endswith(("室", "户")) else text + "室", _NOWHERE)
    return place.room if place == Place(room=place.room) and _ONLY_PLACE.fullmatch(text) else ""


def stair(text: str) -> tuple[str, str] | None:
    """“4栋2单元” → ("4栋", "2单元"), “3栋” → ("3栋", ""); nothing when it is anything else."""
    text = _half(text)
    whole = building(text)
    if whole and not has_own_name(whole):
        return whole, ""
    place = find_place(text, _NOWHERE)
    if place.building and place == Place(place.building, place.unit) and _ONLY_PLACE.fullmatch(text):
        return place.building, place.unit
    return (whole, "") if whole else None


def listed(text: str) -> list[str]:
    """The parts of a cell that lists several things."""
    return [part.strip() for part in re.split(r"[、，,;；]+", text) if part.strip()]


def _half(text: str) -> str:
    return unicodedata.normalize("NFKC", text).replace(" ", "")
