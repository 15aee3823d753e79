"""sendMessage, sendPhoto, sendDocument, sendMediaGroup."""

from tests.emulator import markup
from tests.emulator.answer import ApiError, Call
from tests.emulator.model import Chat, Message
from tests.emulator.spec import Json
from tests.emulator.state import State, find_message, upload_of, writable_chat

MAX_TEXT, MAX_CAPTION = 4096, 1024
MAX_UPLOAD, MAX_PHOTO = 50 * 1024 * 1024, 10 * 1024 * 1024


def send_message(state: State, call: Call) -> Json:
    """A text."""
    chat = writable_chat(state, call)
    text, marks = markup.outgoing(call.params["text"], call.params.get("parse_mode"), call.params.get("entities"))
    if not text:
        raise ApiError(400, "Bad Request: message text is empty")
    if len(text) > MAX_TEXT:
        raise ApiError(400, "Bad Request: message is too long")
    content: Json = {"text": text}
    if marks:
        content["entities"] = marks
    if options := call.params.get("link_preview_options"):
        content["link_preview_options"] = options
    return _post(state, call, chat, content).wire()


def send_photo(state: State, call: Call) -> Json:
    """A picture: uploaded, or known by its file id."""
    chat = writable_chat(state, call)
    return _post(state, call, chat, {**_photo(state, call, call.params["photo"]), **_caption(call.params)}).wire()


def send_document(state: State, call: Call) -> Json:
    """A file: uploaded, or known by its file id."""
    chat = writable_chat(state, call)
    return _post(state, call, chat, {**_document(state, call, call.params["document"]), **_caption(call.params)}).wire()


def send_media_group(state: State, call: Call) -> list[Json]:
    """Two to ten pictures or files as one."""
    chat = writable_chat(state, call)
    media = call.params["media"]
    if not 2 <= len(media) <= 10:
        raise ApiError(400, "Bad Request: group send failed: wrong number of messages")
    makers = {"photo": _photo, "document": _document}
    if any(item["type"] not in makers for item in media):
        raise ApiError(400, "Bad Request: the emulator knows albums of photos and documents only")
    contents = [{**makers[item["type"]](state, call, item["media"]), **_caption(item)} for item in media]
    group_id = str(state.world.random.getrandbits(53))
    return [_post(state, call, chat, {**content, "media_group_id": group_id}).wire() for content in contents]


def _photo(state: State, call: Call, value: object) -> Json:
    upload = upload_of(call, value)
    if upload is None:
        return {"photo": _known_photo(state, value)}
    if len(upload.data) > MAX_PHOTO:
        raise ApiError(400, "Bad Request: file is too big")
    if not upload.data:
        raise ApiError(400, "Bad Request: file must be non-empty")
    return {"photo": state.world.photo_sizes(upload.data)}


def _known_photo(state: State, file_id: object) -> list[Json]:
    """Sizes of a photo sent before; any of its file ids will do."""
    file = state.world.files.get(str(file_id))
    if file is None or not file.path.startswith("photos/"):
        raise ApiError(400, "Bad Request: wrong remote file identifier specified: Wrong string length")
    return [
        {
            "file_id": file.id,
            "file_unique_id": file.unique_id,
            "width": 1280,
            "height": 960,
            "file_size": len(file.data),
        }
    ]


def _document(state: State, call: Call, value: object) -> Json:
    upload = upload_of(call, value)
    if upload is None:
        file = state.world.files.get(str(value))
        if file is None:
            raise ApiError(400, "Bad Request: wrong remote file identifier specified: Wrong string length")
    else:
        if len(upload.data) > MAX_UPLOAD:
            raise ApiError(413, "Request Entity Too Large")
        if not upload.data:
            raise ApiError(400, "Bad Request: file must be non-empty")
        file = state.world.store(upload.data, "documents", upload.name, upload.mime)
    document: Json = {"file_id": file.id, "file_unique_id": file.unique_id, "file_size": len(file.data)}
    if file.name:
        document["file_name"] = file.name
    if file.mime:
        document["mime_type"] = file.mime
    return {"document": document}


def _caption(params: Json) -> Json:
    """The words under a picture."""
    text, marks = markup.outgoing(params.get("caption", ""), params.get("parse_mode"), params.get("caption_entities"))
    if len(text) > MAX_CAPTION:
        raise ApiError(400, "Bad Request: message caption is too long")
    content: Json = {}
    if text:
        content["caption"] = text
    if marks:
        content["caption_entities"] = marks
    return content


def _post(state: State, call: Call, chat: Chat, content: Json) -> Message:
    """The common end of all sending: reply, topic, keyboard."""
    params = call.params
    reply_to = _replied(chat, params.get("reply_parameters"))
    thread = params.get("message_thread_id")
    if thread is not None and not chat.is_forum and chat.type != "private":
        raise ApiError(400, "Bad Request: message thread not found")
    if thread is not None and chat.is_forum:
        if thread not in chat.topics:
            raise ApiError(400, "Bad Request: message thread not found")
        if thread in chat.closed_topics and not chat.member(state.world.bot).admin:
            raise ApiError(400, "Bad Request: TOPIC_CLOSED")
    keyboard = params.get("reply_markup")
    markup.check_keyboard(keyboard)
    if keyboard and keyboard.get("inline_keyboard"):
        content = {**content, "reply_markup": keyboard}
    if params.get("protect_content"):
        content = {**content, "has_protected_content": True}
    message = state.world.post(chat, state.world.bot, content, reply_to=reply_to, thread=thread)
    if keyboard and "inline_keyboard" not in keyboard:
        message.keyboard = keyboard
    return message


def _replied(chat: Chat, reply: Json | None) -> Message | None:
    if reply is None:
        return None
    if reply.get("chat_id", chat.id) != chat.id:
        raise ApiError(400, "Bad Request: the emulator knows replies inside one chat only")
    try:
        return find_message(chat, reply["message_id"], "message to be replied not found")
    except ApiError:
        if reply.get("allow_sending_without_reply"):
            return None
        raise
