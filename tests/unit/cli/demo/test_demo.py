from __future__ import annotations

from pathlib import Path

import pytest

from cli.console import out
from cli.demo.demo import show_results
from cli.run.reports import Fetched

WORDS = "JobFailed: its log ends: Read error [external/gloo/pair.cc:538]"


def shown(document: dict[str, object]) -> str:
    with out.capture() as captured:
        show_results(Fetched(Path("index.html"), "s3://bucket/index.html", document))
    return captured.get()


@pytest.mark.parametrize("sentence", [WORDS, "rejected [/] by the gate"])
def test_the_gates_sentence_is_shown_as_it_is(sentence: str) -> None:
    assert shown({"sentence": sentence}) == f"\ngate: {sentence}\n"


def test_a_failure_which_watching_told_is_not_called_the_gates_word() -> None:
    assert shown({"sentence": WORDS, "failure": {"error": "JobFailed"}}) == ""
