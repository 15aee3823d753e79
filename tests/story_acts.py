"""What people do in a story: one pattern of a line, one function."""

from collections.abc import Awaitable, Callable

import sqlalchemy as sa

from bot.telegram.updates import translate
from storage import grids
from storage.tables import members
from tests.emulator import Chat
from tests.story_stage import Stage, StoryFailed

Act = Callable[..., Awaitable[None]]
UNITS = {"秒": 1, "分钟": 60, "小时": 3600, "天": 86400}


async def passes(stage: Stage, count: str, unit: str) -> None:
    """过 5 分钟, 停机 3 天: the bells ring once, at the end."""
    await stage.world.wait(float(count) * UNITS[unit])


async def loses_receipt(stage: Stage, name: str) -> None:
    """下一条到群没有回音: the channel takes the next message and its answer is lost on the way back."""
    chat = stage.world.group if name == "群" else stage.person(name).private
    stage.world.em.fault("reply_lost", "sendMessage", when=lambda call: call.chat_id == chat.id)


async def presses(stage: Stage, name: str, label: str, where: str | None) -> None:
    """老李 按 接单 @私聊: the newest button of this name that can be seen."""
    person = stage.person(name)
    private, group = person.private, stage.world.group
    chats: list[Chat] = [group] if where == "群" else [private] if where == "私聊" else [private, group]
    for chat in chats:
        for message in reversed(stage.world.em.said(chat)):
            if any(text.startswith(label) for text in message.labels):
                stage.press = person.presses(message, label)
                return
    raise StoryFailed(f"没有按钮“{label}”；看得到的：{[m.labels for c in chats for m in stage.world.em.said(c)]}")


async def presses_old(stage: Stage, name: str, label: str) -> None:
    """老李 按旧 接单: a button that is gone, on a phone that has not noticed."""
    person = stage.person(name)
    for message, text, data in reversed(stage.buttons):
        if text.startswith(label) and message.chat in (person.private, stage.world.group):
            stage.press = person.presses(message, data=data)
            return
    raise StoryFailed(f"从来没有过按钮“{label}”")


async def carries(stage: Stage, name: str, label: str) -> None:
    """老李 在群里按私聊的 正常: a forged client presses a button of the private chat under our newest message in the group."""
    person = stage.person(name)
    stage.snapshot()
    data = next(d for m, text, d in reversed(stage.buttons) if text.startswith(label) and m.chat == person.private)
    stage.press = person.presses(stage.world.em.said(stage.world.group)[-1], data=data)


async def leaves_roster(stage: Stage, name: str) -> None:
    """小马 离开名册: a new roster came without him; his chat and its buttons are still there."""
    async with stage.world.home.database.write("roster") as tx:
        await tx.execute(sa.update(members).where(members.c.name == name).values(active=False))
        await grids.changed(tx)


async def forges(stage: Stage, name: str, data: str) -> None:
    """小刘 伪造按钮: made-up data on our newest message."""
    message = stage.world.em.said(stage.world.group)[-1]
    stage.press = stage.person(name).presses(message, data=stage.words(data))


async def replies(stage: Stage, name: str, snippet: str, text: str) -> None:
    """王阿姨 回复 “电梯”: 谢谢."""
    stage.last = stage.person(name).replies(stage.find([stage.world.group], snippet), stage.words(text))


async def replies_photo(stage: Stage, name: str, snippet: str, caption: str | None) -> None:
    """王阿姨 用照片回复 “电梯”."""
    target = stage.find([stage.world.group], snippet)
    stage.last = stage.person(name).photo(stage.world.group, caption or "", reply_to=target)


async def edits(stage: Stage, name: str, snippet: str, text: str) -> None:
    """王阿姨 改 “3栋”: 2栋."""
    stage.last = stage.person(name).edits(stage.find([stage.world.group], snippet), stage.words(text))


async def forwards(stage: Stage, name: str, text: str) -> None:
    """王阿姨 转发: something out of another group."""
    person = stage.person(name)
    elsewhere = stage.world.em.group("别的群", [person], bot=False)
    stage.last = person.forwards(person.says(elsewhere, text), stage.world.group)


async def shows_photo(stage: Stage, name: str, caption: str | None) -> None:
    """王阿姨 发照片: caption."""
    stage.last = stage.person(name).photo(stage.world.group, caption=caption or "")


async def shows_photo_privately(stage: Stage, name: str, caption: str | None) -> None:
    """王阿姨 私聊发照片: caption."""
    stage.last = stage.person(name).photo(stage.person(name).private, caption=caption or "")


async def shows_album(stage: Stage, name: str, count: str, last: str | None, caption: str | None) -> None:
    """王阿姨 发相册 3: caption; 王阿姨 发相册 3 末张: caption."""
    album = stage.person(name).album(stage.world.group, count=int(count), caption=caption or "", last=bool(last))
    stage.last = album[-1 if last else 0]


async def speaks(stage: Stage, name: str, where: str | None) -> None:
    """王阿姨 发语音, 王阿姨 私聊发语音."""
    person = stage.person(name)
    voice = {"file_id": "VOICE1", "file_unique_id": "V1", "duration": 7, "file_size": 900}
    stage.last = person.sends(person.private if where else stage.world.group, {"voice": voice})


async def tells(stage: Stage, name: str, text: str) -> None:
    """王阿姨 私聊: 进度."""
    stage.last = stage.person(name).tells(stage.words(text))


async def says_anonymously(stage: Stage, name: str, text: str) -> None:
    """小陈 匿名: as an admin behind the group's name."""
    stage.world.group.promotes(stage.person(name), anonymous=True)
    stage.last = stage.person(name).says(stage.world.group, stage.words(text), anonymous=True)


async def posts(stage: Stage, text: str) -> None:
    """频道: what the linked channel publishes appears in the group."""
    channel = stage.world.em.channel("社区发布", linked=stage.world.group)
    stage.last = channel.posts(stage.words(text))


async def blocks(stage: Stage, name: str) -> None:
    """老李 屏蔽党小栖."""
    stage.person(name).blocks()


async def unblocks(stage: Stage, name: str) -> None:
    """老李 解除屏蔽."""
    stage.person(name).unblocks()


async def upgrades(stage: Stage) -> None:
    """群升级."""
    await stage.world.step()
    stage.world.group = stage.world.group.upgrade()


async def removes(stage: Stage) -> None:
    """移出党小栖."""
    stage.world.group.remove_bot()


async def adds(stage: Stage) -> None:
    """拉进党小栖."""
    stage.world.group.add_bot(admin=True)


async def repeats(stage: Stage) -> None:
    """再送一遍: the channel hands over the last updates once more."""
    world = stage.world
    for raw in stage.heard:
        if (event := translate(raw, world.line.me, world.home.context().now)) is not None:
            await world.home.inbox.take_in([event])
            await world.home.inbox.take_in([event], order="none")  # a channel whose numbers say nothing about repeats


async def says(stage: Stage, name: str, text: str) -> None:
    """王阿姨: said in the group."""
    stage.last = stage.person(name).says(stage.world.group, stage.words(text))


_CAPTION = r"(?:[:：]\s*(.*))?"
ACTS: tuple[tuple[str, Act], ...] = (
    (r"(?:过|停机) ([\d.]+) ?(秒|分钟|小时|天)", passes),
    (r"下一条到(\S+)没有回音", loses_receipt),
    (r"(\S+) 按 (.+?)(?: @(群|私聊))?", presses),
    (r"(\S+) 按旧 (.+)", presses_old),
    (r"(\S+) 在群里按私聊的 (.+)", carries),
    (r"(\S+) 离开名册", leaves_roster),
    (r"(\S+) 伪造按钮[:：]\s*(.*)", forges),
    (r"(\S+) 回复 “(.+?)”[:：]\s*(.*)", replies),
    (rf"(\S+) 用照片回复 “(.+?)”{_CAPTION}", replies_photo),
    (r"(\S+) 改 “(.+?)”[:：]\s*(.*)", edits),
    (r"(\S+) 转发[:：]\s*(.*)", forwards),
    (rf"(\S+) 发照片{_CAPTION}", shows_photo),
    (rf"(\S+) 私聊发照片{_CAPTION}", shows_photo_privately),
    (rf"(\S+) 发相册 (\d+)( 末张)?{_CAPTION}", shows_album),
    (r"(\S+) (私聊)?发语音", speaks),
    (r"(\S+) 私聊[:：]\s*(.*)", tells),
    (r"(\S+) 匿名[:：]\s*(.*)", says_anonymously),
    (r"频道[:：]\s*(.*)", posts),
    (r"(\S+) 屏蔽党小栖", blocks),
    (r"(\S+) 解除屏蔽", unblocks),
    (r"群升级", upgrades),
    (r"移出党小栖", removes),
    (r"拉进党小栖", adds),
    (r"再送一遍", repeats),
    (r"([^\s:：]+)[:：]\s*(.*)", says),
)
