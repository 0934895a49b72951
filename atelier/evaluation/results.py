"""Results of an evaluation job.

`results_<time>.json` holds the metrics; `inference_output.jsonl`, beside it, the model's answers. A
training job has them in its output archive, below `<run name>/eval_results`; a job on HyperPod writes them as
they are, below `<job>/eval-result`. Source: Amazon Nova user guide, "Assessing and analyzing evaluation
results".
"""

from __future__ import annotations

import json
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import PurePosixPath
from typing import IO, Any

from atelier.errors import MetricsMissing
from atelier.evaluation.lighteval import STDERR, read_results
from atelier.outputs.job_output import archive_uri, members, output_folder
from atelier.recipes.catalogue import catalogue
from atelier.recipes.tasks import Task
from atelier.storage import Objects

_EXAMPLES = 5
_LONGEST_TEXT = 600  # examples travel in the workflow's state, which holds 256 KiB in all
_ANSWERS = "inference_output.jsonl"


@dataclass(frozen=True)
class Example:
    """One answer of the model beside the reference."""

    prompt: str
    inference: str
    gold: str


@dataclass(frozen=True)
class Scores:
    """Metrics of one model on one task, by long name; `rows` answers were scored."""

    task: str
    metrics: Mapping[str, float]
    stderr: Mapping[str, float]
    rows: int
    examples: tuple[Example, ...]

    def to_event(self) -> dict[str, Any]:
        """As JSON for the workflow's state."""
        return asdict(self)


def read_scores(job: Mapping[str, Any], *, objects: Objects) -> Scores:
    """Scores of a finished evaluation job. MetricsMissing names the files found instead."""
    is_on_hyperpod = "manifest_uri" in job
    uri = f"{output_folder(job)}eval-result/" if is_on_hyperpod else archive_uri(job)
    files = _on_hyperpod(uri, objects) if is_on_hyperpod else _in_archive(uri, objects)
    results: dict[str, Any] = {}
    rows, examples, seen = 0, tuple[Example, ...](), list[str]()
    try:
        for name, content in files:
            file = PurePosixPath(name).name
            seen.append(name)
            if file.startswith("results_") and file.endswith(".json"):
                results[file] = json.load(content)
            elif file == _ANSWERS:
                rows, examples = _read_answers(content)
    except FileNotFoundError:
        raise MetricsMissing(f"{uri}: there is no such object, so the job wrote no output") from None
    except (tarfile.TarError, EOFError, zlib.error, OSError, ValueError) as error:
        raise MetricsMissing(f"{uri} cannot be read: {error}") from error
    if not results:
        raise MetricsMissing(f"{uri} has no results_*.json; found: {', '.join(seen) or 'nothing'}")
    task, values = _task_values(results[max(results)], uri)
    metrics = {name: value for name, value in values.items() if not name.endswith(STDERR)}
    if not metrics or not (task.names_its_metrics or metrics.keys() & task.metrics.keys()):
        found = ", ".join(metrics) or "no finite number"
        raise MetricsMissing(f"{uri}: {task.name} has none of {', '.join(task.metrics)}; found: {found}")
    stderr = {name.removesuffix(STDERR): value for name, value in values.items() if name.endswith(STDERR)}
    return Scores(task.name, metrics, stderr, rows, examples)


def _in_archive(uri: str, objects: Objects) -> Iterator[tuple[str, IO[bytes]]]:
    with objects.open(uri) as stream:
        yield from members(stream)


def _on_hyperpod(folder: str, objects: Objects) -> Iterator[tuple[str, IO[bytes]]]:
    for uri in objects.below(folder):
        if uri.endswith((".json", _ANSWERS)):
            with objects.open(uri) as stream:
                yield uri.removeprefix(folder), stream


def _task_values(report: Any, uri: str) -> tuple[Task, dict[str, float]]:
    results = report.get("results") if isinstance(report, dict) else None
    results = results if isinstance(results, dict) else {}
    found = read_results(results)
    if found is None:
        known = ", ".join(catalogue().tasks)
        raise MetricsMissing(f"{uri}: no results of a known task ({known}); found: {list(results)}")
    return found


def _read_answers(lines: IO[bytes]) -> tuple[int, tuple[Example, ...]]:
    rows = 0
    examples: list[Example] = []
    for line in lines:
        if not line.strip():
            continue
        rows += 1
        if len(examples) < _EXAMPLES:
            answer = json.loads(line)
            examples.append(Example(*(_text(answer.get(key)) for key in ("prompt", "inference", "gold"))))
    return rows, tuple(examples)


def _text(value: Any) -> str:
    """One text: the container writes lists where a sample has several answers."""
    if isinstance(value, list):
        value = value[0] if value else ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST_TEXT else text[:_LONGEST_TEXT] + "…"
