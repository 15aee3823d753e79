"""Text as Telegram sees it: entities in UTF-16 units, the HTML parse mode, and the rules for keyboards."""

import re
from html import unescape

from tests.emulator.answer import ApiError
from tests.emulator.spec import Json

COMMAND = re.compile(r"(?:(?<=\s)|^)/[A-Za-z0-9_]{1,32}(?:@[A-Za-z0-9_]{3,32})?(?![\w/])")
MENTION = re.compile(r"(?<![A-Za-z0-9_@])@[A-Za-z0-9_]{4,32}(?![A-Za-z0-9_])")
URL = re.compile(r"https?://[^\s<>\"']+", re.ASCII)
TAG = re.compile(r"<(/?)([a-z-]+)((?:\s[^<>]*)?)>", re.IGNORECASE)
REFERENCE = re.compile(r"&(?!(?:lt|gt|amp|quot|#\d+|#x[0-9a-f]+);)", re.IGNORECASE)
TAGS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
    "a": "text_link",
}


def units(text: str) -> int:
    """Length in UTF-16 code units, the unit of entity offsets."""
    return len(text.encode("utf-16-le")) // 2


def entities(text: str) -> list[Json]:
    """What Telegram marks by itself: commands, mentions and links."""
    if "/" not in text and "@" not in text:
        return []
    found = [
        {"type": kind, "offset": units(text[: match.start()]), "length": units(match.group())}
        for kind, pattern in (("bot_command", COMMAND), ("mention", MENTION), ("url", URL))
        for match in pattern.finditer(text)
    ]
    return sorted(found, key=lambda entity: entity["offset"])


def part(text: str, entity: Json) -> str:
    """The text an entity covers."""
    raw = text.encode("utf-16-le")
    return raw[entity["offset"] * 2 : (entity["offset"] + entity["length"]) * 2].decode("utf-16-le")


def parse_html(source: str) -> tuple[str, list[Json]]:
    """Telegram's HTML mode: a few tags, and ``<``, ``>`` and ``&`` must be escaped everywhere else."""
    text, marks, opened, position = "", [], [], 0
    for tag in TAG.finditer(source):
        text += _plain(source[position : tag.start()], position)
        position = tag.end()
        closing, name, rest = bool(tag[1]), tag[2].lower(), tag[3]
        if name not in TAGS:
            raise _unparsable(f'Unsupported start tag "{name}" at byte offset {len(source[: tag.start()].encode())}')
        if not closing:
            link = re.search(r'href="([^"]*)"', rest) or re.search(r"href='([^']*)'", rest)
            opened.append((name, units(text), unescape(link[1]) if link else ""))
            continue
        if not opened or opened[-1][0] != name:
            raise _unparsable(f"Unexpected end tag at byte offset {len(source[: tag.start()].encode())}")
        _, start, url = opened.pop()
        mark: Json = {"type": TAGS[name], "offset": start, "length": units(text) - start}
        if name == "a":
            mark["url"] = url
        if mark["length"] and (name != "a" or url):
            marks.append(mark)
    text += _plain(source[position:], position)
    if opened:
        raise _unparsable(f'Can\'t find end tag corresponding to start tag "{opened[-1][0]}"')
    return text, sorted(marks, key=lambda mark: (mark["offset"], -mark["length"]))


def _plain(source: str, position: int) -> str:
    """Text between tags; a stray ``<`` is an error to Telegram, and so it is here."""
    if "<" in source:
        raise _unparsable(f'Unsupported start tag "" at byte offset {position + source.index("<")}')
    return unescape(source) if not REFERENCE.search(source) else unescape(REFERENCE.sub("&amp;", source))


def _unparsable(why: str) -> ApiError:
    return ApiError(400, f"Bad Request: can't parse entities: {why}")


def outgoing(text: str, parse_mode: str | None, given: list[Json] | None) -> tuple[str, list[Json]]:
    """A bot's text after parsing, with white space cut as Telegram cuts it, and its entities."""
    marks = list(given or [])
    if parse_mode and not given:
        if parse_mode.lower() != "html":
            raise ApiError(400, "Bad Request: unsupported parse_mode")
        text, marks = parse_html(text)
    lead = units(text) - units(text.lstrip())
    text = text.strip()
    size = units(text)
    kept = []
    for mark in marks:
        start = max(mark["offset"] - lead, 0)
        length = min(mark["offset"] - lead + mark["length"], size) - start
        if length > 0:
            kept.append({**mark, "offset": start, "length": length})
    taken = {(mark["offset"], mark["type"]) for mark in kept}
    return text, kept + [mark for mark in entities(text) if (mark["offset"], mark["type"]) not in taken]


BUTTON_KINDS = (
    "url",
    "callback_data",
    "web_app",
    "login_url",
    "switch_inline_query",
    "callback_game",
    "pay",
    "copy_text",
)


def check_keyboard(keyboard: Json | None) -> None:
    """The rules for inline keyboards that the machine-readable description does not know."""
    for row in (keyboard or {}).get("inline_keyboard", []):
        for button in row:
            if not button["text"].strip():
                raise ApiError(400, "Bad Request: can't parse inline keyboard button: Text must be non-empty")
            if not any(
                kind in button or (kind.startswith("switch") and f"{kind}_current_chat" in button)
                for kind in BUTTON_KINDS
            ):
                raise ApiError(
                    400,
                    "Bad Request: can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
                )
            if "callback_data" in button and not 1 <= len(button["callback_data"].encode()) <= 64:
                raise ApiError(400, "Bad Request: BUTTON_DATA_INVALID")
            if "url" in button and not re.match(r"(https?|tg)://\S+", button["url"]):
                raise ApiError(
                    400, f"Bad Request: inline keyboard button URL '{button['url']}' is invalid: Wrong HTTP URL"
                )
