"""The commands, on a line whose parts store."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.support.line import FakeLine

RUN_FILE = {
    "name": "tool-calling",
    "base_model": "atelier-tiny",
    "stages": [{"technique": "sft", "train": "train.jsonl"}],
    "evaluation": [{"task": "gen_qa", "dataset": "gen_qa.jsonl"}],
    "gate": [{"metric": "gen_qa.exact_match", "at_least": 0.9}],
}


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeLine:
    """The line that every command connects to."""
    fake = FakeLine()
    monkeypatch.setattr("client.connection.connect", fake.connect)
    monkeypatch.setattr("cli.run.observe.time.sleep", lambda _seconds: None)
    monkeypatch.setenv("ATELIER_HOME", str(tmp_path / "home"))
    return fake


@pytest.fixture
def run_file(tmp_path: Path) -> Path:
    """A run file with its datasets beside it."""
    (tmp_path / "train.jsonl").write_text("{}\n")
    (tmp_path / "gen_qa.jsonl").write_text("{}\n")
    file = tmp_path / "run.yaml"
    file.write_text(yaml.safe_dump(RUN_FILE))
    return file
