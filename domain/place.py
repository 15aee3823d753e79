"""地点: which building, unit, room or spot a message names, in one normal form.

Families write “3栋2单元501”, “七号楼”, “6-2-1103”, “3#”, elders dictate “六懂二但愿三零一”. What must *not* be read as a
place: telephone numbers, prices, dates, times, and buildings elsewhere. A wrong place sends a volunteer to a stranger's
door, so a number counts only with a word beside it that makes it a place, or in the three-part form that nothing else
uses.

Reading has three steps: ``_GATE`` lets a text without a number and its word go at once, ``_tidy`` gives all habits of
writing and dictation one spelling, and a small grammar (building, unit, floor, room) finds the parts in what remains.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
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
    _firsts: re.Pattern[str] = field(init=False, repr=False, compare=False)
    _by_first: Mapping[str, tuple[tuple[int, str], ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_first: dict[str, tuple[tuple[int, str], ...]] = {}
        for at, spot in enumerate(self.spots):
            if spot:
                by_first[spot[0]] = (*by_first.get(spot[0], ()), (at, spot))
        object.__setattr__(self, "_by_first", by_first)
        object.__setattr__(self, "_firsts", re.compile("|".join(map(re.escape, by_first)) or r"(?!)"))

    def spot(self, text: str) -> str:
        """The longest known spot in a text, the first listed of equals."""
        best, rank = "", (0, 0)
        for found in self._firsts.finditer(text):
            for at, spot in self._by_first[found[0]]:
                if (len(spot), -at) > rank and text.startswith(spot, found.start()):
                    best, rank = spot, (len(spot), -at)
        return best


# Numbers. “两” counts things and is no name of a building.
_DIGIT: Final = {c: i for i, c in enumerate("零一二三四五六七八九")} | {
    "〇": 0, "○": 0, "幺": 1, "壹": 1, "贰": 2, "叁": 3, "肆": 4, "伍": 5, "陆": 6, "柒": 7, "捌": 8, "玖": 9,
}  # fmt: skip
_CN: Final = "零一二三四五六七八九〇○幺壹贰叁肆伍陆柒捌玖"
_CN_TEN: Final = _CN + "十拾廿"
_LETTER: Final = r"(?<![A-Za-z])[A-Za-z]\d{0,2}"
_BUILDING_NO: Final = rf"(?:(?<![\d.])\d{{1,3}}|[{_CN_TEN}百]{{1,5}}|{_LETTER})"
_UNIT_NO: Final = rf"(?:(?<![\d.])\d{{1,2}}|[{_CN}]?[十拾][{_CN}]?|[{_CN}])"
_NAMED: Final = "甲乙丙丁东西南北中"

_ANY_NO: Final = re.compile(rf"[\d{_CN}十]|[A-Za-z甲乙丙丁东西南北中] ?号?单")

# Words. A dash may stand wherever a space may.
_DASH: Final = r"[\-–—―]"
_SIDE: Final = r"\-–—―/"
_GAP: Final = rf"[\s,、.。:;()\[\]的啊呀嘛呢哦额嗯那住是{_SIDE}]{{0,3}}"
_BUILDING_WORD: Final = r"(?:号?楼栋|号?栋楼?|号?幢楼?|号楼|号院|座|#楼?)"
# “单元楼” and “单元房” are kinds of houses, “第三单元考试” is school, “东单元旦” is a feast
_FLAT: Final = r"单元(?!房|旦|考|卷|试卷|测[试验]|复习|单词|作业|练习|默写|听写|课|楼(?![道梯下上口层里门顶]))"
_FLOOR: Final = rf"(?:(?:\d{{1,2}}|[{_CN_TEN}]{{1,3}})[楼层]的?{_GAP})?"
_LABEL: Final = r"(?:(?:房号|房间号?|室号|门牌号?)[:是\s]{0,2})?"
_ROOM_NO: Final = rf"(?:(?<!\d)\d{{3,4}}[A-Da-d]?(?!\.?\d|[e-ln-vx-zE-Z])|[{_CN}百]{{3,5}}(?![{_CN_TEN}百千万]))"
_NOT_ROOM: Final = (
    r"(?!\s*(?:元|块|米|度|年|毛|斤|平|个|人|户(?:人|居|业|都|全|停|左|以|家庭)|多|点|分|天(?!天|花)|次|兆|路|号线|万|页|字|种|级|卡路里"
    r"|隔壁|对[面门过]|楼[上下][那家的]|公里|克|寸|集|期|届|票|条|张|班|航班|胶|医院|中学|小时|秒|升|毫|瓦|步|套|只|辆|本|名|位|岁|%|[wWkKgG]|[mM][lLmM]|[:]\d))"
)
_TAIL: Final = rf"(?:{_GAP}{_FLOOR}{_LABEL}(?P<r>{_ROOM_NO}){_NOT_ROOM})?"

_BUILDING: Final = re.compile(
    rf"(?P<b>{_BUILDING_NO}) ?(?P<w>{_BUILDING_WORD})"
    rf"(?:{_GAP}(?P<u>{_UNIT_NO}|[A-Da-d{_NAMED}](?=号?单)) ?(?:号?{_FLAT}|号?门(?!前))"
    rf"|{_GAP}(?P<u2>\d{{1,2}})(?:{_DASH}|/)(?=\d{{3,4}}(?!\d))"
    rf"|{_GAP}单元号?: ?(?P<u3>\d{{1,2}})(?!\d|[楼层个号]))?" + _TAIL,
    re.ASCII,
)
_UNIT: Final = re.compile(
    rf"(?:(?<![\d{_CN_TEN}元][到至~\-–—])(?<![\d{_CN_TEN}])(?P<u>{_UNIT_NO})(?:[、和跟与及]{_UNIT_NO}){{0,3}}"
    rf"|(?<![A-Za-z])(?P<n>[A-Da-d{_NAMED}])) ?号?{_FLAT}(?![到至~\-–—]{_UNIT_NO}单元)" + _TAIL,
    re.ASCII,
)
_TRIPLE: Final = re.compile(
    rf"(?<![\d{_SIDE}.])(?P<b>\d{{1,2}}|[{_CN_TEN}]{{1,3}})(?P<s>[{_SIDE}])(?P<u>\d{{1,2}}|[{_CN_TEN}])(?P=s)"
    rf"(?:(?P<r>\d{{3,4}}|[{_CN}]{{3,4}})(?![\d{_SIDE}.])|(?P<f>\d{{1,2}})(?=[楼层]))",
    re.ASCII,
)
_PAIR: Final = re.compile(
    rf"(?<![\d{_SIDE}.:])(?P<b>\d{{1,2}}){_DASH}(?P<r>\d{{3,4}})(?![\d{_SIDE}.:]){_NOT_ROOM}", re.ASCII
)
_BUILDING_UNIT: Final = re.compile(r"(?:^|(?<=[\s,。]))(?P<b>\d{1,2})-(?P<u>[1-9])(?=$|[。,])", re.ASCII)
_NUMBERED: Final = re.compile(
    # “12号402室”: a house number is a building only when a unit or room follows it
    rf"(?<![\d.])(?P<b>\d{{1,2}})号(?:(?P<u>\d|[{_CN}])单元{_TAIL}|(?P<r2>\d{{3,4}})(?=[室户]))",
    re.ASCII,
)
_OF_ROOM: Final = (
    r"(?:号?室|住户|房间|号房|业主|的?(?:老人|大爷|大妈|阿姨|奶奶|爷爷|邻居|租客|房东|房主|户主)"
    r"|(?:[那这]一?)?[家](?!具|电|教|居|庭|长|政|装|里蹲)|[那这]一?户|户(?=[的门主,。\s]|$))"
)
_AT_HOME: Final = r"(?:[我人]家|我们家?|[家居]?住|我是|[楼上下]面?|楼[上下]|隔壁|对[门面]|邻居|门牌号?|房号|[姨叔伯婶奶爷婆公哥姐妈爸嫂妹弟]家)"
_ROOM: Final = re.compile(
    rf"(?:(?<![\d.\-:共约近])(?P<r1>\d{{3,4}}[A-Da-d]?) ?{_OF_ROOM}"
    rf"|(?<![{_CN_TEN}])(?P<r2>[{_CN}]{{3,4}}) ?{_OF_ROOM}"
    rf"|{_AT_HOME}(?:是|的|在|住|:)? ?(?P<r3>\d{{3,4}}[A-Da-d]?|[{_CN}]{{3,4}}(?![{_CN_TEN}百千万]))"
    rf"(?![\d.\-:月号]){_NOT_ROOM})",
    re.ASCII,
)
_CLAUSE_ROOM: Final = re.compile(
    # “802 又是拖椅子”, “有人在撬703”: a door number that begins a phrase or follows what is done to doors
    rf"(?:^|(?<=[\s,。!?;])|(?<=[撬砸踹敲]))(?P<r>\d{{3,4}})(?![\d.\-:月号])(?= ?[\u4e00-\u9fff])"
    rf"(?! ?(?:了|错|快乐|还行|不存在)){_NOT_ROOM}",
    re.ASCII,
)
_SPOKEN_ROOM: Final = re.compile(
    # “五零三的李奶奶”, “隔壁没得人在家 五零三”: spoken digits around a nought, as doors are called
    rf"(?<![^\s,。!?;:撬砸踹敲])(?P<r>[{_CN[1:10]}幺]{{1,2}}[零〇○][{_CN[1:10]}幺])"
    rf"(?=[的那这门家户住漏又在有没窗阳\s,。!?]|$){_NOT_ROOM}"
)
_SURE_DOOR: Final = re.compile(
    r"(?: ?的?(?:[那这门家住漏阳又]|在(?!线)|有人|老|业主|奶奶|爷爷|大[爷妈姐哥叔]|阿姨|[和跟与及、]\d{3}))"
)
_DOOR: Final = re.compile(r"(?P<b>\d{1,2})栋(?P<u>\d)(?=$|[\s,。])", re.ASCII)

# What surrounds a building.
_CORRECTED: Final = re.compile(r"不对|[说打写发搞]错|更正|错了|口误")
_DENIED: Final = re.compile(r"(?:不是|并非|不在)(?:我们?)?$")
_HOME: Final = re.compile(r"(?:我住|我家在?|我是|家住|我们家?是?|住在|我在|我这)(?:在|是)?$")
_ELSEWHERE: Final = re.compile(
    r"(?:(?:隔壁|对[面过]|旁边|别|其[他它]|[他她]们|朋友|同事|前面|后面)[^\s,。!?;]{0,2}(?:小区|家园|花园|院子)"
    r"|老家|娘家|婆家|丈母娘家|(?<!物业)公司|单位|医院|住院[部楼]|门诊[部楼]?|园区|校区|大学|学校|写字楼|科技园|产业园|宾馆|酒店)"
    r"[^\s,。!?;]{0,3}$"
)
_TOGETHER: Final = re.compile(r"(?:[跟和同与][我你他她咱]们?|同|另|别|某|哪|[前后])$")
_RANGE: Final = re.compile(
    # “3栋至9栋停水” names no building; “10栋到11栋那根电线杆” stands near one
    rf"(?<![\d.\-月年:])(?P<from>\d{{1,2}}|[{_CN_TEN}]{{1,3}})(?: ?{_BUILDING_WORD})? ?(?P<to>至|到|~|{_DASH}{{1,2}}) ?"
    rf"(?P<b>\d{{1,2}}|[{_CN_TEN}]{{1,3}}) ?{_BUILDING_WORD}(?!之?间|中间|[那这的路旁夹]|\d)",
    re.ASCII,
)
_AND: Final = re.compile("[、和跟与及]")
_LISTED: Final = re.compile(  # “3、5栋停电”: the first of them
    rf"(?<![\d.\-月年:{_CN_TEN}])(?P<b>\d{{1,2}}|[{_CN_TEN}]{{1,3}})(?=[、和跟与及](?:\d{{1,2}}|[{_CN_TEN}]{{1,3}})(?:栋|幢|号楼))",
    re.ASCII,
)

_NOWHERE: Final = Place()
DOORS: Final = 12
"""Doors on a floor, at most, where only the number's form speaks for a room."""
_LAST_BUILDING: Final = 60
"""The highest building believed in “5-301”, where the form alone speaks for it; above it are blood pressures."""
_LONGEST: Final = 2000
"""Characters of a message that are read; what is longer names its place before, or is no request."""
_MOST: Final = 8
"""Buildings read in one message; what names more is a list."""
_AROUND: Final = 14
"""Characters before a building that may say whose it is."""
_NO_DOOR: Final = frozenset({"110", "211", "404", "502", "1001", "1111", "1212", "1024", "808", "909", "101"})
"""Numbers that mean something else when they stand alone."""
_HELP_LINES: Final = frozenset({"110", "119", "120", "122"})
_WHOLE: Final = frozenset("楼都全房别大山桥城的很")
_COUNT: Final = frozenset("两几整每这那哪半多另某隔")
_NO_TOWER: Final = re.compile(r"[位机谈椅套山桥城商车以塔庙坟岛]|的车|suv|面包", re.IGNORECASE)
_NO_HASH: Final = re.compile(r"[汽柴]?油|线|电池|色|砂|变压|锅炉|水?泵")

# Spelling: gate and repair.
_GATE: Final = re.compile(
    rf"\d|[{_CN_TEN}] ?[栋幢座号单门室楼但丹担户家杠洞冻动东懂撞董冬棟號單{_CN_TEN}]"
    r"|[A-Za-z\uff21-\uff3a\uff41-\uff5a]\d{0,2} ?[栋幢座号坐做棟號#\uff03]|[甲乙丙丁东西南北中] ?号?[单單但]|[①-⓿²³¹⁰-₉]"
)
_ODD: Final = re.compile(
    r"[棟號樓單層門戶間\ufe0f\u20e3\u200b-\u200d]|但[愿元]|单[愿原圆员源缘园远]|[丹担]元|门[洞栋动冻]|[洞冻动东懂撞董冬]|号[喽搂篓娄]|杠"
    r"|[A-Za-z][坐做]|[周期拜][一二三四五六][一二三四五六七八九十]|[dD][oO][nN][gG]|\d ?[-–—―/] \d|\d [-–—―/]|-\d单"
)
_SIMPLER: Final = str.maketrans("棟號樓單層門戶間", "栋号楼单层门户间", "\ufe0f\u20e3\u200b\u200c\u200d")
_AFTER_NO: Final = rf"(?<=[\d{_CN_TEN}{_NAMED[:4]}])(?<!唯一)(?<!万一)(?<!统一)"
_HEARD_UNIT: Final = re.compile(rf"{_AFTER_NO} ?(?:号?门[洞栋动冻]|[但单丹担]元|[但单]愿|单[原圆员源缘园远])", re.ASCII)
_HEARD_HOUSE: Final = re.compile(r"(?<=[\d一二三四五六七八九十])号[喽搂篓娄]", re.ASCII)
_HEARD_TOWER: Final = re.compile(r"(?<![A-Za-z])([A-Za-z])[坐做](?=\d|[一二三四五六七八九]单元|电梯|楼|大[堂门厅])")
_SPACED: Final = re.compile(r"(?<=\d) ?([-–—―/]) ?(?=\d)", re.ASCII)
_WEEKDAY: Final = re.compile(r"(?<=[周期拜])[一二三四五六](?=[一二三四五六七八九十])")
_PINYIN: Final = re.compile(r"(?<=\d) ?dong(?![a-z])", re.IGNORECASE)
_SAID_DASH: Final = re.compile(rf"(?<=[\d{_CN_TEN}])杠(?=[\d{_CN}])", re.ASCII)
_SHORT_UNIT: Final = re.compile(
    rf"(?<![\d.\-:])(?P<b>\d{{1,2}})-(?P<u>\d)单元(?={_GAP}(?P<r>\d{{3,4}}(?!\d)))?", re.ASCII
)
_SEVERAL: Final = r"(?:[二三四五六七八九]?十[一二三四五六七八九]?|[二三四五六七八九]|\d{1,2})"
_HEARD_BUILDING: Final = re.compile(
    # voice-to-text writes “二洞”, “六懂”, “九东” for 栋: believed before a unit or room, before what a building has (more
    # freely at the start of a phrase), and “懂” after any number but one; never “一动不动”, “周三动工”
    rf"(?<![\d.{_CN_TEN}不周期初第月年])(?:"
    rf"(?P<a>[{_CN_TEN}]{{1,3}}|\d{{1,2}})[洞冻动东懂撞董冬]"
    rf"(?={_GAP}(?:{_UNIT_NO} ?号?(?:单元|门)|[{_NAMED}]单元|\d{{3,4}}(?!\d)|[{_CN}]{{3,4}}(?![{_CN}])))"
    rf"|(?P<b>{_SEVERAL})(?:[懂董]|[洞冻动撞](?=的?(?:那|楼|门口|大门|电梯|单元|顶|停[水电气]|没[水电气]|{_UNIT_NO}[楼层])))"
    rf"|(?:^|(?<=[\s,。我们咱在住到去就是跟和家过面])|(?<=那个))(?P<c>{_SEVERAL}|一(?=洞))(?:[洞冻动撞]|东(?![门南北边]))"
    r"(?=的?[那这大下水电楼门单后前旁边停漏没灯有顶地对一二三四五六七八九\s,。]|$|的?(?:垃圾|充电|消防|里头|外头|小孩|老)))",
    re.ASCII,
)


def find_place(text: str, gazetteer: Gazetteer) -> Place:
    """The place that a message is about, as far as it says so; the empty place otherwise."""
    if len(text) > _LONGEST:
        text = text[:_LONGEST]
    place = _NOWHERE
    if _GATE.search(text):
        text = _tidy(text)
        place = _building(text) or _loose(text, gazetteer)
    if gazetteer.nicknames and not place.building:
        place = _nicknamed(text, gazetteer) or place
    if gazetteer.spots and (spot := gazetteer.spot(text)):
        place = Place(place.building, place.unit, place.room, spot)
    return place


def _tidy(text: str) -> str:
    """One spelling: half width, simplified, what dictation misheard mended."""
    if not text.isascii() and not unicodedata.is_normalized("NFKC", text):
        text = unicodedata.normalize("NFKC", text)
    if not _ODD.search(text):
        return text
    text = _WEEKDAY.sub(r"\g<0> ", _SPACED.sub(r"\1", text.translate(_SIMPLER)))
    text = _SAID_DASH.sub("-", _HEARD_UNIT.sub("单元", _HEARD_HOUSE.sub("号楼", text)))
    text = _HEARD_TOWER.sub(r"\1座", _PINYIN.sub("栋", text))
    text = _SHORT_UNIT.sub(_spread, text)
    return _HEARD_BUILDING.sub(lambda m: f"{m['a'] or m['b'] or m['c']}栋", text)


def _spread(match: re.Match[str]) -> str:
    """“8-2单元” is a building and a unit; “1-3单元” are several units, unless a room follows."""
    if match["r"] or int(match["b"]) >= int(match["u"]):
        return f"{match['b']}栋{match['u']}单元"
    return match[0]


def _building(text: str) -> Place:
    """The building that matters: a corrected one replaces the first, a far one beats where the writer lives."""
    if any(word in text for word in "至到~-–—"):
        text = _RANGE.sub(_unless_descending, text)
    if _AND.search(text):
        text = _LISTED.sub(r"\g<b>栋", text)
    matches = islice(_BUILDING.finditer(text), _MOST)
    found = [(match, place) for match in matches if (place := _read(match, text))]
    if not found:
        return _NOWHERE
    at, place = found[0]
    for later_at, later in found[1:]:
        if later.building == place.building:
            place = place.merged(later)
        elif (
            at["w"] == "号院"
            or _CORRECTED.search(text[at.end() : later_at.start()])
            or (_HOME.search(_before(at)) and not place.room and not _HOME.search(_before(later_at)))
        ):
            at, place = later_at, later
    if not place.unit and (door := _DOOR.match(text, at.start())) is not None:
        place = place.merged(Place("", f"{door['u']}单元"))
    if not place.room or not place.unit:
        place = place.merged(_unit_and_room(text[at.end() :]))
    if len(found) == 1 and not (place.room and place.unit):
        place = place.merged(_unit_and_room(text[: at.start()]))  # “二单元电梯……3栋的”
    return place


def _before(match: re.Match[str]) -> str:
    return match.string[max(0, match.start() - _AROUND) : match.start()]


def _unless_descending(match: re.Match[str]) -> str:
    """Nothing for a range; “6-2栋” and “从6栋到2栋” are none that a notice would write."""
    low, high = _number(match["from"]), _number(match["b"])
    return " " if low and high and int(low) < int(high) else match[0]


def _read(match: re.Match[str], text: str) -> Place:
    word, raw = match["w"], match["b"]
    unit, room = match["u"] or match["u2"] or match["u3"], match["r"]
    number = _number(raw)
    if not number or raw == "百":
        return _NOWHERE
    start, before = match.start(), _before(match)
    if start and (text[start - 1] in _COUNT or (text[start - 1] == "第" and word == "座")):
        return _NOWHERE
    if _DENIED.search(before) or _ELSEWHERE.search(before):
        return _NOWHERE
    after = text[match.end("w") : match.end("w") + 4]
    whole = word.endswith("楼") or after[:1] in _WHOLE
    if raw == "一" and word[0] in "栋幢座" and not (unit or room) and (whole or _TOGETHER.search(before)):
        return _NOWHERE  # “一栋楼都停电”, “跟我一栋”: not building one
    if word == "座" and (_NO_TOWER.match(after) or not (raw.isascii() or unit or room)):
        return _NOWHERE
    if word == "#" and (raw.isalpha() or _NO_HASH.match(after)):
        return _NOWHERE
    return Place(f"{number}栋", _unit(unit), _room(room))


def _loose(text: str, gazetteer: Gazetteer) -> Place:
    """Forms without a word for “building”; believed only where nothing else looks like them."""
    for match in _TRIPLE.finditer(text):
        room = _room(match["r"])
        if (match["f"] or _plausible(room)) and (building := _number(match["b"])):
            return Place(f"{building}栋", _unit(match["u"]), room)
    for match in _NUMBERED.finditer(text):
        place = Place(f"{int(match['b'])}栋", _unit(match["u"]), _room(match["r"] or match["r2"]))
        return place.merged(_unit_and_room(text[match.end() :]))
    for match in _PAIR.finditer(text):
        number, room = int(match["b"]), match["r"]
        if (
            0 < number <= _LAST_BUILDING
            and _plausible(room)
            and not (number % 10 == 0 and room[-1] == "0")
            and (not gazetteer.buildings or f"{number}栋" in gazetteer.buildings)
        ):
            return Place(f"{number}栋", "", room)
    bare = _BUILDING_UNIT.search(text) if len(text) > 8 else None
    if bare is not None:
        return Place(f"{int(bare['b'])}栋", f"{bare['u']}单元").merged(_unit_and_room(text[: bare.start()]))
    return _unit_and_room(text)


def _nicknamed(text: str, gazetteer: Gazetteer) -> Place:
    name = next((n for n in sorted(gazetteer.nicknames, key=len, reverse=True) if n and n in text), None)
    if name is None:
        return _NOWHERE
    return Place(gazetteer.nicknames[name]).merged(_unit_and_room(text[text.index(name) + len(name) :]))


def _unit_and_room(text: str) -> Place:
    unit = room = ""
    if not _ANY_NO.search(text):
        return _NOWHERE
    if (found := _UNIT.search(text)) is not None:
        unit, room = _unit(found["u"] or found["n"]), _room(found["r"])
    if room:
        return Place("", unit, room)
    return Place("", unit, min(_bare_rooms(text), default=(0, ""))[1])


def _bare_rooms(text: str) -> Iterator[tuple[int, str]]:
    """The first room of every kind that stands without its building, and where it stands."""
    for match in _ROOM.finditer(text):
        room = _room(match["r1"] or match["r2"] or match["r3"])
        if room and _plausible(room):
            yield match.start(match.lastgroup or 0), room
            break
    for match in _CLAUSE_ROOM.finditer(text):
        room = match["r"]
        if (
            _plausible(room)
            and int(room[-2:]) <= DOORS
            and room not in _HELP_LINES
            and (room not in _NO_DOOR or _SURE_DOOR.match(text, match.end()))
        ):
            yield match.start(), room
            break
    for match in _SPOKEN_ROOM.finditer(text):
        if match.end() - match.start() < len(text) // 2:  # “三零一” alone is a number
            yield match.start(), _room(match["r"])
            break


def _plausible(room: str) -> bool:
    """Rooms end in 01 to 30 (floor + door); 2026 after two small numbers is a year, 1000 a price."""
    door = room[:-1] if room[-1:].isalpha() else room
    return (
        len(door) >= 3
        and door[0] != "0"
        and 1 <= int(door[-2:]) <= 30
        and not (len(door) == 4 and "2023" <= door <= "2030")
    )


def _unit(raw: str | None) -> str:
    if not raw:
        return ""
    number = raw if raw in _NAMED else _number(raw)
    return f"{number}单元" if number else ""


def _room(raw: str | None) -> str:
    if not raw:
        return ""
    if raw[0].isascii():
        return "" if raw in _HELP_LINES else raw.upper()
    if "百" in raw:
        number = _number(raw)
        return number if len(number) >= 3 else ""
    return "".join(str(_DIGIT[c]) for c in raw)


def _number(raw: str) -> str:
    """Arabic digits of a Chinese, Arabic or lettered number; "" for nonsense such as “百百”."""
    if raw[0].isascii():
        return raw.upper() if not raw.isdigit() else str(int(raw)) if int(raw) else ""
    raw = raw.replace("廿", "二十").replace("拾", "十")
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
