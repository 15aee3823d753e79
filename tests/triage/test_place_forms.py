"""Every supported way of writing a place finds exactly that place, in any width; and what looks like one is none."""

import time
import unicodedata
from collections.abc import Callable
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.place import Gazetteer, Place, find_place

NOWHERE: Final = Gazetteer()
DIGITS: Final = "零一二三四五六七八九"
calm = settings(max_examples=400, deadline=None)


def counted(number: int) -> str:
    """7 → 七, 12 → 十二, 30 → 三十."""
    tens, ones = divmod(number, 10)
    return (DIGITS[tens] if tens > 1 else "") + ("十" if tens else "") + (DIGITS[ones] if ones else "")


def spoken(number: int) -> str:
    """1203 → 一二零三."""
    return "".join(DIGITS[int(c)] for c in str(number))


def floor(room: int) -> int:
    return room // 100


Writer = Callable[[int, int, int], str]
WHOLE: Final[dict[str, Writer]] = {
    "plain": lambda b, u, r: f"{b}栋{u}单元{r}",
    "spaced": lambda b, u, r: f"{b}栋 {u}单元 {r}",
    "inner spaces": lambda b, u, r: f"{b} 栋 {u} 单元 {r} 室",
    "commas": lambda b, u, r: f"{b}栋，{u}单元，{r}",
    "list commas": lambda b, u, r: f"{b}栋、{u}单元、{r}室",
    "lines": lambda b, u, r: f"{b}栋\n{u}单元\n{r}",
    "brackets": lambda b, u, r: f"{b}栋（{u}单元）{r}",
    "of": lambda b, u, r: f"{b}栋的{u}单元的{r}",
    "floor": lambda b, u, r: f"{b}栋{u}单元{floor(r)}楼{r}",
    "house number": lambda b, u, r: f"{b}号楼{u}单元{r}室",
    "door": lambda b, u, r: f"{b}号楼{u}门{r}",
    "hall": lambda b, u, r: f"{b}幢{u}门洞{r}户",
    "hash": lambda b, u, r: f"{b}#{u}单元{r}",
    "hash dashes": lambda b, u, r: f"{b}#-{u}-{r}",
    "short house number": lambda b, u, r: f"{b}号{u}单元{r}",
    "dashes": lambda b, u, r: f"{b}-{u}-{r}",
    "spaced dashes": lambda b, u, r: f"{b} - {u} - {r}",
    "long dashes": lambda b, u, r: f"{b}—{u}—{r}",
    "slashes": lambda b, u, r: f"{b}/{u}/{r}",
    "building and dash": lambda b, u, r: f"{b}栋{u}-{r}",
    "words and dashes": lambda b, u, r: f"{b}栋-{u}单元-{r}",
    "labels": lambda b, u, r: f"{b}栋，单元：{u}，房号：{r}",
    "Chinese": lambda b, u, r: f"{counted(b)}栋{counted(u)}单元{spoken(r)}",
    "Chinese house": lambda b, u, r: f"{counted(b)}号楼{counted(u)}单元{spoken(r)}室",
    "Chinese floor": lambda b, u, r: f"{counted(b)}幢{counted(u)}单元{counted(floor(r))}楼{spoken(r)}",
    "mixed": lambda b, u, r: f"{counted(b)}号楼{u}单元{r}",
    "said dashes": lambda b, u, r: f"{counted(b)}杠{counted(u)}杠{spoken(r)}",
    "traditional": lambda b, u, r: f"{b}棟{u}單元{r}",
    "misheard 动": lambda b, u, r: f"{counted(b)}动{counted(u)}单元{spoken(r)}",
    "misheard 懂": lambda b, u, r: f"{counted(b)}懂{counted(u)}但愿{spoken(r)}",
    "misheard 撞": lambda b, u, r: f"{counted(b)}撞{counted(u)}单原{r}",
    "misheard 洞": lambda b, u, r: f"{b}洞{u}单圆{r}",
}
PARTS: Final[dict[str, tuple[Writer, tuple[bool, bool, bool]]]] = {
    "building": (lambda b, u, r: f"{b}栋", (True, False, False)),
    "building and room": (lambda b, u, r: f"{b}栋{r}", (True, False, True)),
    "building and room in words": (lambda b, u, r: f"{counted(b)}幢{spoken(r)}", (True, False, True)),
    "house and room": (lambda b, u, r: f"{b}号楼{r}室", (True, False, True)),
    "number and room": (lambda b, u, r: f"{b}号{r}室", (True, False, True)),
    "hash and room": (lambda b, u, r: f"{b}#{r}", (True, False, True)),
    "building and unit": (lambda b, u, r: f"{b}号楼{u}单元", (True, True, False)),
    "building and door": (lambda b, u, r: f"{counted(b)}幢{counted(u)}门", (True, True, False)),
    "building and hall": (lambda b, u, r: f"{counted(b)}号楼{counted(u)}门洞", (True, True, False)),
    "only a floor": (lambda b, u, r: f"{b}栋{u}单元{floor(r)}楼", (True, True, False)),
    "unit": (lambda b, u, r: f"{u}单元", (False, True, False)),
    "unit and floor": (lambda b, u, r: f"{counted(u)}单元{counted(floor(r))}楼", (False, True, False)),
    "unit and room": (lambda b, u, r: f"{u}单元{r}", (False, True, True)),
    "room": (lambda b, u, r: f"{r}室", (False, False, True)),
    "room at home": (lambda b, u, r: f"我家{r}", (False, False, True)),
    "room in words": (lambda b, u, r: f"{spoken(r)}室", (False, False, True)),
}
SENTENCES: Final = (
    "{}",
    "{}漏水了",
    "{}，水管漏水了，谁来看看",
    "师傅您好，{}没电了",
    "麻烦看一下 {} 的灯",
    "大家好，我是{}的，家里没有热水",
    "物业在吗？{}有人吗",
)
buildings = st.integers(1, 40)
units = st.integers(1, 9)
rooms = st.builds(lambda floor, door: floor * 100 + door, st.integers(1, 33), st.integers(1, 8)).filter(
    lambda room: room not in {110, 119, 120, 122} and not 2023 <= room <= 2030
)
sentences = st.sampled_from(SENTENCES)


def wide(text: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


@calm
@given(form=st.sampled_from(sorted(WHOLE)), sentence=sentences, b=buildings, u=units, r=rooms)
def test_a_whole_place_in_any_form(form: str, sentence: str, b: int, u: int, r: int) -> None:
    text = sentence.format(WHOLE[form](b, u, r))
    assert find_place(text, NOWHERE) == Place(f"{b}栋", f"{u}单元", str(r)), text


@calm
@given(form=st.sampled_from(sorted(PARTS)), sentence=sentences, b=buildings, u=units, r=rooms)
def test_a_part_of_a_place_in_any_form(form: str, sentence: str, b: int, u: int, r: int) -> None:
    write, (has_building, has_unit, has_room) = PARTS[form]
    text = sentence.format(write(b, u, r))
    expected = Place(f"{b}栋" * has_building, f"{u}单元" * has_unit, str(r) * has_room)
    assert find_place(text, NOWHERE) == expected, text


@calm
@given(form=st.sampled_from(sorted(WHOLE)), sentence=sentences, b=buildings, u=units, r=rooms)
def test_width_changes_nothing(form: str, sentence: str, b: int, u: int, r: int) -> None:
    text = sentence.format(WHOLE[form](b, u, r))
    assert find_place(wide(text), NOWHERE) == find_place(text, NOWHERE)
    assert find_place(unicodedata.normalize("NFKC", text), NOWHERE) == find_place(text, NOWHERE)


@calm
@given(letter=st.sampled_from("ABCDEFabcdef"), word=st.sampled_from(("座", "栋", "幢")), sentence=sentences, r=rooms)
def test_lettered_buildings(letter: str, word: str, sentence: str, r: int) -> None:
    assert find_place(sentence.format(f"{letter}{word}{r}"), NOWHERE) == Place(f"{letter.upper()}栋", "", str(r))


@calm
@given(unit=st.sampled_from("甲乙丙丁东西南北"), sentence=sentences, b=buildings, r=rooms)
def test_named_units(unit: str, sentence: str, b: int, r: int) -> None:
    assert find_place(sentence.format(f"{b}栋{unit}单元{r}"), NOWHERE) == Place(f"{b}栋", f"{unit}单元", str(r))


@calm
@given(low=buildings, more=st.integers(1, 9), to=st.sampled_from(("至", "到", "-", "~", "—", "栋至", "栋到", "栋-")))
def test_a_range_names_no_building(low: int, more: int, to: str) -> None:
    assert not find_place(f"{low}{to}{low + more}栋停水，请储水", NOWHERE)


NO_PLACE: Final = (
    "隔壁小区3栋着火了", "对面小区5号楼好吵", "老家那边3栋房子", "朋友小区5栋", "我公司A座电梯", "去医院3号楼打针",
    "大学3栋宿舍", "跟我一栋", "快递放到另一栋了", "住在一栋很高的楼里", "最后一栋", "我们这栋停水", "几号楼",
    "一动不动", "我一动就疼", "看不懂301", "唯一但愿平安", "周三动工", "五零后的人", "二零二六年", "三零一医院",
    "502胶水", "买502", "404了", "血压80-120", "体温36-37", "考了502分", "数学148语文130", "坐502路", "航班CA1234",
    "MU5101延误", "G1234次", "电话025-5501", "3-5点来", "11/22停水", "9-11点", "预算50-120", "三室两厅", "5座的车",
    "加95#汽油", "语文第三单元考试", "西单元旦活动", "3个单元", "两单元都没水", "三百零一平", "一百二十户",
    "WiFi密码502502", "2026.11.22", "12-1-2026",
)  # fmt: skip


@pytest.mark.parametrize("text", NO_PLACE)
def test_what_looks_like_a_place_is_none(text: str) -> None:
    assert not find_place(text, NOWHERE)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("6号院3号楼", Place("3栋")),
        ("3、5栋停电", Place("3栋")),
        ("三、四单元没水", Place("", "3单元")),
        ("8-2单元灯不亮", Place("8栋", "2单元")),
        ("1-3单元501漏水", Place("1栋", "3单元", "501")),
        ("9-1-5楼", Place("9栋", "1单元")),
        ("周六三栋停水", Place("3栋")),
        ("周六一单元停水", Place("", "1单元")),
        ("廿三栋", Place("23栋")),
        ("A坐2208", Place("A栋", "", "2208")),
        ("3️⃣栋2️⃣单元", Place("3栋", "2单元")),
        ("五号喽二单元", Place("5栋", "2单元")),
        ("看见九懂楼顶冒烟", Place("9栋")),
        ("3dong没水", Place("3栋")),
        ("502的大姐帮我收了快递", Place("", "", "502")),
        ("502那户天天吵", Place("", "", "502")),
        ("五零三的奶奶三天没出门", Place("", "", "503")),
        ("隔壁没人在家 五零三", Place("", "", "503")),
        ("就在7栋904隔壁", Place("7栋")),
        ("3栋东门的灯", Place("3栋")),
        ("3栋二门口的灯", Place("3栋", "2单元")),
        ("3栋2单元五楼零一", Place("3栋", "2单元")),
        ("我是2号楼收水费的，203门虚掩着", Place("2栋", "", "203")),
        ("九栋八百零三", Place("9栋", "", "803")),
        ("我家1203A漏水", Place("", "", "1203A")),
    ],
)
def test_habits(text: str, expected: Place) -> None:
    assert find_place(text, NOWHERE) == expected


@given(
    text=st.text(alphabet="0123456789一二三十百零幺栋幢座号楼单元门室#-—/.，。 A洞懂东但愿到至、和周６①", max_size=40)
)
@settings(max_examples=600, deadline=None)
def test_no_mixture_raises(text: str) -> None:
    find_place(text, Gazetteer(spots=("楼", "单元门"), nicknames={"一楼": "9栋"}))


@pytest.mark.parametrize(
    "piece", ["三", "3", "3栋", "三栋，", "1-", "3 ", "六懂", "３", "二单元", "杠1", "3栋2单元501、"]
)
def test_a_long_message_is_read_quickly(piece: str) -> None:
    text = piece * (4096 // len(piece))
    spent = []
    for _ in range(5):
        started = time.perf_counter()
        find_place(text, NOWHERE)
        spent.append(time.perf_counter() - started)
    assert min(spent) < 0.02  # four times what is wanted: the machines of a test run are busy


def test_the_longest_spot_wins_and_the_first_listed_of_equals() -> None:
    known = Gazetteer(spots=("西门", "东门", "东门口", "", "车库"))
    assert find_place("东门口和西门", known).spot == "东门口"
    assert find_place("东门与西门", known).spot == "西门"
    assert find_place("没有", known).spot == ""
