"""The chat template: what goes in as Converse comes back as Converse."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, strategies as st

from localcloud.trainer.model import corpus
from localcloud.trainer.model.chat import (
    InvalidMessage,
    encode_conversation,
    encode_prompt,
    parse_answer,
    render_answer,
    render_call,
)
from localcloud.trainer.model.tokenizer import Special, Tokenizer

TOKENIZER = Tokenizer.learn(corpus.texts(corpus.rows(200, seed=5)), size=260)
ASCII = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-999, 9999) | ASCII,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ASCII, inner, max_size=3),
    max_leaves=6,
)
TOOL_USES = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["look_up_order", "refund-order", "x"]),
        "input": st.dictionaries(ASCII, JSON_VALUES),
    }
)
OFFERED = ["look_up_order", "refund-order", "x"]


@given(ASCII)
def test_text_survives_tokens(text: str) -> None:
    assert TOKENIZER.decode(TOKENIZER.encode(text)) == text


@given(st.sampled_from(list(Special)), ASCII)
def test_text_that_spells_a_control_token_stays_text(special: Special, text: str) -> None:
    ids = TOKENIZER.encode(text + special.value)
    assert not {TOKENIZER.special[each] for each in Special} & set(ids)
    assert TOKENIZER.decode(ids) == text + special.value


@given(st.lists(TOOL_USES, min_size=1, max_size=3), st.booleans())
def test_calls_survive_tokens_with_or_without_text_before_them(
    calls: list[dict[str, Any]], spoken: bool
) -> None:
    content: list[dict[str, Any]] = [{"text": "Let me see.\nOne moment."}] if spoken else []
    content += [
        {"toolUse": {"toolUseId": f"tooluse_{number}", **call}} for number, call in enumerate(calls, start=1)
    ]
    text = TOKENIZER.decode(TOKENIZER.encode(render_answer(content)))
    assert parse_answer(text, OFFERED) == content


@pytest.mark.parametrize(
    "text",
    [
        '{"name":"unknown_tool","arguments":{}}',
        '{"name":"look_up_order","arguments":{"order_id":',
        '{"name":"look_up_order"}',
        '{"name":"look_up_order","arguments":[1]}',
        '{"name":"look_up_order","arguments":{},"more":1}',
    ],
)
def test_what_is_no_call_of_an_offered_tool_stays_text(text: str) -> None:
    assert parse_answer(text, OFFERED) == [{"text": text}]


def test_tool_use_ids_count_on_from_the_conversation() -> None:
    call = render_call({"name": "x", "input": {}})
    (block,) = parse_answer(call, OFFERED, first_id=3)
    assert block["toolUse"]["toolUseId"] == "tooluse_3"


def test_only_what_the_assistant_wrote_is_learned() -> None:
    messages = [
        {"role": "user", "content": [{"text": "Where is A-1042?"}]},
        {
            "role": "assistant",
            "content": [{"toolUse": {"toolUseId": "1", "name": "x", "input": {"id": "A-1042"}}}],
        },
        {
            "role": "user",
            "content": [{"toolResult": {"toolUseId": "1", "content": [{"json": {"status": "late"}}]}}],
        },
        {"role": "assistant", "content": [{"text": "It is late."}]},
    ]
    row = encode_conversation(TOKENIZER, messages, [{"text": "You help."}])
    learned = TOKENIZER.decode([token for token, counts in zip(row.ids, row.learned, strict=True) if counts])
    assert learned == '{"name":"x","arguments":{"id":"A-1042"}}It is late.'
    ends = [
        counts
        for token, counts in zip(row.ids, row.learned, strict=True)
        if token == TOKENIZER.special[Special.END]
    ]
    assert ends == [True, True]


def test_the_prompt_is_the_conversation_opened_for_the_assistant() -> None:
    messages = [{"role": "user", "content": [{"text": "Hello"}]}]
    prompt = encode_prompt(TOKENIZER, messages, [{"text": "You help."}])
    answered = encode_conversation(
        TOKENIZER, [*messages, {"role": "assistant", "content": [{"text": "Hi"}]}], [{"text": "You help."}]
    )
    assert answered.ids[: len(prompt)] == prompt


def test_a_picture_is_refused_by_name() -> None:
    with pytest.raises(InvalidMessage, match="image"):
        encode_prompt(TOKENIZER, [{"role": "user", "content": [{"image": {"format": "png"}}]}])


def test_the_vocabulary_is_the_same_every_time_it_is_learned(tmp_path: Any) -> None:
    texts = list(corpus.texts(corpus.rows(200, seed=5)))
    Tokenizer.learn(texts, size=260).save(tmp_path / "again.json")
    TOKENIZER.save(tmp_path / "first.json")
    assert json.loads((tmp_path / "again.json").read_text()) == json.loads(
        (tmp_path / "first.json").read_text()
    )
