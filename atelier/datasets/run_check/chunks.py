"""The split of a run's datasets into chunks: one function checks some, further functions the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MOST_CHUNKS = 1_000


@dataclass(frozen=True)
class Chunk:
    """Bytes [start, end) of a dataset, by its index; `is_checked_first`: in the first function."""

    dataset: int
    start: int
    end: int
    is_checked_first: bool

    def to_json(self) -> dict[str, Any]:
        """An entry of plan.json, which the first function writes for the others."""
        return {"dataset": self.dataset, "start": self.start, "end": self.end, "here": self.is_checked_first}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Chunk:
        """The chunk that `to_json` wrote."""
        return cls(document["dataset"], document["start"], document["end"], document["here"])


def split_into_chunks(sizes: Mapping[int, int], *, chunk_bytes: int) -> list[Chunk]:
    """Chunks of datasets whose sizes in bytes are given by index.

    The smallest datasets that fit into `chunk_bytes` together stay whole, in the first function. Others are
    cut into chunks of that size, or of a larger one where there would be more than MOST_CHUNKS.
    """
    room, first, cut = chunk_bytes, [], []
    for dataset in sorted(sizes, key=lambda place: (sizes[place], place)):
        if sizes[dataset] <= room:
            room -= sizes[dataset]
            first.append(Chunk(dataset, 0, sizes[dataset], is_checked_first=True))
        else:
            cut.append(dataset)
    length = max(chunk_bytes, -(-sum(sizes[dataset] for dataset in cut) // max(MOST_CHUNKS - len(cut), 1)))
    return sorted(
        [*first, *(chunk for dataset in cut for chunk in _cut(dataset, sizes[dataset], length))],
        key=lambda chunk: (chunk.dataset, chunk.start),
    )


def _cut(dataset: int, size: int, length: int) -> Iterator[Chunk]:
    for start in range(0, size, length):
        yield Chunk(dataset, start, min(start + length, size), is_checked_first=False)


def remote_chunks(chunks: Sequence[Chunk]) -> list[int]:
    """Numbers of the chunks that other functions check."""
    return [number for number, chunk in enumerate(chunks) if not chunk.is_checked_first]
