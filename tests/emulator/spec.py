"""The checker: every request, answer and update is held against the machine-readable Bot API description.

A double that is more lenient than Telegram hides bugs; this one refuses unknown names, wrong JSON types and missing fields.
Checkers are closures compiled once per type, because a load test makes tens of thousands of calls.
"""

import json
import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

Json = dict[str, Any]
Check = Callable[[object, str], None]
DATA = Path(__file__).with_name("bot_api.json")

# The description names no constants, but a union can only be told apart by them.
CONSTANTS: dict[str, tuple[str, str]] = {
    "ChatMemberOwner": ("status", "creator"),
    "ChatMemberAdministrator": ("status", "administrator"),
    "ChatMemberMember": ("status", "member"),
    "ChatMemberRestricted": ("status", "restricted"),
    "ChatMemberLeft": ("status", "left"),
    "ChatMemberBanned": ("status", "kicked"),
    "MessageOriginUser": ("type", "user"),
    "MessageOriginHiddenUser": ("type", "hidden_user"),
    "MessageOriginChat": ("type", "chat"),
    "MessageOriginChannel": ("type", "channel"),
    "ReactionTypeEmoji": ("type", "emoji"),
    "ReactionTypeCustomEmoji": ("type", "custom_emoji"),
    "ReactionTypePaid": ("type", "paid"),
    "BotCommandScopeDefault": ("type", "default"),
    "BotCommandScopeAllPrivateChats": ("type", "all_private_chats"),
    "BotCommandScopeAllGroupChats": ("type", "all_group_chats"),
    "BotCommandScopeAllChatAdministrators": ("type", "all_chat_administrators"),
    "BotCommandScopeChat": ("type", "chat"),
    "BotCommandScopeChatAdministrators": ("type", "chat_administrators"),
    "BotCommandScopeChatMember": ("type", "chat_member"),
    "InputMediaPhoto": ("type", "photo"),
    "InputMediaDocument": ("type", "document"),
    "InputMediaVideo": ("type", "video"),
    "InputMediaAudio": ("type", "audio"),
    "InputMediaLivePhoto": ("type", "live_photo"),
}
ENUMS: dict[tuple[str, str], frozenset[str]] = {
    ("Chat", "type"): frozenset({"private", "group", "supergroup", "channel"}),
    ("MessageEntity", "type"): frozenset(
        [
            "mention",
            "hashtag",
            "cashtag",
            "bot_command",
            "url",
            "email",
            "phone_number",
            "bold",
            "italic",
            "underline",
            "strikethrough",
            "spoiler",
            "blockquote",
            "expandable_blockquote",
            "code",
            "pre",
            "text_link",
            "text_mention",
            "custom_emoji",
            "date_time",
        ]
    ),
}


class SpecError(ValueError):
    """Something on the wire is not what the Bot API describes; the text says where."""


class Upload:
    """A file part of a multipart request."""

    __slots__ = ("data", "mime", "name")

    def __init__(self, name: str, data: bytes, mime: str = "application/octet-stream") -> None:
        self.name, self.data, self.mime = name, data, mime


def _integer(value: object, where: str) -> None:
    if type(value) is not int:
        raise SpecError(f"{where}: {value!r:.60} is not an Integer")


def _float(value: object, where: str) -> None:
    if type(value) is not int and type(value) is not float:
        raise SpecError(f"{where}: {value!r:.60} is not a Float")


def _boolean(value: object, where: str) -> None:
    if type(value) is not bool:
        raise SpecError(f"{where}: {value!r:.60} is not a Boolean")


def _string(value: object, where: str) -> None:
    if type(value) is not str:
        raise SpecError(f"{where}: {value!r:.60} is not a String")


def _upload(value: object, where: str) -> None:
    if not isinstance(value, Upload):
        raise SpecError(f"{where}: {value!r:.60} is not a file")


SCALARS: dict[str, Check] = {
    "Integer": _integer,
    "Float": _float,
    "Boolean": _boolean,
    "String": _string,
    "InputFile": _upload,
}


class Spec:
    """Compiled checkers of one Bot API description."""

    def __init__(self, data: Mapping[str, Mapping[str, Json]]) -> None:
        self.methods, self.types = data["methods"], data["types"]
        self._checks: dict[str, Check] = dict(SCALARS)
        self._returns = {name: self._union(method["returns"]) for name, method in self.methods.items()}

    def check(self, type_name: str, value: object) -> None:
        """Raise :class:`SpecError` unless ``value`` is a correct object of this type."""
        self._check(type_name)(value, type_name)

    def check_result(self, method: str, value: object) -> None:
        """The same for what a method answers."""
        self._returns[method](value, method)

    def decode(self, method: str, given: Mapping[str, object]) -> Json:
        """Form values (or JSON values) of a request as typed parameters."""
        fields = self.methods[method]["fields"]
        if unknown := given.keys() - fields.keys():
            raise SpecError(f"{method}: unknown parameters {sorted(unknown)}")
        if missing := [name for name, (_, required) in fields.items() if required and name not in given]:
            raise SpecError(f"{method}: parameters {missing} are required")
        return {name: self._decode(fields[name][0], value, f"{method}.{name}") for name, value in given.items()}

    def _decode(self, described: list[str], value: object, where: str) -> object:
        """One request value; in a form everything is a string, and objects are JSON inside it."""
        if isinstance(value, str):
            for scalar in described:
                if scalar == "Integer" and re.fullmatch(r"-?\d{1,19}", value):
                    return int(value)
                if scalar == "Float" and re.fullmatch(r"-?\d+(\.\d+)?", value):
                    return float(value)
                if scalar == "Boolean" and value.lower() in ("true", "false"):
                    return value.lower() == "true"
                if scalar == "String":
                    return value
            try:
                value = json.loads(value)
            except ValueError:
                raise SpecError(f"{where}: can't parse JSON object {value!r:.60}") from None
        self._union(described)(value, where)
        return value

    def _check(self, described: str) -> Check:
        """The checker of one description; made once."""
        if described not in self._checks:
            if described.startswith("Array of "):
                self._checks[described] = _array(self._check(described.removeprefix("Array of ")))
            elif inner := self.types[described].get("one_of"):
                self._checks[described] = self._later(described)  # unions contain themselves too
                self._checks[described] = self._union(inner)
            else:
                self._object(described)
        return self._checks[described]

    def _later(self, described: str) -> Check:
        """A checker that looks up the real one when it runs."""

        def check(value: object, where: str) -> None:
            self._checks[described](value, where)

        return check

    def _object(self, name: str) -> None:
        """Compile an object type. Its table is registered before it is filled, because types contain themselves."""
        fields: dict[str, Check] = {}
        required: set[str] = set()
        self._checks[name] = _object(name, fields, required)
        for field, (described, needed) in self.types[name]["fields"].items():
            fields[field] = self._union(described)
            if allowed := ENUMS.get((name, field)):
                fields[field] = _enum(allowed)
            if needed:
                required.add(field)
        if constant := CONSTANTS.get(name):
            fields[constant[0]] = _enum(frozenset({constant[1]}))

    def _union(self, described: list[str]) -> Check:
        """One of several types: by its constant where there is one, otherwise the first that fits."""
        if len(described) == 1:
            return self._check(described[0])
        keys = {CONSTANTS[name][0] for name in described if name in CONSTANTS}
        if len(keys) == 1 and all(name in CONSTANTS for name in described):
            return _tagged(keys.pop(), {CONSTANTS[name][1]: self._check(name) for name in described})
        return _first_of([self._check(name) for name in described])


def _array(inner: Check) -> Check:
    def check(value: object, where: str) -> None:
        if type(value) is not list:
            raise SpecError(f"{where}: {value!r:.60} is not an Array")
        for index, item in enumerate(value):
            inner(item, f"{where}[{index}]")

    return check


def _object(name: str, fields: dict[str, Check], required: set[str]) -> Check:
    def check(value: object, where: str) -> None:
        if type(value) is not dict:
            raise SpecError(f"{where}: {value!r:.60} is not a {name}")
        if not required <= value.keys():
            raise SpecError(f"{where}: {name} lacks {sorted(required - value.keys())}")
        for field, inner in value.items():
            if field not in fields:
                raise SpecError(f"{where}: {name} has no field {field!r}")
            fields[field](inner, f"{where}.{field}")

    return check


def _enum(allowed: frozenset[str]) -> Check:
    def check(value: object, where: str) -> None:
        if value not in allowed:
            raise SpecError(f"{where}: {value!r:.60} is none of {sorted(allowed)}")

    return check


def _tagged(key: str, checks: dict[str, Check]) -> Check:
    def check(value: object, where: str) -> None:
        tag = value.get(key) if type(value) is dict else None
        if tag not in checks:
            raise SpecError(f"{where}: {key} {tag!r} is none of {sorted(checks)}")
        checks[tag](value, where)

    return check


def _first_of(checks: list[Check]) -> Check:
    def check(value: object, where: str) -> None:
        problems = []
        for inner in checks:
            try:
                return inner(value, where)
            except SpecError as problem:
                problems.append(str(problem))
        raise SpecError(" / ".join(problems))

    return check


@cache
def load() -> Spec:
    """The committed extract; compiled once per process."""
    return Spec(json.loads(DATA.read_text("utf-8")))
