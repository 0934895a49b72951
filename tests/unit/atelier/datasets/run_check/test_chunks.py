"""How datasets are shared out among functions."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, strategies as st

from atelier.datasets.run_check.chunks import MOST_CHUNKS, Chunk, remote_chunks, split_into_chunks

SIZES = st.lists(st.integers(0, 10**12), max_size=30).map(lambda sizes: dict(enumerate(sizes)))
CHUNK_BYTES = st.integers(1_024, 10**10)


@given(SIZES, CHUNK_BYTES)
def test_every_byte_is_in_one_piece(sizes: dict[int, int], chunk_bytes: int) -> None:
    chunks = split_into_chunks(sizes, chunk_bytes=chunk_bytes)
    for dataset, size in sizes.items():
        mine = [chunk for chunk in chunks if chunk.dataset == dataset]
        assert mine[0].start == 0
        assert mine[-1].end == size
        assert all(before.end == after.start for before, after in pairwise(mine))


@given(SIZES, CHUNK_BYTES)
def test_what_stays_here_is_no_more_than_one_function_checks(sizes: dict[int, int], chunk_bytes: int) -> None:
    here = [chunk for chunk in split_into_chunks(sizes, chunk_bytes=chunk_bytes) if chunk.is_checked_first]
    assert sum(chunk.end - chunk.start for chunk in here) <= chunk_bytes
    assert all((chunk.start, chunk.end) == (0, sizes[chunk.dataset]) for chunk in here)


@given(SIZES, CHUNK_BYTES)
def test_there_are_never_too_many_pieces_for_a_map(sizes: dict[int, int], chunk_bytes: int) -> None:
    assert len(remote_chunks(split_into_chunks(sizes, chunk_bytes=chunk_bytes))) <= MOST_CHUNKS


def test_small_datasets_stay_together_and_a_large_one_is_cut() -> None:
    assert split_into_chunks({0: 2_500, 1: 400, 2: 600}, chunk_bytes=1_000) == [
        Chunk(0, 0, 1_000, is_checked_first=False),
        Chunk(0, 1_000, 2_000, is_checked_first=False),
        Chunk(0, 2_000, 2_500, is_checked_first=False),
        Chunk(1, 0, 400, is_checked_first=True),
        Chunk(2, 0, 600, is_checked_first=True),
    ]


def test_an_empty_dataset_is_a_piece_too() -> None:
    assert split_into_chunks({0: 0}, chunk_bytes=1_000) == [Chunk(0, 0, 0, is_checked_first=True)]


def test_a_piece_survives_being_handed_over() -> None:
    chunk = Chunk(3, 10, 20, is_checked_first=False)
    assert Chunk.from_json(chunk.to_json()) == chunk
