"""Errors of the client; each message says what to do."""

from __future__ import annotations


class ClientFailed(Exception):
    """The call conflicts with the current state: a run that is over, an earlier decision."""


class InvalidRequest(ClientFailed):
    """An argument or a file that is not accepted."""


class NotReachable(ClientFailed):
    """The environment, or the named resource in it, does not exist or refuses this caller."""
