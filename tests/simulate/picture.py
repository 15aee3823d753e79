"""A picture of the year, written by hand: who answered for the visits, week by week."""

from collections.abc import Mapping
from datetime import date

_WIDE, _HIGH, _LEFT, _TOP, _BOTTOM = 880, 300, 56, 56, 28
_PARTS = (("first", "第一责任人", "#3b7a57"), ("partner", "搭档", "#e0a030"), ("leader", "网格长", "#b5483a"))


def svg(title: str, by_week: Mapping[date, Mapping[str, int]]) -> str:
    """Stacked bars, one for each week that begins on the given Monday."""
    weeks = sorted(by_week)
    most = max((sum(by_week[week].values()) for week in weeks), default=1)
    step, tall = (_WIDE - _LEFT - 12) / max(len(weeks), 1), _HIGH - _TOP - _BOTTOM
    base = _HIGH - _BOTTOM
    rows = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDE} {_HIGH}" font-family="sans-serif" font-size="12">',
        f'<rect width="{_WIDE}" height="{_HIGH}" fill="#fff"/>',
        f'<text x="{_LEFT}" y="20" font-size="15">{title}</text>',
    ]
    for place, (_, name, colour) in enumerate(_PARTS):
        x = _LEFT + place * 110
        rows.append(
            f'<rect x="{x}" y="30" width="12" height="12" fill="{colour}"/><text x="{x + 17}" y="40">{name}</text>'
        )
    for part in (0, 0.5, 1):
        y = base - part * tall
        rows.append(f'<line x1="{_LEFT}" x2="{_WIDE - 12}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>')
        rows.append(f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{part * most:.0f}</text>')
    for place, week in enumerate(weeks):
        left, y = _LEFT + place * step, float(base)
        for key, _, colour in _PARTS:
            high = by_week[week].get(key, 0) / most * tall
            y -= high
            rows.append(
                f'<rect x="{left:.1f}" y="{y:.1f}" width="{step * 0.8:.1f}" height="{high:.1f}" fill="{colour}"/>'
            )
        if place % max(1, len(weeks) // 12) == 0:
            rows.append(f'<text x="{left:.1f}" y="{base + 16}">{week.month}-{week.day}</text>')
    return "\n".join([*rows, "</svg>"]) + "\n"
