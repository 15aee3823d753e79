"""值班时段: when a volunteer likes to be asked, as he types it and as it is shown to him."""

import re

from domain import refusal
from domain.roster import Duty

_NAMES = "一二三四五六日"
_DAYS = {
    "每天": range(7),
    "天天": range(7),
    "工作日": range(5),
    "平日": range(5),
    "周末": range(5, 7),
    "双休日": range(5, 7),
}
_WEEK = r"(?:周|星期|礼拜)"
_TO = r"\s*(?:[-–—~～]|到|至)\s*"
_NAMED = re.compile("|".join(_DAYS))
_RANGE = re.compile(rf"{_WEEK}([一二三四五六日天]){_TO}{_WEEK}?([一二三四五六日天])")
_LIST = re.compile(rf"{_WEEK}([一二三四五六日天](?:[、,，和]?{_WEEK}?[一二三四五六日天])*)")
_SPAN = re.compile(
    rf"(\d{{1,2}})(?:[:：](\d{{2}})|[点时](半)?)?{_TO}(\d{{1,2}})(?:[:：](\d{{2}})|[点时](半)?)?", re.ASCII
)
_WHOLE = (0, 24 * 60)


def read(text: str) -> tuple[Duty, ...]:
    """周一至周五 18:00-21:00；周末 9点到11点半. Days without hours are whole days, hours without days are every day.

    Raises:
        TimeUnclear: anything of it cannot be read; a span must end after it begins, on the same day.

    """
    found: set[Duty] = set()
    for part in filter(None, (p.strip() for p in re.split(r"[;；\n]", text))):
        days, rest = _days(part)
        spans = []
        while (span := _SPAN.match(rest.lstrip(" ，,、"))) is not None:
            spans.append((_minutes(*span.group(1, 2, 3)), _minutes(*span.group(4, 5, 6))))
            rest = rest.lstrip(" ，,、")[span.end() :]
        if rest.strip(" ，,、") or (days is None and not spans):
            raise refusal.TimeUnclear
        for start, end in spans or [_WHOLE]:
            if not start < end <= _WHOLE[1]:
                raise refusal.TimeUnclear
            found |= {Duty(day, start, end) for day in (range(7) if days is None else days)}
    if not found:
        raise refusal.TimeUnclear
    return _merged(found)


def shown(duty: tuple[Duty, ...]) -> str:
    """The same in words: 周一至周五 18:00-21:00；周六、日 9:00-12:00."""
    spans: dict[tuple[int, int], list[int]] = {}
    for one in sorted(duty):
        spans.setdefault((one.from_minute, one.to_minute), []).append(one.weekday)
    parts = []
    for (start, end), days in sorted(spans.items(), key=lambda item: (item[1], item[0])):
        clock = "" if (start, end) == _WHOLE else f" {_clock(start)}-{_clock(end)}"
        parts.append(_named(days) + clock)
    return "；".join(parts)


def _days(text: str) -> tuple[list[int] | None, str]:
    if found := _NAMED.match(text):
        return list(_DAYS[found[0]]), text[found.end() :]
    if found := _RANGE.match(text):
        first, last = _weekday(found[1]), _weekday(found[2])
        if first > last:
            raise refusal.TimeUnclear
        return list(range(first, last + 1)), text[found.end() :]
    if found := _LIST.match(text):
        return sorted({_weekday(c) for c in found[1] if c in "一二三四五六日天"}), text[found.end() :]
    return None, text


def _weekday(name: str) -> int:
    return _NAMES.index("日" if name == "天" else name)


def _minutes(hour: str, minute: str | None, half: str | None) -> int:
    if int(minute or 0) > 59:
        raise refusal.TimeUnclear
    return int(hour) * 60 + (30 if half else int(minute or 0))


def _merged(found: set[Duty]) -> tuple[Duty, ...]:
    """Spans of one day that touch or overlap are one."""
    merged: list[Duty] = []
    for one in sorted(found):
        last = merged[-1] if merged else None
        if last is not None and last.weekday == one.weekday and one.from_minute <= last.to_minute:
            merged[-1] = Duty(one.weekday, last.from_minute, max(last.to_minute, one.to_minute))
        else:
            merged.append(one)
    return tuple(merged)


def _clock(minute: int) -> str:
    return f"{minute // 60}:{minute % 60:02}"


def _named(days: list[int]) -> str:
    if days == list(range(7)):
        return "每天"
    if len(days) > 2 and days == list(range(days[0], days[-1] + 1)):
        return f"周{_NAMES[days[0]]}至周{_NAMES[days[-1]]}"
    return "周" + "、".join(_NAMES[d] for d in days)
