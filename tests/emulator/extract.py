"""Cuts the part of a machine-readable Bot API description that the emulator supports into ``bot_api.json``.

Usage: ``python -m tests.emulator.extract FILE``, where FILE holds ``{"methods": {name: {fields, returns}}, "types": ...}``.
The whole description is three times as large; a small committed extract keeps the build independent of the original.
"""

import json
import sys
from pathlib import Path

from tests.emulator.spec import Json

TARGET = Path(__file__).with_name("bot_api.json")
METHODS = (
    "answerCallbackQuery",
    "deleteMessage",
    "deleteMyCommands",
    "deleteWebhook",
    "editMessageReplyMarkup",
    "editMessageText",
    "getChat",
    "getChatAdministrators",
    "getChatMember",
    "getFile",
    "getMe",
    "getMyCommands",
    "getUpdates",
    "getWebhookInfo",
    "leaveChat",
    "sendDocument",
    "sendMediaGroup",
    "sendMessage",
    "sendPhoto",
    "setMessageReaction",
    "setMyCommands",
    "setWebhook",
)
ROOTS = ("Update", "ResponseParameters")  # what no method of ours returns by name, and yet is sent


def _names(described: list[str], types: Json) -> set[str]:
    """The object types inside descriptions such as ``Array of MessageEntity``."""
    return {name for text in described if (name := text.replace("Array of ", "")) in types}


def extract(whole: Json) -> Json:
    """The supported methods and every type they lead to."""
    types, methods = whole["types"], {name: whole["methods"][name] for name in METHODS}
    todo = set(ROOTS)
    for method in methods.values():
        todo |= _names(list(method["returns"]), types)
        for described, _ in method["fields"].values():
            todo |= _names(described, types)
    found: set[str] = set()
    while todo:
        name = todo.pop()
        found.add(name)
        inner = _names(list(types[name].get("one_of", ())), types)
        for described, _ in types[name]["fields"].values():
            inner |= _names(described, types)
        todo |= inner - found
    return {"methods": methods, "types": {name: types[name] for name in sorted(found)}}


def dump(part: Json) -> str:
    """One line per method and type: small, and a difference between two versions of the API can be read."""
    blocks = []
    for section, entries in part.items():
        lines = [f"{json.dumps(name)}: {json.dumps(entry, sort_keys=True)}" for name, entry in sorted(entries.items())]
        blocks.append(f'"{section}": {{\n' + ",\n".join(lines) + "\n}")
    return "{\n" + ",\n".join(blocks) + "\n}\n"


if __name__ == "__main__":
    TARGET.write_text(dump(extract(json.loads(Path(sys.argv[1]).read_text("utf-8")))), "utf-8")
