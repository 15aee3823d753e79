"""The one way a verb gives up."""


class Stop(Exception):
    """What was asked cannot be done; the message is Chinese. Code 2 where the input is at fault, 1 for everything else."""

    def __init__(self, message: str, code: int = 1) -> None:
        """``message`` goes to standard error as it is."""
        super().__init__(message)
        self.code = code
