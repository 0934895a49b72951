"""`atelier data convert`, `split`, `dedup` and `stats`, as a person calls them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cli.exit_codes import ExitCode
from tests.fixtures.commands import atelier

CHAT = {"messages": [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Hi"}]}
BAD = {"messages": [{"role": "assistant", "content": "Hi"}]}


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def written(name: str, *rows: Any) -> str:
    Path(name).write_text("".join(json.dumps(row) + "\n" for row in rows))
    return name


def rows(name: str) -> list[Any]:
    return [json.loads(pipeline) for pipeline in Path(name).read_text().splitlines()]


def test_convert_says_what_it_took_the_file_for_and_writes_what_check_accepts() -> None:
    outcome = atelier("data", "convert", written("chats.jsonl", CHAT, CHAT), "--to", "sft", "-o", "sft.jsonl")

    assert outcome.exit_code == ExitCode.OK
    assert "openai-chat → sft: 2 rows in sft.jsonl" in outcome.stderr
    assert atelier("data", "check", "sft.jsonl", "-t", "sft").exit_code == ExitCode.OK


def test_convert_names_bad_rows_and_leaves_no_file() -> None:
    Path("sft.jsonl").write_text("what was there\n")

    outcome = atelier("data", "convert", written("chats.jsonl", CHAT, BAD), "--to", "sft", "-o", "sft.jsonl")

    assert outcome.exit_code == ExitCode.FAILED
    assert "chats.jsonl:2" in outcome.stderr
    assert "a first turn of the assistant" in outcome.stderr
    assert "sft.jsonl was not written; --skip-bad leaves out the 1 row" in outcome.stderr
    assert Path("sft.jsonl").read_text() == "what was there\n"
    assert sorted(path.name for path in Path().iterdir()) == ["chats.jsonl", "sft.jsonl"]


def test_convert_leaves_bad_rows_out_when_told_and_counts_them() -> None:
    file = written("chats.jsonl", CHAT, BAD)

    outcome = atelier(
        *("data", "convert", file, "--to", "sft", "-o", "sft.jsonl", "--skip-bad", "--findings", "why.jsonl")
    )

    assert outcome.exit_code == ExitCode.OK
    assert "left out: 1 row" in outcome.stderr
    assert len(rows("sft.jsonl")) == 1
    assert [(finding["line"], finding["rule"]) for finding in rows("why.jsonl")] == [(2, "convertible")]


def test_convert_of_nothing_but_bad_rows_writes_nothing() -> None:
    outcome = atelier(
        "data", "convert", written("a.jsonl", BAD), "--to", "sft", "-o", "b.jsonl", "--skip-bad"
    )

    assert outcome.exit_code == ExitCode.FAILED
    assert not Path("b.jsonl").exists()


def test_convert_reads_and_writes_pipes_and_tells_about_left_out_columns_elsewhere() -> None:
    row = json.dumps({"frage": "Hallo", "antwort": "Hi", "id": 1})

    outcome = atelier(
        *("data", "convert", "-", "--to", "gen_qa", "-o", "-", "--query", "frage", "--response", "antwort"),
        typed=f"{row}\n",
    )

    assert json.loads(outcome.stdout) == {"query": "Hallo", "response": "Hi"}
    assert "left out: column 'id' of 1 row" in outcome.stderr


def test_convert_of_a_column_without_a_place_writes_nothing_until_it_is_told() -> None:
    row = {"question": "How many?", "evidence": "heavy means > 50", "db id": "[yard]", "SQL": "SELECT 1"}
    command = ("data", "convert", written("a.jsonl", row), "--to", "sft", "-o", "b.jsonl")
    named = ("--query", "question", "--response", "SQL")

    refused = atelier(*command, *named, "--skip-bad")

    assert refused.exit_code == ExitCode.FAILED
    assert "'evidence' in 1 row, 'db id' in 1 row" in refused.stderr
    assert "--drop evidence --drop 'db id' leaves out" in refused.stderr
    assert "--tools" not in refused.stderr
    assert [path.name for path in Path().iterdir()] == ["a.jsonl"]

    told = atelier(*command, *named, "--context", "evidence", "--drop", "db id")

    assert told.exit_code == ExitCode.OK
    assert "left out: column 'db id' of 1 row" in told.stderr
    assert rows("b.jsonl")[0]["messages"][0]["content"] == [{"text": "heavy means > 50\n\nHow many?"}]


def test_convert_of_pairs_to_single_answers_says_what_it_left_out() -> None:
    file = written("pairs.jsonl", {"prompt": "Hello", "chosen": "Hi", "rejected": "Go away"})

    outcome = atelier("data", "convert", file, "--to", "sft", "-o", "sft.jsonl")

    assert outcome.exit_code == ExitCode.OK
    assert "left out: the rejected answer of 1 row" in outcome.stderr


def test_convert_hints_at_what_rows_without_a_system_text_need() -> None:
    kind = {"messages": [{"role": "system", "content": "Be kind."}, *CHAT["messages"]]}
    file = written("chats.jsonl", CHAT, kind)

    refused = atelier("data", "convert", file, "--to", "sft", "-o", "sft.jsonl")
    helped = atelier("data", "convert", file, "--to", "sft", "-o", "sft.jsonl", "--system", "Be nice.")

    assert (refused.exit_code, helped.exit_code) == (ExitCode.FAILED, ExitCode.OK)
    assert "--system TEXT" in refused.stderr
    assert [row["system"][0]["text"] for row in rows("sft.jsonl")] == ["Be nice.", "Be kind."]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--to", "stf"], "did you mean 'sft'?"),
        (["--to", "sft", "--from", "openai"], "did you mean 'openai-chat'?"),
        (
            ["--to", "sft", "-o", "missing/sft.jsonl"],
            "--out = 'missing/sft.jsonl': No such file or directory",
        ),
        (["--to", "sft", "-o", "."], "--out = '.': is there and is not a file"),
    ],
)
def test_convert_refuses_wrong_usage_with_what_would_be_accepted(arguments: list[str], message: str) -> None:
    arguments = arguments if "-o" in arguments else [*arguments, "-o", "out.jsonl"]

    outcome = atelier("data", "convert", written("chats.jsonl", CHAT), *arguments)

    assert outcome.exit_code == ExitCode.INVALID
    assert message in " ".join(outcome.stderr.replace("│", " ").split())


def test_convert_of_an_unknown_layout_asks_for_it() -> None:
    outcome = atelier("data", "convert", written("a.jsonl", {"a": 1}), "--to", "sft", "-o", "b.jsonl")

    assert outcome.exit_code == ExitCode.INVALID
    assert "columns a: no known layout" in outcome.stderr


def test_split_writes_the_parts_beside_the_file_and_counts_them() -> None:
    file = written("all.jsonl", *({"query": f"q{number}", "response": "r"} for number in range(20)))

    outcome = atelier("data", "split", file, "--train", 0.8, "--validation", 0.1, "--test", 0.1)

    assert outcome.exit_code == ExitCode.OK
    assert "all 16 2 2" in " ".join(outcome.output.split())
    parts = [rows(f"all.{part}.jsonl") for part in ("train", "validation", "test")]
    assert list(map(len, parts)) == [16, 2, 2]
    assert sorted(row["query"] for part in parts for row in part) == sorted(
        f"q{number}" for number in range(20)
    )


def test_split_of_standard_input_goes_where_it_is_told() -> None:
    Path("parts").mkdir()
    lines = "".join(json.dumps({"query": f"q{number}", "response": "r"}) + "\n" for number in range(10))

    outcome = atelier("data", "split", "-", "-o", "parts", typed=lines)

    assert outcome.exit_code == ExitCode.OK
    assert sorted(path.name for path in Path("parts").iterdir()) == [
        "dataset.train.jsonl",
        "dataset.validation.jsonl",
    ]


def test_split_refuses_shares_that_are_not_a_whole() -> None:
    outcome = atelier("data", "split", written("all.jsonl", CHAT), "--train", 0.5)

    assert outcome.exit_code == ExitCode.INVALID
    assert "--train 0.5 + --validation 0.1 + --test 0 = 0.6: shares add up to 1" in outcome.stderr


def test_split_of_a_file_that_is_not_rows_writes_nothing() -> None:
    Path("all.jsonl").write_text('{"query": "a"}\nnot json\n')

    outcome = atelier("data", "split", "all.jsonl")

    assert outcome.exit_code == ExitCode.FAILED
    assert "line 2 " in outcome.stderr
    assert [path.name for path in Path().iterdir()] == ["all.jsonl"]


def test_dedup_tells_what_it_left_out_instead_of_what() -> None:
    file = written("all.jsonl", CHAT, {"query": "a", "response": "b"}, CHAT)

    outcome = atelier("data", "dedup", file, "-o", "once.jsonl", "--report", "dropped.jsonl")

    assert outcome.exit_code == ExitCode.OK
    assert "3 rows: 2 kept, 1 the same as one before" in outcome.stderr
    assert "- line 3: the same as line 1" in outcome.stderr
    assert rows("once.jsonl") == [CHAT, {"query": "a", "response": "b"}]
    assert rows("dropped.jsonl") == [{"line": 3, "kept": 1, "similarity": 1.0}]


def test_dedup_does_not_write_its_report_over_the_dataset() -> None:
    file = written("all.jsonl", CHAT, CHAT)

    outcome = atelier("data", "dedup", file, "-o", "once.jsonl", "--report", file)

    assert outcome.exit_code == ExitCode.INVALID
    assert "--report = 'all.jsonl': is the dataset itself" in outcome.stderr
    assert rows(file) == [CHAT, CHAT]


def test_dedup_may_write_over_what_it_read() -> None:
    file = written("all.jsonl", CHAT, CHAT)

    assert atelier("data", "dedup", file, "-o", file).exit_code == ExitCode.OK
    assert rows(file) == [CHAT]


def test_stats_show_figures_and_write_them_as_a_page_that_needs_nothing_else() -> None:
    tool = {"toolUse": {"toolUseId": "c", "name": "find<it>", "input": {}}}
    row = {
        "messages": [{"role": "user", "content": [{"text": "a"}]}, {"role": "assistant", "content": [tool]}]
    }

    outcome = atelier("data", "stats", written("all.jsonl", row, CHAT), "--html", "stats.html")

    assert outcome.exit_code == ExitCode.OK
    shown = " ".join(outcome.output.split())
    assert "all.jsonl 2 rows" in shown
    assert "turns 2 2 2 2 2" in shown
    assert "find<it>" in shown
    page = Path("stats.html").read_text()
    assert "find&lt;it&gt;" in page
    assert page.count("<svg") == 4
    assert "<script" not in page


def test_stats_of_an_empty_file_say_so() -> None:
    Path("all.jsonl").write_text("")

    assert "all.jsonl  0 rows" in atelier("data", "stats", "all.jsonl").output


@pytest.mark.parametrize(("options", "is_reported"), [([], True), (["--context", "context"], False)])
def test_convert_reports_a_context_that_no_option_placed(options: list[str], is_reported: bool) -> None:
    row = {"question": "How many?", "context": "There are 3 crates.", "answer": "3"}

    result = atelier(
        "data", "convert", written("a.jsonl", row, row), "--to", "gen_qa", "-o", "b.jsonl", *options
    )

    assert rows("b.jsonl")[0]["query"] == "There are 3 crates.\n\nHow many?"
    assert ("placed before the question: column 'context' of 2 rows" in result.stderr) is is_reported
