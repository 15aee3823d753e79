"""The page, as people see it in a real browser."""

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.async_api import Browser, ConsoleMessage, Page, expect
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from tests.web.browser import PHONE, browser, demo, require_chromium, say, visit

CONTRAST = """() => {
  const channel = (v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const read = (css) => css.match(/[\\d.]+/g).map(Number);
  const behind = (e) => {
    for (; e; e = e.parentElement) {
      const c = read(getComputedStyle(e).backgroundColor);
      if (c.length < 4 || c[3] > 0.99) return c;
    }
    return [255, 255, 255];
  };
  const found = [];
  for (const e of document.querySelectorAll('.demo *')) {
    const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!own || !e.getClientRects().length || e.closest('[disabled], .q-icon, [aria-hidden=true]')) continue;
    const style = getComputedStyle(e);
    if (style.opacity === '0' || e.closest('.quote')) continue;
    const [a, b] = [light(read(style.color)), light(behind(e))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) found.push(`${e.className} ${e.textContent.slice(0, 20)} ${ratio.toFixed(2)}`);
    if (parseFloat(style.fontSize) < 13) found.push(`${e.className} ${e.textContent.slice(0, 20)} ${style.fontSize}`);
  }
  return found;
}"""
"""Every text on the page that is smaller than 13 px or harder to read than WCAG AA allows."""

UNNAMED = """() => [...document.querySelectorAll('.demo button, .demo textarea, .demo input, .demo [role=combobox]')]
  .filter((e) => e.getClientRects().length)
  .filter((e) => !(e.getAttribute('aria-label') || e.innerText.trim() || (e.labels && e.labels.length)))
  .map((e) => e.outerHTML.slice(0, 120))"""
"""Controls a screen reader has no name for."""


@pytest.fixture
async def url(tmp_path: Path) -> AsyncIterator[str]:
    require_chromium()
    async with demo(tmp_path) as found:
        yield found


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    require_chromium()
    async with browser() as opened:
        yield opened


async def _is_on(page: Page, state: str) -> None:
    await expect(page.locator(".ticket .state").first).to_have_text(state)


async def _toast(page: Page, text: str) -> None:
    await expect(page.locator(".toast", has_text=text)).to_be_visible()


async def test_a_fault_from_the_first_word_to_the_rating(url: str, chromium: Browser) -> None:
    wang = await visit(chromium, url, "wang")
    hosts: set[str] = set()
    faults: list[str] = []

    def console(message: ConsoleMessage) -> None:
        if message.type == "error":
            faults.append(message.text)

    wang.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    wang.on("console", console)
    await wang.reload()
    await expect(wang.locator(".side.group .title")).to_have_text("示范小区居民群（14）")
    await expect(wang.locator(".note")).to_contain_text("没有静默时段")
    li = await visit(chromium, url, "li")

    await say(wang, "3栋2单元电梯又坏了")
    mine = wang.locator(".side.group .message.mine")
    await expect(mine.locator(".bubble")).to_have_text("3栋2单元电梯又坏了")
    await expect(mine.locator(".reaction")).to_contain_text("收到")
    card = wang.locator(".side.group .message.from-bot").first
    await expect(card.locator(".bubble")).to_contain_text("1号工单：3栋2单元，电梯故障停运")
    await expect(card.locator(".pill")).to_have_text(["我家也是", "补充", "撤回/不是诉求"])
    await _is_on(wang, "等人接单")
    await expect(wang.locator(".ticket .facts").first).to_contain_text("正在问老李")
    await expect(wang.locator('[data-who="li"] .badge')).to_have_text("2")

    invitation = li.locator(".side.private .message").last
    await expect(invitation.locator(".bubble")).to_contain_text("想请您帮个忙")
    await invitation.get_by_role("button", name="接单").click()
    await _toast(li, "1号您接下了。")
    await expect(wang.locator(".toast")).to_have_count(0)
    await expect(card.locator(".bubble")).to_contain_text("老李已接单")
    await expect(card.locator(".edited")).to_contain_text("已更新")
    await _is_on(li, "办理中")

    await li.locator(".side.private").get_by_role("button", name="办结", exact=True).click()
    await expect(li.locator(".side.private .message").last).to_contain_text("请用一句话写做了什么")
    await say(li, "已换门机，试运行正常", "private")
    asked = wang.locator(".side.group .message.from-bot").last
    await expect(asked.locator(".bubble")).to_contain_text("已换门机，试运行正常")
    await _is_on(wang, "等居民确认")

    yes = asked.get_by_role("button", name="已解决")
    await yes.focus()
    await wang.keyboard.press("Enter")
    await expect(asked.locator(".bubble")).to_contain_text("满意吗")
    await asked.get_by_role("button", name="满意", exact=True).click()
    await _toast(wang, "谢谢您的评价。")
    await _is_on(wang, "已归档")
    await expect(wang.locator(".ticket .facts").first).to_contain_text("满意")

    await wang.get_by_role("button", name="1号工单的经过").click()
    history = wang.locator(".ticket .history li")
    await expect(history).to_have_count(6)
    await expect(history.nth(2)).to_contain_text("老李")
    await expect(wang.locator(".ticket .why")).to_contain_text("电梯")
    await wang.get_by_role("tab", name="名册").click()
    await expect(wang.locator(".member").first).to_contain_text("结对3栋")
    await wang.get_by_role("tab", name="走访").click()
    await expect(wang.locator(".visits .ticket").first).to_contain_text("走访人")
    await wang.get_by_role("tab", name="消息").click()
    await expect(wang.locator(".count-sent .figure")).not_to_have_text("0")
    assert hosts == {urlsplit(url).netloc}, "everything comes from this machine"
    assert faults == []
    assert await wang.evaluate(CONTRAST) == []
    assert await wang.evaluate(UNNAMED) == []


async def test_words_are_only_words(url: str, chromium: Browser) -> None:
    page = await visit(chromium, url, "wang")
    text = "<img src=x onerror=\"document.title='owned'\"><b>3栋2单元电梯坏了</b>{{1+1}}"
    await say(page, text)
    bubble = page.locator(".side.group .message.mine .bubble")
    await expect(bubble).to_have_text(text)
    assert await page.locator(".side.group .bubble img, .side.group .bubble b").count() == 0
    await page.locator('[data-who="li"]').click()
    await expect(page.locator(".side.private .bubble").last).to_contain_text("<b>3栋2单元电梯坏了</b>")
    await expect(page.locator(".side.group .title")).to_contain_text("居民群")
    assert await page.title() == "党小栖 · 演示"


async def test_a_stranger_cannot_reach_the_chats(url: str) -> None:
    async with httpx.AsyncClient() as client:
        assert (await client.get(url, headers={"origin": "https://evil.example"})).status_code == 403
        assert (await client.get(url, headers={"host": "evil.example"})).status_code == 403
    socket = url.replace("http://", "ws://") + "_nicegui_ws/socket.io/?EIO=4&transport=websocket"
    with pytest.raises(InvalidStatus) as refused:
        await connect(socket, origin="https://evil.example", proxy=None)  # type: ignore[arg-type]
    assert refused.value.response.status_code == 403


async def test_answering_a_message_showing_a_photo_and_the_sample_day(url: str, chromium: Browser) -> None:
    page = await visit(chromium, url, "wang")
    example = page.locator(".side.group .hint .pill").first
    await example.click()
    await expect(page.locator(".side.group textarea")).to_have_value("3栋2单元电梯又坏了")
    await page.locator(".side.group .tool").last.click()
    await page.get_by_role("menuitem", name="电梯停在半层").click()
    photo = page.locator(".side.group .message.mine img")
    await expect(photo).to_have_attribute("alt", "照片：电梯停在半层")
    assert await photo.evaluate("(e) => e.complete && e.naturalWidth > 0")
    card = page.locator(".side.group .message.from-bot").first
    await card.get_by_role("button", name="回复党小栖这条消息").click()
    await expect(page.locator(".side.group .answered")).to_contain_text("回复 党小栖")
    await say(page, "进度")
    await expect(page.locator(".side.group .message.mine").last.locator(".quoted")).to_contain_text("1号工单")
    await expect(page.locator(".side.group .message.from-bot").last).to_contain_text("正在联系")

    await page.locator(".speed").click()
    await page.get_by_role("option", name="快").click()
    await page.get_by_role("button", name="播放示例").click()
    await expect(page.locator(".playing")).to_contain_text("正在播放")
    await expect(page.locator(".side.group .log")).to_contain_text("早餐店")
    await page.get_by_role("button", name="停", exact=True).click()
    await expect(page.get_by_role("button", name="播放示例")).to_be_enabled()


async def test_on_a_phone_one_thing_at_a_time(url: str, chromium: Browser) -> None:
    page = await visit(chromium, url, "wang", PHONE)
    nav = page.locator(".bottom")
    await expect(page.locator(".side.group")).to_be_visible()
    await expect(page.locator(".side.private")).to_be_hidden()
    await say(page, "3栋2单元电梯又坏了")
    await expect(page.locator(".side.group .message.from-bot .pill")).to_have_count(3)
    sizes = await page.locator(".side.group .pill, .send, .place, .tool").evaluate_all(
        "(all) => all.filter((e) => e.getClientRects().length).map((e) => e.getBoundingClientRect().height)"
    )
    assert min(sizes) >= 44, "a thumb needs room"
    await nav.get_by_role("button", name="工单").click()
    await expect(page.locator(".ticket")).to_contain_text("等人接单")
    await expect(page.locator(".side.group")).to_be_hidden()
    await page.locator('[data-who="li"]').click()
    await nav.get_by_role("button", name="私聊").click()
    await page.locator(".side.private").get_by_role("button", name="接单").click()
    await expect(page.locator(".side.private .message").last).to_contain_text("您接下了，谢谢")
    await nav.get_by_role("button", name="群聊").click()
    await expect(page.locator(".side.group .message.from-bot")).to_contain_text("老李已接单")
    assert await page.evaluate("document.scrollingElement.scrollWidth") <= PHONE[0]
    assert await page.evaluate("document.scrollingElement.scrollHeight") <= PHONE[1]
    assert await page.evaluate(CONTRAST) == []


def test_a_missing_browser_fails_in_ci_and_skips_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="no chromium"):
        require_chromium()
    monkeypatch.setenv("CI", "")
    with pytest.raises(pytest.skip.Exception, match="no chromium"):
        require_chromium()
