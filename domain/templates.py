"""时限模板 as data: ours, and four that districts know from elsewhere. Chosen in ``config.toml``.

Sources: 北京市接诉即办工作条例 11, 15; 济南市12345条例 24; 潍坊市12345条例 20; 北京12345服务与管理规范征求意见稿 (2021-12); rules of a
县 “三办” office and of one 数字城管 (places unverified, domain reference 4). What a template does not name is as in ``default``.
The length of an extension is in none of the laws (条例 15(二) leaves it open): our own.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from domain.category import Urgency
from domain.deadline import CalendarDays, Hours, SameDay, Template, Terms, WorkingDays, WorkingHours

_P0 = Terms(Hours(5 / 60), Hours(5 / 60), Hours(24), Hours(2))
_P1 = Terms(Hours(0.5), Hours(0.25), Hours(24), Hours(2))
_P2 = Terms(Hours(24), Hours(4), WorkingDays(5), WorkingDays(2))
_P3 = Terms(Hours(24), Hours(8), WorkingDays(15), WorkingDays(5))
_Q = Terms(WorkingDays(1), Hours(4), WorkingDays(3))
_W = Terms(Hours(24), Hours(8), CalendarDays(30), CalendarDays(7))

DEFAULT: Final = Template(
    {Urgency.P0: _P0, Urgency.P1: _P1, Urgency.P2: _P2, Urgency.P3: _P3, Urgency.Q: _Q, Urgency.W: _W}
)

_13_DAYS = WorkingDays(13)

TEMPLATES: Final[Mapping[str, Template]] = {
    "default": DEFAULT,
    # 2 小时 / 24 小时 / 7 天 / 15 天; which days the draft does not say: the stricter ones.
    "beijing_draft": Template(
        {
            **DEFAULT.classes,
            Urgency.P1: replace(_P1, response=Hours(2)),
            Urgency.P2: replace(_P2, closing=CalendarDays(7)),
            Urgency.P3: replace(_P3, closing=CalendarDays(15)),
        }
    ),
    "jinan": Template({**DEFAULT.classes, Urgency.P3: replace(_P3, closing=WorkingDays(5), progress=WorkingDays(2))}),
    # Questions the same day, what takes longer in three working days; everything else in thirteen.
    "sanban": Template(
        {
            **DEFAULT.classes,
            Urgency.P2: replace(_P2, closing=_13_DAYS),
            Urgency.P3: replace(_P3, closing=_13_DAYS),
            Urgency.Q: replace(_Q, response=SameDay()),
        }
    ),
    # 暴露垃圾, 积水, 物业保洁, 绿化养护; 违建: 停工, 处罚, 拆除.
    "szcg_worktime": Template(
        DEFAULT.classes,
        {
            "ENV01": Terms(WorkingHours(2), WorkingHours(1), WorkingHours(4)),
            "FIX06": Terms(WorkingHours(2), WorkingHours(1), WorkingHours(4)),
            "PRO01": Terms(WorkingHours(1), WorkingHours(0.5), WorkingHours(2)),
            "ENV04": Terms(Hours(24), Hours(4), WorkingDays(5), WorkingDays(2)),
            "ORD01": Terms(WorkingHours(4), WorkingHours(1), WorkingDays(20), WorkingDays(7)),
        },
    ),
}
