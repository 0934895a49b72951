"""What a shortcut's decoder raises."""

from __future__ import annotations

import msgspec

# What the decoder raises: its own errors, and those of UTF-8 and of nesting.
UNDECODABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
