"""地点: which building, unit, room or spot a message names, in one normal form.

Families write “3栋2单元501”, “七号楼”, “6-2-1103”, “3#”, elders dictate “六栋二单元三零一”. What must *not* be read as a
place: telephone numbers, prices, dates, times. A wrong place sends a volunteer to a stranger's door, so a number counts
only with a word beside it that makes it a place, or in the three-part form that nothing else uses.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class Place:
    """A stated place; an empty string means that the message does not say."""

    building: str = ""
    unit: str = ""
    room: str = ""
    spot: str = ""

    def __bool__(self) -> bool:
        return bool(self.building or self.unit or self.room or self.spot)

    def shown(self) -> str:
        """The whole place, for those who go there."""
        return self.building + self.unit + self.room + self._spot()

    def public(self) -> str:
        """What may stand in a group: never the room (domain reference, section 15)."""
        return self.building + self.unit + self._spot()

    def same_spot(self, other: "Place") -> bool:
        """Whether “我家也是” may mean the same fault: same building (and unit, if both state one) or same spot."""
        if self.building and other.building:
            return self.building == other.building and (not self.unit or not other.unit or self.unit == other.unit)
        return bool(self.spot) and self.spot == other.spot and not (self.building or other.building)

    def merged(self, later: "Place") -> "Place":
        """This place with its gaps filled from what was said later; a later *other* building adds nothing."""
        if self.building and later.building and self.building != later.building:
            return self
        return Place(
            building=self.building or later.building,
            unit=self.unit or later.unit,
            room=self.room or later.room,
            spot=self.spot or later.spot,
        )

    def _spot(self) -> str:
        if not self.spot:
            return ""
        return " " + self.spot if self.building or self.unit else self.spot


@dataclass(frozen=True, slots=True)
class Gazetteer:
    """The community's own geography; empty sets mean “not filled in yet”, and then every building is believed."""

    buildings: frozenset[str] = frozenset()
    spots: tuple[str, ...] = ()
    nicknames: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


_DIGIT: Final = {c: i for i, c in enumerate("零一二三四五六七八九")} | {
    "〇": 0, "○": 0, "两": 2, "幺": 1, "壹": 1, "贰": 2, "叁": 3, "肆": 4, "伍": 5, "陆": 6, "柒": 7, "捌": 8, "玖": 9,
}  # fmt: skip
_CN: Final = "零一二三四五六七八九〇○幺壹贰叁肆伍陆柒捌玖"
_NUM: Final = rf"(?:(?<![\d.])\d{{1,3}}|[{_CN}十百]{{1,5}}|(?<![A-Za-z])[A-Za-z](?:\d{{1,2}})?)"
_GAP: Final = r"[ 　,，、的/\-–—－]{0,2}"
_ROOM_CORE: Final = rf"(?:(?<!\d)\d{{3,4}}[A-Da-d]?(?![\d.])|[{_CN}百]{{3,5}})"
_NOT_ROOM: Final = r"(?!\s*(?:元|块|米|度|年|毛|斤|平|个|人|户人|多|点|分|天(?!天|花)|次|兆|路|号线|万|页|字|种|级|卡路里|公里|克|寸|集|期|届|票|条|张|班|航班|%|[wWkK]|[:：]\d))"
_BUILDING_WORD: Final = r"(?:号?楼栋|号?栋楼?|号?幢楼?|号楼|号院|座|#楼?|＃楼?)"

_BUILDING: Final = re.compile(
    rf"(?P<b>{_NUM}) ?(?P<w>{_BUILDING_WORD})"
    rf"(?:{_GAP}(?P<u>\d{{1,2}}|[{_CN}十]{{1,3}}|[A-Da-d甲乙丙丁东西南北中]) ?(?:号?单元(?!楼(?![道梯下上口层里门顶]))|号?门(?=[^口前]|$)))?"
    rf"(?:{_GAP}(?P<u2>\d{{1,2}})[\-–—－/](?=\d{{3,4}}(?!\d)))?"
    rf"(?:{_GAP}(?:(?:\d{{1,2}}|[{_CN}十]{{1,3}})[楼层]{_GAP})?(?P<r>{_ROOM_CORE}){_NOT_ROOM})?",
    re.ASCII,
)
_TRIPLE: Final = re.compile(
    r"(?<![\d\-–—－/.])(?P<b>\d{1,2})(?P<s>[\-–—－/])(?P<u>\d{1,2})(?P=s)(?P<r>\d{3,4})(?![\d\-–—－/.])",
    re.ASCII,
)
_PAIR: Final = re.compile(
    rf"(?<![\d\-–—－/.:：])(?P<b>\d{{1,2}})[\-–—－](?P<r>\d{{3,4}})(?![\d\-–—－/.:：]){_NOT_ROOM}",
    re.ASCII,
)
_NUMBERED: Final = re.compile(
    # “12号402室”: a house number is a building only when a unit or room follows it
    rf"(?<![\d.])(?P<b>\d{{1,2}})号(?:(?P<u>\d|[{_CN}])单元)?(?P<r>(?<!\d)\d{{3,4}}(?=[室户]))?(?(u)|(?(r)|(?!)))",
    re.ASCII,
)
_UNIT: Final = re.compile(
    rf"(?P<u>(?<![\d\-–—－到至])\d{{1,2}}|(?<![一二三四五六七八九十])[{_CN}十]{{1,3}}|[甲乙丙丁东西南北]) ?号?单元(?!房|楼(?![道梯下上口层里门顶]))"
    rf"(?:{_GAP}(?:\d{{1,2}}[楼层]{_GAP})?(?P<r>{_ROOM_CORE}){_NOT_ROOM})?",
    re.ASCII,
)
_ROOM: Final = re.compile(
    rf"(?:(?<![\d.\-:：])(?P<r1>\d{{3,4}}[A-Da-d]?) ?(?:号?室|住户|房间|号房|业主|(?:那|这)?家(?!具|电|教|居|庭|长|政|装|里蹲))"
    rf"|(?P<r2>[{_CN}]{{3,4}}) ?(?:室|住户|号房|业主|(?:那|这)?家(?!具|电|教))"
    rf"|(?:我家|我们家|我住|家住|住在|我是|楼上|楼下|隔壁|对门|对面|门牌号?)(?:是|的|在|住)? ?(?P<r3>\d{{3,4}}|[{_CN}]{{3,4}})(?![\d.\-:：年月元块路号]){_NOT_ROOM})",
    re.ASCII,
)
_DICTATED: Final = re.compile(
    # voice-to-text writes “二洞”, “六冻”, “九东” for 栋; believed at the start of a phrase and before what a building has
    rf"(?:(?<=^)|(?<=[\s,，。我们咱在住到去])|(?<=那个))(?P<n>[{_CN}十]{{1,3}}|\d{{1,2}})[洞冻动东懂]"
    rf"(?=[{_CN}]单元|\d|[{_CN}]{{3,4}}(?![{_CN}])|的?[那大下水电楼门单后前旁边停漏])"
)
_CLAUSE_ROOM: Final = re.compile(
    # “802 又是拖椅子”, “有人在撬703”: a door number that begins a phrase or follows what is done to doors
    rf"(?:^|(?<=[\s,，。!！?？;；])|(?<=[撬砸踹敲]))(?P<r>\d{{3,4}})(?![\d.\-:：年月元块路号兆胶])(?= ?[\u4e00-\u9fff])(?! ?(?:了|分|错|快乐|班|还行|不存在)){_NOT_ROOM}",
    re.ASCII,
)
_DOOR: Final = re.compile(r"(?P<b>\d{1,2})栋(?P<u>\d)(?=$|[\s,，。])", re.ASCII)
_BUILDING_UNIT: Final = re.compile(r"(?:^|(?<=[\s,，。]))(?P<b>\d{1,2})-(?P<u>[1-9])(?=$|[。,，])", re.ASCII)
_AMONG: Final = re.compile(
    r"(?:不对|说错|打错|写错|发错|搞错|更正|错了|口误)",
    re.ASCII,
)
_DENIED: Final = re.compile(
    r"(?:不是|并非|不在)(?:我们?)?$",
    re.ASCII,
)
_HOME: Final = re.compile(
    r"(?:我住|我家在?|我是|家住|我们家?是?|住在|我在|我这)(?:在|是)?$",
    re.ASCII,
)
DOORS: Final = 12
"""Doors on a floor, at most, where only the number's form speaks for a room."""
_NO_DOOR: Final = frozenset({"110", "211", "404", "502", "1001", "1111", "1212", "1024", "808", "909", "101"})
"""Numbers that mean something else when they stand alone."""
_WHOLE: Final = frozenset("楼都全房别大山桥城的")
_COUNT: Final = frozenset("两几整每这那哪半多")


def find_place(text: str, gazetteer: Gazetteer) -> Place:
    """The place that a message is about, as far as it says so; the empty place otherwise."""
    if not text.isascii() and not unicodedata.is_normalized("NFKC", text):
        text = unicodedata.normalize("NFKC", text)
    if _DICTATED.search(text):
        text = _DICTATED.sub(r"\g<n>栋", text)
    place = _building(text, gazetteer) or _loose(text, gazetteer)
    spot = _spot(text, gazetteer)
    if spot:
        place = Place(place.building, place.unit, place.room, spot)
    return place


def _building(text: str, gazetteer: Gazetteer) -> Place:
    """The building that matters: a corrected one replaces the first, a far one beats where the writer lives."""
    found: list[tuple[re.Match[str], Place]] = []
    for match in _BUILDING.finditer(text):
        place = _read(match, text)
        if place and not _DENIED.search(text[: match.start()]):
            found.append((match, place))
    if not found:
        return Place()
    at, place = found[0]
    for later_at, later in found[1:]:
        if later.building == place.building:
            place = place.merged(later)
        elif _AMONG.search(text[at.end() : later_at.start()]) or (
            _HOME.search(text[: at.start()]) and not place.room and not _HOME.search(text[: later_at.start()])
        ):
            at, place = later_at, later
    if not place.unit and (door := _DOOR.match(text, at.start())) is not None:
        place = place.merged(Place("", f"{door['u']}单元"))
    if not place.room or not place.unit:
        place = place.merged(_unit_and_room(text[at.end() :]))
    if len(found) == 1 and not (place.room and place.unit):
        place = place.merged(_unit_and_room(text[: at.start()]))  # “二单元电梯……3栋的”
    return place


def _read(match: re.Match[str], text: str) -> Place:
    word, raw = match["w"], match["b"]
    if raw == "百":
        return Place()
    start = match.start()
    if start and (text[start - 1] in _COUNT or (text[start - 1] == "第" and word == "座")):
        return Place()
    after = text[match.end("w") : match.end("w") + 2]
    whole = word.endswith("楼") or after[:1] in _WHOLE
    if raw == "一" and word[0] in "栋幢座" and whole and not (match["u"] or match["r"]):
        return Place()  # “一栋楼都停电”: a whole building, not building one
    if word == "座" and (
        after[:1] in {"位", "机", "谈", "椅", "套", "山", "桥", "城"} or not (raw.isascii() or match["u"] or match["r"])
    ):
        return Place()
    if word in {"#", "＃"} and raw.isalpha():
        return Place()
    number = _number(raw)
    if not number:
        return Place()
    return Place(f"{number}栋", _unit(match["u"] or match["u2"]), _room(match["r"]))


def _loose(text: str, gazetteer: Gazetteer) -> Place:
    """Forms without a word for “building”; believed only where nothing else looks like them."""
    if any(c.isdigit() for c in text):
        for match in _TRIPLE.finditer(text):
            room = match["r"]
            if _plausible(room):
                return Place(f"{int(match['b'])}栋", f"{int(match['u'])}单元", room)
        for match in _NUMBERED.finditer(text):
            place = Place(f"{int(match['b'])}栋", _unit(match["u"]), _room(match["r"]))
            return place.merged(_unit_and_room(text[match.end() :]))
        for match in _PAIR.finditer(text):
            building = f"{int(match['b'])}栋"
            if (
                _plausible(match["r"])
                and building != "0栋"
                and (not gazetteer.buildings or building in gazetteer.buildings)
            ):
                return Place(building, "", match["r"])
        bare = _BUILDING_UNIT.search(text) if len(text) > 8 else None
        if bare is not None:
            return Place(f"{int(bare['b'])}栋", f"{bare['u']}单元").merged(_unit_and_room(text[: bare.start()]))
    nickname = next((n for n in sorted(gazetteer.nicknames, key=len, reverse=True) if n and n in text), None)
    if nickname is not None:
        rest = text[text.index(nickname) + len(nickname) :]
        return Place(gazetteer.nicknames[nickname]).merged(_unit_and_room(rest))
    return _unit_and_room(text)


def _unit_and_room(text: str) -> Place:
    unit = room = ""
    for match in _UNIT.finditer(text):
        unit, room = _unit(match["u"]), _room(match["r"])
        break
    if not room:
        for match in _ROOM.finditer(text):
            room = _room(match["r1"] or match["r2"] or match["r3"])
            if room.isdigit() and not _plausible(room):
                room = ""
            if room:
                break
    if not room:
        for match in _CLAUSE_ROOM.finditer(text):
            if _plausible(match["r"]) and int(match["r"][-2:]) <= DOORS and match["r"] not in _NO_DOOR:
                room = match["r"]
                break
    return Place("", unit, room)


def _spot(text: str, gazetteer: Gazetteer) -> str:
    """The longest known spot, the earliest of equals."""
    best = ""
    for spot in gazetteer.spots:
        if len(spot) > len(best) and spot in text:
            best = spot
    return best


def _plausible(room: str) -> bool:
    """Rooms end in 01 to 30 (floor + door); 2026 after two small numbers is a year, 1000 a price."""
    return (
        room[0] != "0"
        and 1 <= int(room[-2:]) <= 30
        and room not in {"2023", "2024", "2025", "2026", "2027", "2028", "2029", "2030"}
    )


def _unit(raw: str | None) -> str:
    if not raw:
        return ""
    if raw in "甲乙丙丁东西南北中":
        return raw + "单元"
    number = _number(raw)
    return f"{number}单元" if number else ""


def _room(raw: str | None) -> str:
    if not raw:
        return ""
    if raw[0].isascii():
        return "" if raw in {"110", "119", "120", "122"} else raw.upper()
    if "百" in raw:
        number = _number(raw)
        return number if len(number) >= 3 else ""
    return "".join(str(_DIGIT[c]) for c in raw)


def _number(raw: str) -> str:
    """Arabic digits of a Chinese, Arabic or lettered number; "" for nonsense such as “百百”."""
    if raw[0].isascii():
        return str(int(raw)) if raw.isdigit() and int(raw) else "" if raw.isdigit() else raw.upper()
    if "十" not in raw and "百" not in raw:
        return "".join(str(_DIGIT[c]) for c in raw).lstrip("0")
    total, digit = 0, -1
    for c in raw:
        if c in "十百":
            total += (1 if digit < 0 else digit) * (10 if c == "十" else 100)
            digit = -1
        else:
            digit = _DIGIT[c]
    total += max(digit, 0)
    return str(total) if total else ""
