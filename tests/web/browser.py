"""A real browser in front of a real demo: the program in a process of its own, Chromium driven by Playwright."""

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, async_playwright

ROOT = Path(__file__).parents[2]
DESKTOP = (1440, 900)
PHONE = (390, 844)

_FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def chromium() -> str:
    """The browser's path; empty when there is none."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((found for name in names if (found := shutil.which(name))), "")


def require_chromium() -> None:
    """Skip where there is no browser - but never in CI, where a skipped test would prove nothing for ever."""
    if not chromium():
        if os.environ.get("CI", "").lower() == "true":
            pytest.fail("CI=true, but no chromium was found: the page is untested")
        pytest.skip("no chromium found: the page is not tested in a browser")


@asynccontextmanager
async def demo(folder: Path) -> AsyncIterator[str]:
    """The demo on a free port; the answer is its address. Ends with SIGTERM and must end well."""
    command = (sys.executable, "-m", "tests.web.serve", str(folder / "demo.db"))
    process = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    output = process.stdout
    assert output is not None
    try:
        async with asyncio.timeout(60):
            url = (await output.readline()).decode().strip()
            while url and not url.startswith("http"):
                url = (await output.readline()).decode().strip()
        assert url, "the demo ended before it had an address"
        yield url
    finally:
        if process.returncode is None:
            process.terminate()
        async with asyncio.timeout(20):
            said, _ = await process.communicate()
    text = said.decode()
    assert process.returncode == 0, text
    assert "Traceback" not in text, text


@asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    """Chromium, as installed on the machine."""
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=chromium(), args=list(_FLAGS))
        try:
            yield opened
        finally:
            await opened.close()


async def visit(opened: Browser, url: str, who: str, size: tuple[int, int] = DESKTOP) -> Page:
    """A tab of one person, ready to be used."""
    page = await opened.new_page(viewport={"width": size[0], "height": size[1]}, locale="zh-CN")
    page.set_default_timeout(15000)
    await page.goto(f"{url}?who={who}")
    await page.locator(f'[data-who="{who}"][aria-pressed="true"]').wait_for()
    return page


async def say(page: Page, text: str, column: str = "group") -> None:
    """Type a line and press Enter."""
    box = page.locator(f".side.{column} textarea")
    await box.fill(text)
    await box.press("Enter")
