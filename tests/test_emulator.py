"""The emulator itself: python-telegram-bot must understand all it says, and it must refuse what Telegram refuses."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import BytesIO

import httpx
import pytest
import telegram
from telegram.error import BadRequest, InvalidToken

from tests.emulator import TOKEN, Emulator, extract
from tests.emulator.dispatch import HANDLERS, Dispatcher
from tests.emulator.people import PIXEL
from tests.emulator.spec import DATA, SpecError, load

EVERYTHING = telegram.Update.ALL_TYPES


@pytest.fixture
async def em() -> AsyncIterator[Emulator]:
    async with Emulator() as emulator:
        yield emulator
    assert emulator.violations == []


@asynccontextmanager
async def bot_of(em: Emulator, token: str = TOKEN) -> AsyncIterator[telegram.Bot]:
    async with telegram.Bot(token, base_url=em.base_url, base_file_url=em.base_file_url) as bot:
        yield bot


@pytest.fixture
async def bot(em: Emulator) -> AsyncIterator[telegram.Bot]:
    async with bot_of(em) as ready:
        yield ready


def button(label: str, data: str) -> telegram.InlineKeyboardMarkup:
    return telegram.InlineKeyboardMarkup([[telegram.InlineKeyboardButton(label, callback_data=data)]])


# ---- what python-telegram-bot reads --------------------------------------------------------------------------------


async def test_every_kind_of_update_is_parsed(em: Emulator, bot: telegram.Bot) -> None:
    await bot.get_updates(allowed_updates=EVERYTHING)
    wang, li = em.user("王阿姨", "wang_ayi"), em.user("李叔", last_name="大")
    group = em.group("示范小区", [wang, li], bot=False)
    group.add_bot(wang, admin=True)
    forum = em.group("业主群", [wang], privacy=False, forum=True)
    old = em.group("旧群", [wang], type="group", privacy=False)
    channel = em.channel("社区频道", group, bot_admin=True)
    said = wang.says(group, "3栋电梯坏了 https://example.org/x 请看 /help@dangxiaoqi_bot")
    wang.edits(said, "3栋2单元电梯坏了")
    li.replies(said, "我家也是")
    li.forwards(said, group)
    li.forwards(said, group, hidden=True)
    wang.says(group, "我是管理员", anonymous=True)
    wang.says(group, "李叔 来一下", mentions=li)
    wang.photo(group, "电梯照片 @dangxiaoqi_bot")
    wang.album(group, 3, "三张")
    wang.document(group, "名单.xlsx", b"xx", caption="名单")
    wang.location(group, 39.9, 116.4)
    wang.reacts(said, "👍")
    channel.posts("停水通知")
    topic = forum.topic("维修")
    wang.says(forum, "路灯不亮", thread=topic)
    old.upgrade()
    wang.starts("abc_DEF-1")
    wang.blocks()
    wang.unblocks()
    li.leaves(group)
    li.joins(group)
    group.renames("示范小区一期")
    group.promotes(li)
    card = await bot.send_message(group.id, "工单", reply_markup=button("接单", "k1"))
    shown = em.messages(group)[-1]
    li.presses(shown, "接")
    li.presses(shown, "接", inaccessible=True)
    group.bot_becomes("restricted")
    group.remove_bot()
    updates = await bot.get_updates(timeout=0)
    kinds = {kind for update in updates for kind in update.to_dict() if kind != "update_id"}
    assert kinds == {
        "message",
        "edited_message",
        "callback_query",
        "my_chat_member",
        "chat_member",
        "message_reaction",
        "channel_post",
    }
    assert [update.update_id for update in updates] == list(range(updates[0].update_id, updates[-1].update_id + 1))
    assert not any(update.message.api_kwargs for update in updates if update.message)
    by_text = {update.message.text: update.message for update in updates if update.message and update.message.text}
    reply = by_text["我家也是"]
    assert reply.reply_to_message is not None
    assert reply.reply_to_message.text == "3栋2单元电梯坏了"
    hidden = by_text["我是管理员"]
    assert (hidden.from_user and hidden.from_user.id, hidden.sender_chat and hidden.sender_chat.id) == (
        1087968824,
        group.id,
    )
    assert by_text["停水通知"].is_automatic_forward
    assert by_text["路灯不亮"].message_thread_id == topic
    assert by_text["/start abc_DEF-1"].chat.type == "private"
    album = [update.message.media_group_id for update in updates if update.message and update.message.media_group_id]
    assert len(album) == 3
    assert len(set(album)) == 1
    marked = by_text["3栋2单元电梯坏了"].parse_entities() if "3栋2单元电梯坏了" in by_text else {}
    assert marked == {}
    pressed = [update.callback_query for update in updates if update.callback_query]
    assert [query.data for query in pressed] == ["k1", "k1"]
    assert pressed[0].message is not None
    assert pressed[0].message.message_id == card.message_id


async def test_every_method_is_answered(em: Emulator, bot: telegram.Bot) -> None:
    wang = em.user("王阿姨", started=True)
    group = em.group("示范小区", [wang], owner=wang, bot_admin=True)
    asked = wang.says(group, "3栋电梯坏了")
    assert bot.username == "dangxiaoqi_bot"
    sent = await bot.send_message(
        group.id,
        "<b>收到</b> &lt;3&gt; ",
        parse_mode="HTML",
        reply_parameters=telegram.ReplyParameters(asked.id),
        reply_markup=button("接单", "k1"),
        disable_notification=True,
    )
    assert sent.text == "收到 <3>"
    assert sent.entities[0].type == "bold"
    assert await bot.set_message_reaction(group.id, asked.id, "👀")
    assert await bot.set_message_reaction(group.id, asked.id, "👌")
    edited = await bot.edit_message_text("已接", group.id, sent.message_id, reply_markup=button("办结", "k2"))
    assert isinstance(edited, telegram.Message)
    assert edited.edit_date is not None
    assert await bot.edit_message_reply_markup(group.id, sent.message_id)
    [card] = em.said(group)
    assert (card.text, card.edited, card.labels, card.reply_to) == ("已接", True, [], asked)
    assert card.earlier == ["收到 <3>", "已接"]
    assert asked.reactions == ["👌"]
    assert asked.bot_reactions == ["👀", "👌"]
    photo = await bot.send_photo(wang.id, BytesIO(PIXEL), caption="现场")
    again = await bot.send_photo(wang.id, photo.photo[-1].file_id)
    assert again.photo
    document = await bot.send_document(wang.id, b"a,b", filename="台账.csv")
    assert document.document is not None
    file = await bot.get_file(document.document.file_id)
    assert bytes(await file.download_as_bytearray()) == b"a,b"
    media = [telegram.InputMediaPhoto(PIXEL, caption="一"), telegram.InputMediaPhoto(photo.photo[-1].file_id)]
    assert len(await bot.send_media_group(wang.id, media)) == 2
    assert await bot.delete_message(wang.id, again.message_id)
    assert [message.text for message in em.messages(wang)] == ["现场", "", "一", ""]
    assert (await bot.get_chat(group.id)).title == "示范小区"
    assert (await bot.get_chat_member(group.id, wang.id)).status == "creator"
    assert {member.status for member in await bot.get_chat_administrators(group.id)} == {"creator", "administrator"}
    scope = telegram.BotCommandScopeChat(group.id)
    assert await bot.set_my_commands([("help", "帮助")], scope=scope)
    assert [command.command for command in await bot.get_my_commands(scope=scope)] == ["help"]
    assert await bot.delete_my_commands(scope=scope)
    assert await bot.get_my_commands(scope=scope) == ()
    assert await bot.set_webhook("https://127.0.0.1:1/hook", secret_token="s" * 32, allowed_updates=["message"])
    assert (await bot.get_webhook_info()).url == "https://127.0.0.1:1/hook"
    assert await bot.delete_webhook()
    assert await bot.leave_chat(group.id)
    assert em.calls("sendMessage")[0].ok
    assert len(em.calls(chat=group)) == 9


async def test_presses_are_answered_in_time_or_not_at_all(em: Emulator, bot: telegram.Bot) -> None:
    wang = em.user("王阿姨")
    group = em.group("示范小区", [wang])
    em.clock.set(1_800_000_000)
    await bot.send_message(group.id, "工单", reply_markup=button("接单 1", "k1"))
    [card] = em.said(group)
    press, late = wang.presses(card, "接单"), wang.presses(card, data="forged")
    assert await bot.answer_callback_query(press.id, "好的", show_alert=True)
    assert (press.answered, press.answer, press.alert) == (True, "好的", True)
    em.clock.advance(61)
    with pytest.raises(BadRequest, match="Query is too old"):
        await bot.answer_callback_query(late.id)
    with pytest.raises(BadRequest, match="Query is too old"):
        await bot.answer_callback_query("nonsense")
    with pytest.raises(AssertionError, match="no button"):
        wang.presses(card, "办结")


# ---- honesty -------------------------------------------------------------------------------------------------------


async def test_requests_against_the_specification_are_recorded() -> None:
    async with Emulator() as em, httpx.AsyncClient(base_url=f"{em.base_url}{TOKEN}/") as client:
        group = em.group("示范小区")
        wrong: list[dict[str, object]] = [
            {"text": "x"},
            {"chat_id": group.id, "text": "x", "shout": True},
            {"chat_id": group.id, "text": 5},
            {"chat_id": group.id, "text": "x", "reply_parameters": {"message_id": "1"}},
            {"chat_id": group.id, "text": "x", "reply_markup": {"inline_keyboard": [[{"label": "x"}]]}},
            {"chat_id": group.id, "text": "x", "reply_markup": "{broken"},
        ]
        for body in wrong:
            answer = await client.post("sendMessage", json=body)
            assert (answer.status_code, answer.json()["ok"]) == (400, False)
        for broken in (b"[]", b"{"):
            answer = await client.post("getMe", content=broken, headers={"content-type": "application/json"})
            assert answer.status_code == 400
        assert len(em.violations) == len(wrong) + 2
        assert (await client.post("makeCoffee")).status_code == 404
        assert "makeCoffee" in em.violations[-1]
        wrong_token = await client.post(f"{em.base_url}1:wrong/getMe")
        assert wrong_token.status_code == 401
        assert wrong_token.json() == {"ok": False, "error_code": 401, "description": "Unauthorized"}
        good = {"chat_id": str(group.id), "text": "x", "disable_notification": "true"}
        assert (await client.post("sendMessage", data=good)).json()["ok"]
        assert (await client.get("sendMessage", params=good)).json()["ok"]
        with pytest.raises(InvalidToken):
            async with bot_of(em, "1:wrong"):
                raise AssertionError("a wrong token was accepted")


async def test_hook_can_fail_the_test_at_each_call() -> None:
    async with Emulator() as em, bot_of(em) as bot:
        open_transactions = 1

        def no_transaction(_: object) -> None:
            assert open_transactions == 0, "a call while a write transaction is open"

        em.on_call.append(no_transaction)
        await bot.get_me()
        assert em.violations[-1].startswith("getMe: a call while a write transaction is open")


async def test_updates_are_checked_when_made(em: Emulator) -> None:
    wang = em.user("王阿姨")
    with pytest.raises(SpecError, match="has no field 'mood'"):
        wang.sends(wang.private, {"text": "x", "mood": "bad"})
    with pytest.raises(SpecError, match="is not an Integer"):
        wang.sends(wang.private, {"text": "x", "edit_date": 1.5})


async def test_the_extract_is_complete_and_closed(em: Emulator) -> None:
    spec = load()
    assert frozenset(spec.methods) == frozenset(extract.METHODS) == Dispatcher(em.state).methods
    assert extract.dump(extract.extract({"methods": spec.methods, "types": spec.types})) == DATA.read_text("utf-8")
    for name in spec.types:
        with pytest.raises(SpecError):
            spec.check(name, 5)


async def test_a_fault_of_the_emulator_itself_is_a_violation(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setitem(HANDLERS, "getMe", broken)
    async with Emulator() as em, httpx.AsyncClient() as client:
        assert (await client.get(f"{em.base_url}{TOKEN}/getMe")).status_code == 500
        monkeypatch.setitem(HANDLERS, "getMe", lambda *_: {"id": "text"})
        await client.get(f"{em.base_url}{TOKEN}/getMe")
    assert len(em.violations) == 2
    assert "the emulator itself failed" in em.violations[0]
    assert "the emulator's own answer: getMe: User lacks" in em.violations[1]
