from __future__ import annotations

from pathlib import Path

import pytest

from cli.console import out
from cli.demo.demo import RUN_FILES, choose_run_file, show_results
from cli.failure import CommandFailed
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


@pytest.mark.parametrize(
    ("platform", "target", "example"),
    [
        (None, None, "training-job"),
        ("hyperpod-eks", None, "hyperpod-eks"),
        (None, "bedrock-import", "hyperpod-slurm"),
        ("hyperpod-eks", "bedrock-on-demand", "hyperpod-eks"),
    ],
)
def test_the_demo_runs_the_first_example_of_a_platform_and_a_target(
    platform: str | None, target: str | None, example: str
) -> None:
    assert choose_run_file(platform, target) == RUN_FILES[example]


def test_a_target_without_an_example_is_refused_with_those_that_have_one() -> None:
    with pytest.raises(CommandFailed, match=r"^target = 'sagemaker-endpoint': the demo has training-job"):
        choose_run_file(None, "sagemaker-endpoint")
