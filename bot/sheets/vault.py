"""What is sealed at rest: names and numbers of visited households."""

from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from pydantic import SecretStr


class Vault:
    """Seals with the first key, opens with any; without keys it is false and seals nothing but emptiness."""

    def __init__(self, keys: Sequence[SecretStr]) -> None:
        """``keys``: newest first, so that a key is changed by putting a new one in front."""
        fernets = [Fernet(key.get_secret_value()) for key in keys]
        self._keys = MultiFernet(fernets) if fernets else None
        self._newest = fernets[0] if fernets else None

    def __bool__(self) -> bool:
        """Whether there is a key."""
        return self._keys is not None

    def seal(self, text: str) -> str:
        """The text, unreadable. Empty stays empty.

        Raises:
            LookupError: there is no key; nothing may be written readable.

        """
        if not text:
            return ""
        if self._keys is None:
            raise LookupError("no key")
        return self._keys.encrypt(text.encode()).decode("ascii")

    def open(self, sealed: str) -> str | None:
        """The text again; nothing where no key of ours fits."""
        if not sealed:
            return ""
        if self._keys is None:
            return None
        try:
            return self._keys.decrypt(sealed.encode()).decode()
        except InvalidToken:
            return None

    def renew(self, sealed: str) -> str | None:
        """The same text under the newest key; as it is where it has that already; nothing where no key of ours fits."""
        if not sealed:
            return ""
        if self._keys is None or self._newest is None:
            return None
        try:
            self._newest.decrypt(sealed.encode())
        except InvalidToken:
            pass
        else:
            return sealed
        try:
            return self._keys.rotate(sealed.encode()).decode("ascii")
        except InvalidToken:
            return None
