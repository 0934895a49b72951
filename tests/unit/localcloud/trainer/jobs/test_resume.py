"""Snapshots of a training that may break off at any moment."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from localcloud.trainer.jobs import resume
from localcloud.trainer.jobs.resume import ResumePoint
from localcloud.trainer.model.training import Snapshot


def a_snapshot(step: int) -> Snapshot:
    return Snapshot(step, {"w": np.full(3, step, np.float32)}, [np.zeros(2, np.float32)])


def test_a_process_that_is_killed_while_it_saves_leaves_the_snapshot_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    point = ResumePoint(tmp_path / "state" / "last.safetensors", "t")
    point.save(a_snapshot(1))

    def killed(_arrays: object, path: Path, _metadata: object) -> None:
        path.write_bytes(b"half")
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(resume, "save_file", killed)
        with pytest.raises(KeyboardInterrupt):
            point.save(a_snapshot(2))
    found = point.load()
    assert found is not None
    assert found.step == 1


def test_a_snapshot_is_replaced_and_never_written_over(tmp_path: Path) -> None:
    point = ResumePoint(tmp_path / "last.safetensors", "t")
    point.save(a_snapshot(1))
    before = point.path.read_bytes()
    with point.path.open("rb") as reader:
        point.save(a_snapshot(2))
        assert reader.read() == before


def test_a_snapshot_that_cannot_be_read_is_none(tmp_path: Path) -> None:
    point = ResumePoint(tmp_path / "last.safetensors", "t")
    assert point.load() is None
    point.path.write_bytes(b"half")
    assert point.load() is None
