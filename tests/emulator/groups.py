"""Groups and channels a test plays: the bot comes, goes and is promoted, groups move, channels post into them."""

from dataclasses import dataclass, field

from tests.emulator import markup
from tests.emulator.model import Account, Chat, Member, Message
from tests.emulator.spec import Json
from tests.emulator.world import TELEGRAM, World


@dataclass(eq=False, repr=False)
class Group(Chat):
    """A group or supergroup."""

    world: World = field(kw_only=True, repr=False)

    @property
    def owner(self) -> Account:
        """Who founded it (or, in an ownerless group, Telegram)."""
        return next((member.account for member in self.members.values() if member.status == "creator"), TELEGRAM)

    def add(self, *accounts: Account, admin: bool = False) -> None:
        """Make members without telling anybody."""
        for account in accounts:
            self.members[account.id] = Member(account, "administrator" if admin else "member")

    def add_bot(self, by: Account | None = None, *, admin: bool = False) -> None:
        """Somebody adds the bot: it hears of its new status and of the service message."""
        by = by or self.owner
        self.bot_becomes("administrator" if admin else "member", by)
        message = self.world.post(self, by, {"new_chat_members": [self.world.bot.wire]})
        self.world.announce(message, service=True)

    def remove_bot(self, by: Account | None = None) -> None:
        """Somebody throws the bot out."""
        self.bot_becomes("kicked", by)

    def bot_becomes(self, status: str, by: Account | None = None) -> None:
        """``administrator``, ``member``, ``restricted`` (may not write), ``left`` or ``kicked``; the bot is told."""
        bot = self.world.bot
        new = Member(bot, status, silenced=status == "restricted")
        self.world.member_changed(self, by or self.owner, self.member(bot), new)

    def promotes(self, account: Account, *, anonymous: bool = False) -> None:
        """Make a person an administrator."""
        new = Member(account, "administrator", anonymous)
        self.world.member_changed(self, self.owner, self.member(account), new)

    def topic(self, name: str, by: Account | None = None) -> int:
        """Open a topic; its id is that of the service message."""
        message = self.world.post(
            self, by or self.owner, {"forum_topic_created": {"name": name, "icon_color": 7322096}}
        )
        message.body |= {"message_thread_id": message.id, "is_topic_message": True}
        self.topics[message.id] = name
        self.world.announce(message, service=True)
        return message.id

    def close_topic(self, topic: int, by: Account | None = None) -> None:
        """Only administrators may write there from now on."""
        self.closed_topics.add(topic)
        self.world.announce(
            self.world.post(self, by or self.owner, {"forum_topic_closed": {}}, thread=topic), service=True
        )

    def renames(self, title: str, by: Account | None = None) -> None:
        """Change the title."""
        self.title = title
        message = self.world.post(self, by or self.owner, {"new_chat_title": title})
        self.world.announce(message, service=True)

    def upgrade(self) -> "Group":
        """Become a supergroup: a new id, message ids from 1, the old id refuses every call and names the new one."""
        world = self.world
        new = Group(world.supergroup_id(), "supergroup", self.title, members=dict(self.members), world=world)
        world.chats[new.id] = new
        if self.id in world.group_privacy:
            world.group_privacy[new.id] = world.group_privacy[self.id]
        leaving = world.post(self, self.owner, {"migrate_to_chat_id": new.id})
        self.migrated_to = new
        world.announce(leaving, service=True)
        arriving = world.post(new, self.owner, {"migrate_from_chat_id": self.id})
        world.announce(arriving, service=True)
        return new


@dataclass(eq=False, repr=False)
class Channel(Chat):
    """A channel; what it posts appears in the group linked to it."""

    world: World = field(kw_only=True, repr=False)

    def posts(self, text: str) -> Message:
        """Publish. Returns the copy in the linked group (or the post itself when no group is linked)."""
        content: Json = {"text": text}
        if marks := markup.entities(text):
            content["entities"] = marks
        post = self.world.post(self, TELEGRAM, {"sender_chat": self.wire, **content})
        self.world.announce(post)
        if self.linked is None:
            return post
        origin = {"type": "channel", "chat": self.wire, "message_id": post.id, "date": post.body["date"]}
        copy = {"sender_chat": self.wire, "forward_origin": origin, "is_automatic_forward": True, **content}
        message = self.world.post(self.linked, TELEGRAM, copy)
        self.world.announce(message)
        return message
