from __future__ import annotations

import json
import re
from dataclasses import fields, is_dataclass, replace
from html.parser import HTMLParser
from typing import Any

import pytest

from atelier.report.content import Report, compile_report
from atelier.report.page import render, took
from tests.fixtures.datasets import TALK, lines
from tests.fixtures.objects import FakeObjects
from tests.fixtures.operations import RUN_ID
from tests.fixtures.reports import (
    RECIPE,
    RECIPE_URI,
    STARTED_AT,
    SUMMARY_URI,
    LoggedJobs,
    a_decision,
    an_event,
    the_rows,
    the_summary,
)
from tests.fixtures.runs import BUCKET

LOSS_IN_WORDS = (
    "Loss: training loss from 2.774 to 0.2677 at step 120; validation loss from 1.661 to 0.3577 at step 120"
)
HOSTILE = (
    """</pre></style></script><script>alert(1)</script><img src=x onerror=alert(2)>" onload='x' {{ 7*7 }}"""
)


def a_report(**changes: Any) -> Report:
    return compile_report(
        an_event(**changes),
        rows=the_rows(),
        jobs_of=lambda _: LoggedJobs(),
        objects=FakeObjects({RECIPE_URI: RECIPE, SUMMARY_URI: the_summary()}),
        bucket=BUCKET,
        now=STARTED_AT + 13_000,
    )


class Page(HTMLParser):
    """What a browser would make of the page: its elements, their attributes and the text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def poisoned(value: Any) -> Any:
    """The same structure with every text in it replaced."""
    if isinstance(value, str):
        return HOSTILE
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{field.name: poisoned(getattr(value, field.name)) for field in fields(value)})
    if isinstance(value, dict):
        return {key: poisoned(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(poisoned(item) for item in value)
    return value


def test_hostile_text_in_any_field_stays_text() -> None:
    clean, hostile = Page(render(a_report())), Page(render(poisoned(a_report())))
    assert {tag for tag, _ in hostile.elements} <= {tag for tag, _ in clean.elements} | {"br"}
    names = {name for _, attributes in hostile.elements for name in attributes}
    assert not [name for name in names if name.startswith("on")]
    assert hostile.text.count("<script>alert(1)</script>") > 30


def test_the_page_needs_nothing_from_elsewhere() -> None:
    page = Page(render(a_report()))
    assert not {"script", "link", "img", "iframe", "object", "image", "use"} & {
        tag for tag, _ in page.elements
    }
    links = [attributes["href"] for tag, attributes in page.elements if "href" in attributes]
    assert links == ["report.json"]
    assert not re.search(r"url\(|@import", render(a_report()))


def test_two_renderings_are_the_same() -> None:
    assert render(a_report()) == render(a_report())


def test_ids_are_unique_and_every_section_is_labelled_by_its_heading() -> None:
    page = Page(render(a_report()))
    ids = [attributes["id"] for _, attributes in page.elements if attributes.get("id")]
    labels = [attributes["aria-labelledby"] for tag, attributes in page.elements if tag == "section"]
    assert len(ids) == len(set(ids))
    assert set(labels) <= set(ids)
    assert len(labels) == 11


def test_every_chart_says_in_words_what_it_shows() -> None:
    elements = Page(render(a_report())).elements
    figures = [attributes for _, attributes in elements if attributes.get("role") == "img"]
    assert [figure["aria-label"] for figure in figures] == [
        LOSS_IN_WORDS,
        LOSS_IN_WORDS,
        "Reward accuracy: reward accuracy from 0.5196 to 0.9959 at step 120",
    ]


@pytest.mark.parametrize(
    ("changes", "tone", "expected"),
    [
        ({}, "good", "support-agent now serves the candidate"),
        (
            {"status": "REJECTED", "approval": None, "decision": a_decision(passed=False)},
            "warn",
            "failed 1 of 2",
        ),
        (
            {"status": "FAILED", "failure": {"error": "JobFailed", "cause": "no memory"}},
            "bad",
            "JobFailed: no memory",
        ),
    ],
)
def test_the_banner_tells_the_end_in_its_tone(changes: dict[str, Any], tone: str, expected: str) -> None:
    page = Page(render(a_report(**changes)))
    assert ("div", {"class": f"banner {tone}", "role": "status"}) in page.elements
    assert expected in page.text


def test_a_cause_of_many_lines_stands_whole_in_one_place() -> None:
    cause = "datasets: 2 findings\n- line 4\n- line 5"
    text = Page(render(a_report(status="FAILED", failure={"error": "InvalidDataset", "cause": cause}))).text
    assert "InvalidDataset: datasets: 2 findings" in text
    assert text.count("- line 5") == 1


def test_data_that_was_refused_is_shown_with_its_findings_and_where_all_of_them_are() -> None:
    defective = lines(TALK) + b"{oops\n" * 30
    datasets = tuple(json.loads(the_summary(defective))["datasets"])
    text = Page(render(replace(a_report(), datasets=datasets))).text
    for expected in (
        "stages.0.train",
        "✗ refused",
        "✓ accepted",
        "json 30 times",
        "The first 20 findings",
        f"s3://{BUCKET}/runs/{RUN_ID}/validation/stages.0.train.jsonl",
    ):
        assert expected in text, expected


def test_a_stage_that_was_stopped_early_says_where_why_and_what_is_kept() -> None:
    stop = {"step": 90, "best_step": 50, "best_loss": 0.44837, "reason": "the loss did not fall"}
    stages = [{"stage_index": 0, "checkpoint": "s3://escrow/step_50", "job_name": "j", "early_stop": stop}]
    text = Page(render(a_report(stages=stages))).text
    assert "at step 90: the loss did not fall. The checkpoint of step 50 is kept" in text
    assert "with a validation loss of 0.4484." in text


def test_the_dataset_that_a_distillation_made_is_named() -> None:
    made = "s3://escrow/job/distillation_data/training_data.jsonl"
    stages = [{"stage_index": 0, "checkpoint": None, "job_name": "j", "dataset": made}]
    assert f"Dataset made{made}" in Page(render(a_report(stages=stages))).text.replace("\n", "")


def test_answers_of_both_models_stand_beside_the_expected_one() -> None:
    text = " ".join(Page(render(a_report())).text.split())
    assert (
        'Expectedget_weather(city="Oslo", day="friday") Baseline✗ differs get_weather(city= '
        'Candidate✓ exact get_weather(city="Oslo", day="friday")'
    ) in text


def test_a_model_that_was_taken_back_is_not_shown_as_serving() -> None:
    page = Page(render(a_report(status="ROLLED_BACK", promotion=None)))
    assert "(taken back)" in page.text
    assert "Serves as" not in page.text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (48, "48 s"),
        (725, "12 min 5 s"),
        (12_000, "3 h 20 min"),
        (86_400, "1 d"),
        (187_200, "2 d 4 h"),
    ],
)
def test_a_duration_has_its_two_largest_units(seconds: int, text: str) -> None:
    assert took(seconds) == text


def test_the_recipes_and_what_was_accepted_with_a_warning_are_told() -> None:
    page = Page(render(a_report()))
    assert "nova_micro_1_0_g5_g6_12x_gpu_lora_sft" in page.text
    assert "shipped" in page.text
    assert "1 \N{MULTIPLICATION SIGN} ml.g5.12xlarge" in page.text
    assert "Accepted, with 1 warning:" in page.text
    assert "stages.0.replicas = 1: AWS's sources disagree" in page.text
