"""Unit tests open no sockets."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _no_sockets(socket_disabled: None) -> None:
    """A unit test that reaches for the network fails, whatever it reaches for."""
