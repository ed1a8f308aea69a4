"""The errors that a user is meant to read."""


class UserError(Exception):
    """Bad input. The message is one line: the thing, the place, a way out. The CLI prints it."""

    exit_code = 2


class NotInstalled(UserError):
    """Something optional is not there. The message says what installs it."""
