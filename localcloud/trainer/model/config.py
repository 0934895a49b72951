"""What fixes the shape of the tiny model."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True, slots=True)
class ModelConfig:
    """A decoder-only transformer: rotary positions, RMS norm before each half of a layer, GELU, tied
    embeddings.

    `context` is the longest sequence in tokens, prompt and answer together.
    """

    vocabulary: int
    context: int = 256
    width: int = 64
    layers: int = 2
    heads: int = 4
    hidden: int = 192

    def __post_init__(self) -> None:
        if self.width % (2 * self.heads):
            raise ValueError(
                f"width must be a multiple of 2 * heads, got {self.width} with {self.heads} heads"
            )

    @property
    def head_width(self) -> int:
        return self.width // self.heads
