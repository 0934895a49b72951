"""A row of any content becomes a clean sample, or is named with the reason."""

from __future__ import annotations

import io
import json
from typing import Any

from hypothesis import HealthCheck, example, given, settings, strategies as st

from atelier.datasets import Format, check
from atelier.datasets.transform.row_content import row_content
from atelier.datasets.transform.sources import Source, detect
from atelier.datasets.transform.targets import TARGETS
from tests.fixtures.conversions import TOOL, call, chat, converted, plain, said, texts

roles = st.sampled_from(["system", "user", "assistant", "tool", "developer"])
messages = st.one_of(
    st.builds(said, roles, texts),
    st.builds(lambda text: said("assistant", text, tool_calls=[call('{"a": 1e3}')]), texts),
    st.builds(lambda text: said("tool", text, tool_call_id="c1"), texts),
    st.builds(lambda text: said("user", [{"type": "text", "text": text}]), texts),
)
chats = st.builds(
    lambda said, tools: chat(*said, **({"tools": [TOOL]} if tools else {})),
    st.lists(messages, max_size=6),
    st.booleans(),
)
questions = st.fixed_dictionaries({"question": texts, "answer": texts})
preferences = st.fixed_dictionaries({"prompt": texts, "chosen": texts, "rejected": texts})


@given(
    rows=st.one_of(*(st.lists(layout, max_size=5) for layout in (plain, chats, questions, preferences))),
    target=st.sampled_from([Format.SFT, Format.DPO, Format.GEN_QA, Format.DISTILLATION, Format.PREFERENCE]),
    system=st.one_of(st.none(), texts.filter(bool)),
)
@example(rows=[chat(said("user", "a"), said("assistant", "User: b"))], target=Format.SFT, system=None)
def test_what_is_written_is_clean_and_what_is_not_is_named(
    rows: list[dict[str, Any]], target: Format, system: str | None
) -> None:
    samples, outcome = converted(*rows, to=target, source=source_of(rows), system=system)

    assert outcome.report.rows == len(rows)
    assert len(samples) == outcome.written
    assert len({finding.line for finding in outcome.report.findings if finding.line}) == outcome.refused
    lines = b"".join(json.dumps(sample).encode() + b"\n" for sample in samples)
    refusing = [
        finding for finding in check(io.BytesIO(lines), target).findings if finding.severity == "refuse"
    ]
    if outcome.fits_together and samples:
        assert refusing == []
    else:
        assert all(finding.line == 0 for finding in refusing)


def source_of(rows: list[dict[str, Any]]) -> Source:
    keys = rows[0].keys() if rows else set()
    if "messages" in keys:
        return Source.OPENAI_CHAT
    return Source.QUESTION_ANSWER if "question" in keys else Source.PREFERENCE


KEYS = [
    *(
        "messages",
        "role",
        "content",
        "text",
        "type",
        "tools",
        "tool_calls",
        "tool_call_id",
        "function",
        "name",
    ),
    *(
        "arguments",
        "id",
        "system",
        "toolConfig",
        "toolSpec",
        "candidates",
        "preferenceLabel",
        "toolUse",
        "toolResult",
    ),
    *(
        "prompt",
        "input",
        "chosen",
        "rejected",
        "completion",
        "query",
        "response",
        "instruction",
        "output",
        "turns",
    ),
]
values = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(allow_nan=False, allow_infinity=False),
        texts,
        st.sampled_from(["user", "assistant", "system", "tool", "preferred", "non-preferred", "{}", "text"]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(KEYS), inner, max_size=4)
    ),
    max_leaves=6,
)
turns = st.lists(
    st.fixed_dictionaries(
        {"role": st.sampled_from(["user", "assistant"])},
        optional={"content": values, "candidates": values, "tool_calls": values},
    ),
    max_size=3,
)
anything = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(KEYS, values)
    | {"messages": st.one_of(turns, values), "prompt": st.one_of(turns, values)},
)


# Rows of anything are slow to make where other things run on the machine: no sign of a bad test.
unhurried = settings(suppress_health_check=[HealthCheck.too_slow])


@unhurried
@given(
    row=anything,
    source=st.sampled_from(list(Source)),
    target=st.sampled_from(list(TARGETS)),
    last=st.booleans(),
)
def test_any_row_is_converted_or_refused_with_a_reason(
    row: dict[str, Any], source: Source, target: Format, last: bool
) -> None:
    samples, outcome = converted(row, to=target, source=source, last_exchange=last)

    assert len(samples) + outcome.refused == 1
    of_rows = [finding for finding in outcome.report.findings if finding.line]
    assert bool(of_rows) == bool(outcome.refused)
    assert outcome.fits_together == (not outcome.unplaced)


@unhurried
@given(row=anything)
def test_any_row_has_a_layout_or_none(row: dict[str, Any]) -> None:
    assert detect(row) in (None, *Source)


@unhurried
@given(row=anything)
def test_any_row_can_be_taken_apart(row: dict[str, Any]) -> None:
    parts = row_content(row)

    assert parts.characters == sum(len(said.text) for said in parts.utterances)
    assert all(isinstance(said.text, str) for said in parts.utterances)
