"""Why the client cannot do what it is called for; each message says what to do about it."""

from __future__ import annotations


class ClientFailed(Exception):
    """The call is refused by what it found: a run that is over, a decision that was made before."""


class InvalidRequest(ClientFailed):
    """An argument or a file that is not accepted."""


class NotReachable(ClientFailed):
    """The environment, or what was named in it, is not there for this caller."""
