"""What Telegram refuses, the emulator refuses in the same words; what it hears and how it reads text is Telegram's way."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta

import pytest
import telegram
from telegram.error import BadRequest, ChatMigrated, Forbidden, RetryAfter

from tests.emulator import TOKEN, Emulator
from tests.emulator.people import PIXEL


@pytest.fixture
async def em() -> AsyncIterator[Emulator]:
    async with Emulator() as emulator:
        yield emulator
    assert emulator.violations == []


@pytest.fixture
async def bot(em: Emulator) -> AsyncIterator[telegram.Bot]:
    async with telegram.Bot(TOKEN, base_url=em.base_url, base_file_url=em.base_file_url) as ready:
        yield ready


async def test_private_chats_open_from_the_other_side(em: Emulator, bot: telegram.Bot) -> None:
    wang = em.user("王阿姨")
    with pytest.raises(Forbidden, match="bot can't initiate conversation with a user"):
        await bot.send_message(wang.id, "您好")
    wang.opens("https://t.me/dangxiaoqi_bot?start=v1")
    await bot.send_message(wang.id, "您好")
    wang.blocks()
    with pytest.raises(Forbidden, match="bot was blocked by the user"):
        await bot.send_message(wang.id, "您好")
    wang.unblocks()
    wang.deactivated = True
    with pytest.raises(Forbidden, match="user is deactivated"):
        await bot.send_message(wang.id, "您好")
    with pytest.raises(BadRequest, match="Chat not found"):
        await bot.send_message(123, "您好")
    assert [message.text for message in em.said(wang)] == ["您好"]


async def test_migration_names_the_new_chat(em: Emulator, bot: telegram.Bot) -> None:
    wang = em.user("王阿姨")
    old = em.group("旧群", [wang], type="group", privacy=False)
    wang.says(old, "有人吗")
    new = old.upgrade()
    with pytest.raises(ChatMigrated) as refused:
        await bot.send_message(old.id, "在")
    assert refused.value.new_chat_id == new.id
    service = [update.message for update in await bot.get_updates() if update.message][1:]
    assert [(one.migrate_to_chat_id, one.migrate_from_chat_id) for one in service] == [(new.id, None), (None, old.id)]
    assert wang.says(new, "搬家了").id == 2
    assert (await bot.send_message(new.id, "在")).message_id == 3


async def test_refusals_in_telegrams_words(em: Emulator, bot: telegram.Bot) -> None:
    wang = em.user("王阿姨", started=True)
    group, forum = em.group("示范小区", [wang]), em.group("业主群", forum=True)
    asked = wang.says(group, "你好")
    sent = await bot.send_message(group.id, "在")
    photo = await bot.send_photo(group.id, PIXEL)
    topic = forum.topic("维修")
    assert (await bot.send_message(forum.id, "好", message_thread_id=topic)).is_topic_message
    out = em.group("别的群", bot=False)
    keyboard = telegram.InlineKeyboardMarkup([[telegram.InlineKeyboardButton("好", callback_data="长" * 22)]])
    refused: dict[str, Callable[[], Awaitable[object]]] = {
        "Message is not modified": lambda: bot.edit_message_text("在", group.id, sent.message_id),
        "Message to edit not found": lambda: bot.edit_message_text("在", group.id, 99),
        "Message can't be edited": lambda: bot.edit_message_text("在", group.id, asked.id),
        "Message is too long": lambda: bot.send_message(group.id, "长" * 4097),
        "Message text is empty": lambda: bot.send_message(group.id, " \n "),
        "Message caption is too long": lambda: bot.send_photo(group.id, PIXEL, caption="长" * 1025),
        "Button_data_invalid": lambda: bot.send_message(group.id, "好", reply_markup=keyboard),
        "Can't parse entities": lambda: bot.send_message(group.id, "<b>好", parse_mode="HTML"),
        "Message to be replied not found": lambda: bot.send_message(group.id, "好", reply_to_message_id=99),
        "Message thread not found": lambda: bot.send_message(forum.id, "好", message_thread_id=99),
        "Message to react not found": lambda: bot.set_message_reaction(group.id, 99, "👀"),
        "Reaction_invalid": lambda: bot.set_message_reaction(group.id, asked.id, "🚒"),
        "Message to delete not found": lambda: bot.delete_message(group.id, 99),
        "Message can't be deleted": lambda: bot.delete_message(group.id, asked.id),
        "Bot_command_invalid": lambda: bot.set_my_commands([("帮助", "帮助")]),
        "Bot_command_description_invalid": lambda: bot.set_my_commands([("help", "")]),
        "Wrong file_id": lambda: bot.get_file("nonsense"),
        "Wrong remote file identifier": lambda: bot.send_photo(group.id, "nonsense"),
        "File must be non-empty": lambda: bot.send_document(group.id, b""),
        "There is no text in the message to edit": lambda: bot.edit_message_text("x", group.id, photo.message_id),
        "Unsupported parse_mode": lambda: bot.send_message(group.id, "*x*", parse_mode="MarkdownV2"),
        "Group send failed: wrong number of messages": lambda: bot.send_media_group(
            group.id, [telegram.InputMediaPhoto(PIXEL)]
        ),
        "Reactions_too_many": lambda: bot.set_message_reaction(group.id, asked.id, ["👀", "👌"]),
        "Message_too_long": lambda: bot.answer_callback_query(wang.presses(em.said(group)[0], data="x").id, "长" * 201),
        "Bad webhook": lambda: bot.set_webhook("ftp://example.org"),
        "There are no administrators": lambda: bot.get_chat_administrators(wang.id),
    }
    for words, call in refused.items():
        with pytest.raises(BadRequest, match=words):
            await call()
    forum.close_topic(topic)
    with pytest.raises(BadRequest, match="Topic_closed"):
        await bot.send_message(forum.id, "好", message_thread_id=topic)
    forum.bot_becomes("restricted")
    with pytest.raises(BadRequest, match="Not enough rights to send text messages"):
        await bot.send_message(forum.id, "好")
    with pytest.raises(Forbidden, match="bot is not a member of the supergroup chat"):
        await bot.send_message(out.id, "好")
    group.remove_bot()
    with pytest.raises(Forbidden, match="bot was kicked from the supergroup chat"):
        await bot.send_message(group.id, "好")


async def test_privacy_mode_hears_only_what_is_meant_for_it(em: Emulator, bot: telegram.Bot) -> None:
    wang = em.user("王阿姨")
    deaf, admin = em.group("一期", [wang]), em.group("二期", [wang], bot_admin=True)
    open_one = em.group("三期", [wang], privacy=False)
    await bot.send_message(deaf.id, "我在")
    [own] = em.said(deaf)
    heard = [
        wang.says(deaf, "/help"),
        wang.says(deaf, "/help@Dangxiaoqi_bot 1"),
        wang.says(deaf, "请 @dangxiaoqi_bot 看"),
        wang.replies(own, "好"),
        wang.says(admin, "闲聊"),
        wang.says(open_one, "闲聊"),
    ]
    wang.says(deaf, "闲聊")
    wang.says(deaf, "/help@other_bot")
    wang.says(deaf, "党小栖 在吗")
    got = [(update.message.chat.id, update.message.id) for update in await bot.get_updates() if update.message]
    assert got == [(message.chat.id, message.id) for message in heard]
    assert (await bot.get_me()).can_read_all_group_messages is False
    em.world.privacy = False
    assert (await bot.get_me()).can_read_all_group_messages is True


async def test_limits_are_shared_by_sends_and_edits(
    em: Emulator, bot: telegram.Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", "1")
    em.clock.set(1_800_000_000)
    em.limits.on = True
    group = em.group("示范小区")
    sent = await bot.send_message(group.id, "0")
    with pytest.raises(RetryAfter) as soon:
        await bot.send_message(group.id, "1")
    assert soon.value.retry_after == timedelta(seconds=1)
    assert em.limits.early == []
    with pytest.raises(RetryAfter):
        await bot.send_message(group.id, "1")
    assert len(em.limits.early) == 1
    for number in range(19):
        em.clock.advance(1)
        await bot.edit_message_text(f"改 {number}", group.id, sent.message_id)
    em.clock.advance(1)
    with pytest.raises(RetryAfter) as full:
        await bot.send_message(group.id, "21")
    assert full.value.retry_after == timedelta(seconds=40)
    em.clock.advance(40)
    await bot.send_message(group.id, "21")
    others = [em.group(str(number)) for number in range(29)]
    for other in others:
        await bot.send_message(other.id, "群发")
    with pytest.raises(RetryAfter):
        await bot.send_message(em.group("第三十一").id, "群发")


async def test_html_and_entities(em: Emulator, bot: telegram.Bot) -> None:
    group = em.group("示范小区")
    html = "\n 😀 <b>甲<i>乙</i></b> <a href='https://e.org/?a=1&amp;b=2'>链</a> &amp; &lt;b&gt; A&B /done @dangxiaoqi_bot  "
    sent = await bot.send_message(group.id, html, parse_mode="HTML")
    assert sent.text == "😀 甲乙 链 & <b> A&B /done @dangxiaoqi_bot"
    assert {entity.type: text for entity, text in sent.parse_entities().items()} == {
        "bold": "甲乙",
        "italic": "乙",
        "text_link": "链",
        "bot_command": "/done",
        "mention": "@dangxiaoqi_bot",
    }
    assert [entity.url for entity in sent.entities if entity.url] == ["https://e.org/?a=1&b=2"]
    plain = await bot.send_message(group.id, " 粗 ", entities=[telegram.MessageEntity("bold", 1, 1)])
    assert plain.parse_entities() == {telegram.MessageEntity("bold", 0, 1): "粗"}
    for wrong in ("<b>x</i>", "1 < 2", "<script>x</script>"):
        with pytest.raises(BadRequest, match="Can't parse entities"):
            await bot.send_message(group.id, wrong, parse_mode="HTML")
