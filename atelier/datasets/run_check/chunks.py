"""How the datasets of a run are shared out: what one function checks, and the parts that others check."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

MOST_PIECES = 1_000


@dataclass(frozen=True)
class Piece:
    """Bytes [start, end) of a dataset, by its place among the run's; `here`: in the first function."""

    dataset: int
    start: int
    end: int
    here: bool

    def to_json(self) -> dict[str, Any]:
        """For the plan that the first function leaves to the others."""
        return asdict(self)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Piece:
        """Back from `to_json`."""
        return cls(**document)


def share_out(sizes: Mapping[int, int], *, piece_bytes: int) -> list[Piece]:
    """Pieces of the datasets, whose sizes in bytes are given by place.

    The smallest that together have at most `piece_bytes` stay whole and here. Others are cut into pieces of
    that size, or larger ones where there would be more than MOST_PIECES.
    """
    room, here, cut = piece_bytes, [], []
    for dataset in sorted(sizes, key=lambda place: (sizes[place], place)):
        if sizes[dataset] <= room:
            room -= sizes[dataset]
            here.append(Piece(dataset, 0, sizes[dataset], here=True))
        else:
            cut.append(dataset)
    length = max(piece_bytes, -(-sum(sizes[dataset] for dataset in cut) // max(MOST_PIECES - len(cut), 1)))
    return sorted(
        [*here, *(piece for dataset in cut for piece in _cut(dataset, sizes[dataset], length))],
        key=lambda piece: (piece.dataset, piece.start),
    )


def _cut(dataset: int, size: int, length: int) -> Iterator[Piece]:
    for start in range(0, size, length):
        yield Piece(dataset, start, min(start + length, size), here=False)


def elsewhere(pieces: Sequence[Piece]) -> list[int]:
    """Numbers of the pieces that other functions check."""
    return [number for number, piece in enumerate(pieces) if not piece.here]
