"""How the datasets of a run are shared out: what one function checks, and the parts that others check."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

MOST_CHUNKS = 1_000


@dataclass(frozen=True)
class Chunk:
    """Bytes [start, end) of a dataset, by its place among the run's; `here`: in the first function."""

    dataset: int
    start: int
    end: int
    here: bool

    def to_json(self) -> dict[str, Any]:
        """For the plan that the first function leaves to the others."""
        return asdict(self)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Chunk:
        """Back from `to_json`."""
        return cls(**document)


def split_into_chunks(sizes: Mapping[int, int], *, chunk_bytes: int) -> list[Chunk]:
    """Pieces of the datasets, whose sizes in bytes are given by place.

    The smallest that together have at most `piece_bytes` stay whole and here. Others are cut into pieces of
    that size, or larger ones where there would be more than MOST_PIECES.
    """
    room, here, cut = chunk_bytes, [], []
    for dataset in sorted(sizes, key=lambda place: (sizes[place], place)):
        if sizes[dataset] <= room:
            room -= sizes[dataset]
            here.append(Chunk(dataset, 0, sizes[dataset], here=True))
        else:
            cut.append(dataset)
    length = max(chunk_bytes, -(-sum(sizes[dataset] for dataset in cut) // max(MOST_CHUNKS - len(cut), 1)))
    return sorted(
        [*here, *(chunk for dataset in cut for chunk in _cut(dataset, sizes[dataset], length))],
        key=lambda chunk: (chunk.dataset, chunk.start),
    )


def _cut(dataset: int, size: int, length: int) -> Iterator[Chunk]:
    for start in range(0, size, length):
        yield Chunk(dataset, start, min(start + length, size), here=False)


def remote_chunks(chunks: Sequence[Chunk]) -> list[int]:
    """Numbers of the pieces that other functions check."""
    return [number for number, chunk in enumerate(chunks) if not chunk.here]
