"""Requirements of a recipe on a file, beyond those of its format."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Bound:
    """A number of rows, and why just that: "the rows of one batch (global_batch_size 32)"."""

    rows: int
    reason: str


@dataclass(frozen=True)
class Requirements:
    """`Requirements()` adds nothing. `media` is images and video, `documents` are PDF files.

    `bucket` is the dataset's own: media has to lie in it.
    """

    min_rows: Bound | None = None
    max_rows: Bound | None = None
    reasoning: Literal["required", "refused", "allowed"] = "allowed"
    documents: bool = True
    media: bool = True
    max_line_bytes: int | None = None
    max_file_bytes: int | None = None
    bucket: str | None = None
