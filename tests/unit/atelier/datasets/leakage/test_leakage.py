"""Training rows that ask what an evaluation asks are found, and said to be the same or alike."""

from __future__ import annotations

import io
import json
from random import Random
from typing import Any

import pytest
from hypothesis import given, strategies as st

from atelier.datasets import Format
from atelier.datasets.leakage.leakage import ALIKE, LEAK_EXACT, LEAK_NEAR, Fingerprints, LeakageObserver
from atelier.datasets.leakage.questions import questions
from atelier.datasets.leakage.similarity import SKETCH_SIZE, normalised, shingles, similarity, sketch, words
from atelier.datasets.scan.scan import scan

LONG = " ".join(f"word{number}" for number in range(40))


def line(row: Any) -> bytes:
    return json.dumps(row).encode()


def asks(*texts: str) -> dict[str, Any]:
    """A conversation in which the user says these texts."""
    turns = [(role, text) for asked in texts for role, text in (("user", asked), ("assistant", "ok"))]
    return {"messages": [{"role": role, "content": [{"text": text}]} for role, text in turns]}


def observer(*queries: str) -> LeakageObserver:
    lines = [line({"query": query, "response": "r"}) for query in queries]
    return LeakageObserver(Fingerprints.of(lines, Format.GEN_QA), Format.SFT, "gen_qa.jsonl")


def found(row: Any, *queries: str) -> list[tuple[str, str, str]]:
    return [
        (violation.rule.name, violation.at, violation.found)
        for violation in observer(*queries).on_row(line(row), 1, 0)
    ]


def test_the_same_question_is_found_with_the_line_of_the_evaluation() -> None:
    (violation,) = observer("What else?", "Where is my order?").on_row(line(asks("Where is my order?")), 5, 0)

    assert violation.rule is LEAK_EXACT
    assert (violation.at, violation.found) == (
        "messages[0]",
        "'Where is my order?', as line 2 of gen_qa.jsonl",
    )


@pytest.mark.parametrize(
    "asked", ["where  is my\norder", "WHERE IS MY ORDER?", " Where is my order! ", "Where is my \uff4frder?"]
)
def test_case_spaces_and_the_last_stop_make_no_other_question(asked: str) -> None:
    assert [rule for rule, _, _ in found(asks(asked), "Where is my order?")] == [LEAK_EXACT.name]


@pytest.mark.parametrize(
    ("asked", "query"), [("1 + 1", "1 - 1"), ("1.5", "15"), ("Where is C-373?", "Where is C-374?")]
)
def test_another_sign_makes_another_question(asked: str, query: str) -> None:
    assert found(asks(asked), query) == []


def test_nearly_the_same_question_is_a_warning_with_the_similarity() -> None:
    ((rule, at, text),) = found(asks(f"{LONG} please"), LONG)

    assert (rule, at) == (LEAK_NEAR.name, "messages[0]")
    assert "97% like line 1 of gen_qa.jsonl" in text
    assert LEAK_NEAR.severity == "warn"


def test_a_question_with_a_third_of_its_words_replaced_is_not_alike() -> None:
    half = LONG.split()
    half[::3] = ["other"] * len(half[::3])

    assert found(asks(" ".join(half)), LONG) == []


def test_one_question_about_two_pictures_is_no_leak() -> None:
    picture = {"format": "png", "source": {"s3Location": {"uri": "s3://bucket/1.png"}}}
    row = asks("What is this thing?", "And what colour is it?")
    row["messages"][0]["content"].append({"image": picture})
    shown = line({"query": "What is this thing?", "response": "r", "images": [{"data": "data:"}]})

    assert found(row, "What is this thing?", "And what colour is it?") == []
    assert Fingerprints.of([shown], Format.GEN_QA).lines == {}


def test_every_question_of_a_conversation_counts_but_no_short_reply() -> None:
    assert [at for _, at, _ in found(asks("Hello", "Where is my order?"), "Where is my order?")] == [
        "messages[2]"
    ]
    assert found(asks("Where is it?", "Yes."), "Yes.") == []
    assert len(found(asks("Yes."), "Yes.")) == 1


def test_of_a_conversation_in_an_evaluation_the_last_question_counts() -> None:
    fingerprints = Fingerprints.of([line(asks("Good morning to you", "Where is my order?"))], Format.SFT)
    watching = LeakageObserver(fingerprints, Format.SFT, "e.jsonl")

    assert list(watching.on_row(line(asks("Good morning to you")), 1, 0)) == []
    assert len(list(watching.on_row(line(asks("Where is my order?")), 1, 0))) == 1


def test_a_template_s_evaluation_does_not_make_every_row_of_the_template_look_alike() -> None:
    template = "Where is order {} which I bought for my sister and which has not come yet"
    queries = [template.format(f"A-{number}") for number in range(300)]

    assert found(asks(template.format("Z-1")), *queries) == []
    assert [rule for rule, _, _ in found(asks(queries[7]), *queries)] == [LEAK_EXACT.name]


@given(
    rows=st.lists(
        st.lists(st.sampled_from(["Where is it now?", LONG, f"{LONG} x", "Hi"]), min_size=1, max_size=2)
    ),
    data=st.data(),
)
def test_the_same_leaks_are_found_however_the_file_is_cut(rows: list[list[str]], data: st.DataObject) -> None:
    content = b"".join(line(asks(*row)) + b"\n" for row in rows)
    cut = data.draw(st.integers(0, len(content)))
    fingerprints = Fingerprints.of(
        [line({"query": q, "response": "r"}) for q in ("Where is it now?", LONG)], Format.GEN_QA
    )

    def leaks(start: int, end: int | None) -> list[tuple[str, int, str]]:
        watching = LeakageObserver(Fingerprints.from_json(fingerprints.to_json()), Format.SFT, "e.jsonl")
        stream = io.BytesIO(content[max(start - 1, 0) :])
        part = scan(stream, Format.SFT, start=start, end=end, observers=[watching])
        return [
            (finding.rule, finding.offset, finding.found)
            for finding in part.findings
            if "leak" in finding.rule
        ]

    assert leaks(0, cut) + leaks(cut, None) == leaks(0, None)


def test_fingerprints_can_be_handed_on_as_json() -> None:
    fingerprints = Fingerprints.of([line({"query": LONG * 3}), line({"query": "a"})], Format.GEN_QA)

    document = json.loads(json.dumps(fingerprints.to_json()))

    assert Fingerprints.from_json(document) == fingerprints
    assert len(json.dumps(document)) < 2 * 450


@pytest.mark.parametrize("format_", Format)
def test_a_row_that_no_reader_could_take_in_asks_nothing(format_: Format) -> None:
    assert questions(b'{"x": ' + b"[" * 200_000, format_) == []
    assert questions(b'{"prompt": "\xff"}', format_) == []


def test_rows_that_ask_nothing_have_no_fingerprint() -> None:
    assert (
        Fingerprints.of([b"not json", line({"query": 7}), line({"other": "a"})], Format.GEN_QA)
        == Fingerprints()
    )


@pytest.mark.parametrize(
    ("format_", "row", "expected"),
    [
        (Format.SFT, asks("a", "b"), ["a", "b"]),
        (Format.SFT, {"messages": [{"role": "user", "content": [{"toolResult": {}}]}]}, []),
        (
            Format.DPO,
            {
                "messages": [
                    {"role": "user", "content": [{"text": "a"}]},
                    {"role": "assistant", "candidates": []},
                ]
            },
            ["a"],
        ),
        (
            Format.RFT,
            {"messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "a"}]},
            ["a"],
        ),
        (Format.GEN_QA, {"query": "a", "response": "b"}, ["a"]),
        (Format.LLM_JUDGE, {"prompt": "a", "response_A": "b", "response_B": "c"}, ["a"]),
        (Format.VERL, {"prompt": [{"role": "user", "content": "a"}]}, ["a"]),
        (Format.PREFERENCE, {"input": "a", "chosen": "b", "rejected": "c"}, ["a"]),
        (Format.PREFERENCE, {"chosen": [{"role": "user", "content": "a"}], "rejected": []}, ["a"]),
        (Format.PPO, {"turns": ["s", "User: a Bot:", "b", "User: c Bot:"]}, ["a", "c"]),
        (Format.CPT, {"text": "a\n\nb"}, ["a", "b"]),
    ],
)
def test_questions_are_found_in_every_format(format_: Format, row: Any, expected: list[str]) -> None:
    assert [question.text for question in questions(line(row), format_)] == expected


def test_every_format_has_its_questions() -> None:
    assert [format_ for format_ in Format if questions(b"{}", format_)] == []


@pytest.mark.parametrize("shared", [0.0, 0.5, 0.8, 0.95, 1.0])
def test_a_sketch_tells_the_jaccard_similarity_of_long_texts(shared: float) -> None:
    random = Random(7)  # noqa: S311 - made-up numbers
    errors = []
    for _ in range(20):
        both, one, other = (
            {random.getrandbits(32) for _ in range(round(count))}
            for count in (1000 * shared, 500 * (1 - shared), 500 * (1 - shared))
        )
        errors.append(similarity(sketch(both | one), sketch(both | other)) - shared)

    assert abs(sum(errors) / len(errors)) < 0.05
    assert max(map(abs, errors)) < 0.25


def test_hashes_of_words_are_spread_well_enough_to_sample_them() -> None:
    """The lowest hashes of real triples are a fair sample: crc32 is no random function."""
    text = [f"{word}{number}" for number in range(400) for word in ("order", "the", "is")]
    changed = [word if number % 30 else "other" for number, word in enumerate(text)]
    one, other = shingles(words(" ".join(text))), shingles(words(" ".join(changed)))

    assert similarity(sketch(one), sketch(other)) == pytest.approx(
        len(one & other) / len(one | other), abs=0.12
    )


@given(st.lists(st.sampled_from("abcdef"), max_size=30), st.lists(st.sampled_from("abcdef"), max_size=30))
def test_short_texts_are_compared_exactly(one: list[str], other: list[str]) -> None:
    first, second = shingles(words(" ".join(one))), shingles(words(" ".join(other)))
    exact = len(first & second) / len(first | second) if first | second else 0.0

    assert similarity(sketch(first), sketch(second)) == exact


@given(
    st.lists(st.sampled_from("abcd"), min_size=3, max_size=12),
    st.lists(st.sampled_from("abcd"), min_size=3, max_size=12),
)
def test_no_question_that_is_alike_enough_is_missed(asked: list[str], query: list[str]) -> None:
    alike = similarity(sketch(shingles(words(" ".join(asked)))), sketch(shingles(words(" ".join(query)))))

    leaks = found(asks(" ".join(asked)), " ".join(query), "something else entirely")

    assert bool(leaks) == (alike >= ALIKE or asked == query)


def test_a_question_is_found_by_its_common_words_where_a_rare_one_leads_elsewhere() -> None:
    """Four triples of five are shared; the fifth, of another question, is rarer and is looked at first."""
    asked = "Where is my order from Oslo please"
    query, rare = asked.removesuffix(" please"), "Send it from Oslo please"
    longer = f"{query} and {LONG}"

    assert [name for name, _, _ in found(asks(asked), query, longer, rare)] == [LEAK_NEAR.name]


def test_texts_of_as_many_triples_as_a_sketch_has_are_compared_exactly() -> None:
    text = [f"word{number}" for number in range(SKETCH_SIZE + 2)]
    one, other = shingles(words(" ".join(text))), shingles(words(" ".join(text[:-9])))

    assert (len(one), len(other)) == (64, 55)
    assert similarity(sketch(one), sketch(other)) == 55 / 64


def test_a_question_that_is_asked_again_is_kept_once() -> None:
    fingerprints = Fingerprints.of([line({"query": LONG, "response": "r"})] * 3, Format.GEN_QA)

    assert [number for number, _ in fingerprints.sketches] == [1]


def test_text_without_spaces_between_words_is_compared_by_its_signs() -> None:
    query = "注文した商品がまだ届いていないのですが、いつ届きますか"

    ((rule, _, _),) = found(asks(query.replace("まだ", "まだ、") + "ね"), query)

    assert rule == LEAK_NEAR.name


def test_normalised_text_and_long_texts_have_bounds() -> None:
    assert normalised("  \uff37here\tIS it ?!") == "where is it"
    assert len(sketch(shingles(words("word " * 3 + LONG * 1000)))) <= SKETCH_SIZE
