"""The one table of everything people can say or press: Latin name, Chinese aliases, who may, what happens, help line.

Telegram registers only ``[a-z0-9_]``, so every command has a Latin name and its Chinese twins; both, the buttons and the
lines 党小栖 waits for end in the same use case.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum

from handlers import (
    access,
    correcting,
    enquiries,
    explaining,
    extensions,
    figures,
    handling,
    ladders,
    leading,
    leaves,
    members,
    naming,
    notices,
    notify,
    owning,
    pauses,
    people,
    questions,
    supervising,
    swaps,
    tickets,
    visit_calendar,
    visit_plans,
    visit_rounds,
    visits,
    whistles,
)
from handlers.context import Ask, Context
from storage.database import WriteTx

UseCase = Callable[[Context, WriteTx, Ask], Awaitable[None]]


class For(StrEnum):
    """Whom a command is for. Each includes those below it."""

    RESIDENT = "resident"
    VOLUNTEER = "volunteer"
    LEADER = "leader"


@dataclass(frozen=True, slots=True)
class Command:
    """``name`` is Latin, ``aliases`` are Chinese, the first is the one shown.

    ``bare``: may stand alone in a group. ``free``: everything behind it is words, numbers too. ``pointing``: said of the
    message it replies to, so that it needs no slash there.
    """

    name: str
    aliases: tuple[str, ...]
    whom: For
    run: UseCase
    private: bool = False
    bare: bool = False
    free: bool = False
    pointing: bool = False

    @property
    def alias(self) -> str:
        """The Chinese name people see."""
        return self.aliases[0]


async def help_(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """帮助: made from this table; everybody sees what he may do and nothing else."""
    private = access.is_private(ask)
    lines = [cx.said.say("help.title")]
    lines += [
        cx.said.say("help.line", alias=c.alias, name=c.name, what=cx.said.say(f"help.{c.name}"))
        for c in commands_for(ask)
        if private or not c.private
    ]
    notify.reply(cx, tx, ask.event, "\n".join(lines))


COMMANDS: tuple[Command, ...] = (
    Command("help", ("帮助", "怎么用"), For.RESIDENT, help_),
    Command("jindu", ("进度", "我的工单"), For.RESIDENT, enquiries.mine, bare=True),
    Command("wojia", ("我家也是", "我家也有", "+1"), For.RESIDENT, tickets.support),
    Command("buchong", ("补充",), For.RESIDENT, tickets.add, bare=True),
    Command("cuiban", ("催办", "催一下"), For.RESIDENT, tickets.urge, bare=True),
    Command("chehui", ("撤回", "不是诉求"), For.RESIDENT, tickets.withdraw, bare=True),
    Command("jiejue", ("已解决", "解决了", "修好了", "好了"), For.RESIDENT, tickets.confirm, bare=True),
    Command("meijiejue", ("没解决", "未解决", "没修好", "还没好"), For.RESIDENT, tickets.reopen, bare=True),
    Command("pingjia", ("评价",), For.RESIDENT, tickets.rate),
    Command("rengong", ("转人工", "找人", "人工"), For.RESIDENT, enquiries.human),
    Command("mydata", ("我的数据",), For.RESIDENT, enquiries.my_data, private=True),
    Command("privacy", ("隐私",), For.RESIDENT, enquiries.privacy),
    Command("start", ("绑定",), For.RESIDENT, members.start, private=True, free=True),
    Command("gongdan", ("工单",), For.VOLUNTEER, enquiries.work, private=True),
    Command("jiedan", ("接单",), For.VOLUNTEER, handling.take),
    Command("bujie", ("不接", "转给别人"), For.VOLUNTEER, handling.decline, private=True),
    Command("jinzhan", ("进展",), For.VOLUNTEER, handling.progress, private=True),
    Command("banjie", ("办结",), For.VOLUNTEER, tickets.solve, private=True),
    Command("shuoming", ("不能办", "已说明"), For.VOLUNTEER, tickets.explain, private=True),
    Command("tuidan", ("退单", "退回"), For.VOLUNTEER, handling.hand_back, private=True),
    Command("dengjumin", ("等居民",), For.VOLUNTEER, pauses.wait, private=True),
    Command("daying", ("答应",), For.VOLUNTEER, ladders.promise, private=True),
    Command("yanqi", ("延期",), For.VOLUNTEER, extensions.extend, private=True),
    Command("zhixi", ("知悉",), For.VOLUNTEER, handling.acknowledge, private=True),
    Command("zoufang", ("走访",), For.VOLUNTEER, visits.record, private=True),
    Command("rili", ("日历",), For.VOLUNTEER, visit_calendar.command, private=True),
    Command("qingjia", ("请假",), For.VOLUNTEER, leaves.leave, private=True, free=True),
    Command("xiaojia", ("销假",), For.VOLUNTEER, leaves.back, private=True),
    Command("daiban", ("代班",), For.VOLUNTEER, leaves.stand_in, private=True),
    Command("huanban", ("换班", "互换"), For.VOLUNTEER, swaps.swap, private=True),
    Command("zhiban", ("值班",), For.VOLUNTEER, people.duty, private=True, free=True),
    Command("jineng", ("技能",), For.VOLUNTEER, people.skills, private=True, free=True),
    Command("huibi", ("回避",), For.VOLUNTEER, people.avoid, private=True, free=True),
    Command("paidan", ("派单",), For.LEADER, leading.reassign, private=True),
    Command("buyushouli", ("不予受理",), For.LEADER, leading.refuse, private=True),
    Command("chuishao", ("吹哨",), For.LEADER, whistles.whistle, private=True),
    Command("duban", ("督办", "挂牌督办"), For.LEADER, supervising.supervise, private=True),
    Command("weishenme", ("为什么", "why"), For.LEADER, explaining.why, private=True),
    Command("gailei", ("改类",), For.LEADER, correcting.recode, private=True),
    Command("shisuqiu", ("是诉求",), For.LEADER, correcting.point_out, pointing=True),
    Command("diming", ("地名",), For.LEADER, naming.place, private=True, free=True),
    Command("lingmindu", ("灵敏度",), For.LEADER, naming.tune, private=True, free=True),
    Command("tongzhi", ("通知", "公告"), For.LEADER, notices.draft, private=True, free=True),
    Command("bifang", ("必访",), For.LEADER, visit_plans.open_event, private=True, free=True),
    Command("lunfang", ("轮访",), For.LEADER, visit_rounds.command, private=True, free=True),
    Command("shuifuze", ("谁负责",), For.LEADER, owning.who, private=True, free=True),
    Command("mingce", ("名册",), For.LEADER, members.roster, private=True),
    Command("jinri", ("今日",), For.LEADER, figures.today, private=True),
    Command("benzhou", ("本周",), For.LEADER, figures.week, private=True),
    Command("jingmo", ("静默",), For.LEADER, members.mute, free=True),
    Command("dengji", ("登记",), For.LEADER, members.register, free=True),
)

BUTTONS: dict[str, UseCase] = {
    "take": handling.take,
    "decline": handling.decline,
    "hand_back": handling.hand_back,
    "progress": handling.progress,
    "solve": tickets.solve,
    "explain": tickets.explain,
    "confirm": tickets.confirm,
    "reopen": tickets.reopen,
    "rate": tickets.rate,
    "withdraw": tickets.withdraw,
    "support": tickets.support,
    "add": tickets.add,
    "acknowledge": handling.acknowledge,
    "reassign": leading.reassign,
    "refuse": leading.refuse,
    "choose": questions.choose,
    "why": explaining.why,
    "recode": correcting.recode,
    "dismiss": correcting.dismiss,
    "visit": visits.settle,
    "visit_show": visits.show,
    "round": visit_rounds.decide,
    "notice": notices.decide,
    "answer": pauses.answer,
    "extend": extensions.extend,
    "extend_no": extensions.decline,
    "promise": ladders.promise,
    "whistle_yes": whistles.confirm,
    "whistle_no": whistles.reject,
    "unit": whistles.unit,
    "stand_in": leaves.stand_in,
    "swap": swaps.swap,
}

LINES: dict[str, UseCase] = {
    "progress": handling.progress,
    "solve": tickets.solve,
    "explain": tickets.explain,
    "hand_back": handling.hand_back,
    "add": tickets.add,
    "pause": pauses.wait,
    "answer": pauses.answer,
    "reassign": leading.reassign,
    "notice": notices.write,
    "notice_reason": notices.give_reason,
    "visit_need": visits.need,
    "visit_note": visits.note,
    "visit_date": visits.postpone,
    "visit_remark": visits.remark,
}
"""What a line that was waited for is meant for."""


def may(command: Command, ask: Ask) -> bool:
    """Whether this person's role covers the command."""
    if command.whom is For.RESIDENT:
        return True
    if ask.member is None:
        return False
    return command.whom is For.VOLUNTEER or ask.leads


def commands_for(ask: Ask) -> list[Command]:
    """What this person may do, in the order of the table."""
    return [c for c in COMMANDS if may(c, ask)]
