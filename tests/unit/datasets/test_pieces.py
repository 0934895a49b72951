"""How datasets are shared out among functions."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, strategies as st

from atelier.datasets.run_check.chunks import MOST_PIECES, Piece, elsewhere, share_out

SIZES = st.lists(st.integers(0, 10**12), max_size=30).map(lambda sizes: dict(enumerate(sizes)))
PIECE_BYTES = st.integers(1_024, 10**10)


@given(SIZES, PIECE_BYTES)
def test_every_byte_is_in_one_piece(sizes: dict[int, int], piece_bytes: int) -> None:
    pieces = share_out(sizes, piece_bytes=piece_bytes)
    for dataset, size in sizes.items():
        mine = [piece for piece in pieces if piece.dataset == dataset]
        assert mine[0].start == 0
        assert mine[-1].end == size
        assert all(before.end == after.start for before, after in pairwise(mine))


@given(SIZES, PIECE_BYTES)
def test_what_stays_here_is_no_more_than_one_function_checks(sizes: dict[int, int], piece_bytes: int) -> None:
    here = [piece for piece in share_out(sizes, piece_bytes=piece_bytes) if piece.here]
    assert sum(piece.end - piece.start for piece in here) <= piece_bytes
    assert all((piece.start, piece.end) == (0, sizes[piece.dataset]) for piece in here)


@given(SIZES, PIECE_BYTES)
def test_there_are_never_too_many_pieces_for_a_map(sizes: dict[int, int], piece_bytes: int) -> None:
    assert len(elsewhere(share_out(sizes, piece_bytes=piece_bytes))) <= MOST_PIECES


def test_small_datasets_stay_together_and_a_large_one_is_cut() -> None:
    assert share_out({0: 2_500, 1: 400, 2: 600}, piece_bytes=1_000) == [
        Piece(0, 0, 1_000, here=False),
        Piece(0, 1_000, 2_000, here=False),
        Piece(0, 2_000, 2_500, here=False),
        Piece(1, 0, 400, here=True),
        Piece(2, 0, 600, here=True),
    ]


def test_an_empty_dataset_is_a_piece_too() -> None:
    assert share_out({0: 0}, piece_bytes=1_000) == [Piece(0, 0, 0, here=True)]


def test_a_piece_survives_being_handed_over() -> None:
    piece = Piece(3, 10, 20, here=False)
    assert Piece.from_json(piece.to_json()) == piece
