"""Pictures of the page for the README: ``python -m tests.web.screenshot`` writes ``docs/images/demo*.png``.

Part of the sample day is played in the real program, so that the pictures can never show what it does not do.
"""

import asyncio
import tempfile
from pathlib import Path

from playwright.async_api import Page, expect

from tests.web.browser import DESKTOP, PHONE, ROOT, browser, demo, visit

IMAGES = ROOT / "docs" / "images"


async def _play(page: Page, until: str) -> None:
    """Play until this stands in the group."""
    await page.locator(".speed").click()
    await page.get_by_role("option", name="快").click()
    await page.get_by_role("button", name="播放示例").click()
    await expect(page.locator(".side.group .log")).to_contain_text(until, timeout=90000)
    await page.get_by_role("button", name="停", exact=True).click()
    await page.wait_for_timeout(2500)


async def take(folder: Path = IMAGES) -> list[Path]:
    """Both pictures; where they were written."""
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    desktop, phone = folder / "demo.png", folder / "demo-phone.png"
    with tempfile.TemporaryDirectory() as scratch:
        async with demo(Path(scratch)) as url, browser() as opened:
            page = await visit(opened, url, "li", DESKTOP)
            await _play(page, "网格长小陈已知悉")
            await page.get_by_role("button", name="5号工单的经过").click()
            await page.wait_for_timeout(1500)
            await page.mouse.move(0, 0)
            await page.screenshot(path=desktop)
            small = await visit(opened, url, "wang", PHONE)
            await small.wait_for_timeout(1500)
            await small.screenshot(path=phone)
    return [desktop, phone]


if __name__ == "__main__":
    for _path in asyncio.run(take()):
        _path.stat()
