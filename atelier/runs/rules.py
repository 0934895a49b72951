"""What the parts of a run file demand of each other."""

from __future__ import annotations

from collections.abc import Iterator

from atelier.evaluation.metrics import GEN_QA_FILE, METRICS_BY_TASK, highest, long_name
from atelier.problems import Problem, nearest
from atelier.runs.model import CONDITIONS, SERVING
from atelier.runs.parts import Parts


def problems_of(parts: Parts, *, bucket: str) -> Iterator[Problem]:
    """Every rule that is broken."""
    yield from _datasets(parts, bucket)
    yield from _one_adaptation(parts)
    yield from _tasks(parts)
    yield from _gate(parts)
    if parts.continue_from == SERVING and parts.deployment is None:
        message = "needs a deployment, whose model the run continues from; or name a run id"
        yield Problem("continue_from", message, SERVING)


def _datasets(parts: Parts, bucket: str) -> Iterator[Problem]:
    """Jobs and functions may read the environment's own bucket only; no role reaches another."""
    uris = {f"evaluation.{index}.dataset": item.dataset for index, item in parts.evaluation.items()}
    for index, stage in parts.stages.items():
        uris[f"stages.{index}.train"] = stage.train
        if stage.validation:
            uris[f"stages.{index}.validation"] = stage.validation
    if parts.deployment and parts.deployment.canary:
        uris["deployment.canary.scenarios"] = parts.deployment.canary.scenarios
    for path, uri in uris.items():
        if not uri.startswith(f"s3://{bucket}/"):
            yield Problem(path, f"must lie in this environment's bucket, s3://{bucket}/", uri)


def _one_adaptation(parts: Parts) -> Iterator[Problem]:
    """A stage trains what the stage before it made: LoRA after LoRA, full after full."""
    for index, stage in parts.stages.items():
        before = parts.stages.get(index - 1)
        if before and before.adaptation != stage.adaptation:
            message = f"must be {before.adaptation!r} like the stage before it, whose checkpoint it continues"
            yield Problem(f"stages.{index}.adaptation", message, stage.adaptation, is_combination=True)


def _tasks(parts: Parts) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, item in parts.evaluation.items():
        if item.task in seen:
            message = "comes twice; gate rules name a metric by its task, so a task may come once"
            yield Problem(f"evaluation.{index}.task", message, item.task)
        seen.add(item.task)
        if not item.dataset.endswith(f"/{GEN_QA_FILE}"):
            message = f"the file must be called {GEN_QA_FILE}: AWS's container looks for that name"
            yield Problem(f"evaluation.{index}.dataset", message, item.dataset)


def _gate(parts: Parts) -> Iterator[Problem]:
    tasks = dict.fromkeys(item.task for item in parts.evaluation.values())
    known = [f"{task}.{metric}" for task in tasks for metric in METRICS_BY_TASK[task]]
    for index, rule in parts.gate.items():
        if len(rule.conditions()) != 1:
            yield Problem(f"gate.{index}", f"exactly one of {', '.join(CONDITIONS)}", rule.conditions())
        if parts.evaluation_is_readable and rule.metric not in known:
            task, _, metric = rule.metric.partition(".")
            hint = nearest(f"{task}.{long_name(metric)}", known)
            message = hint if known else "the run has no evaluation that measures it"
            yield Problem(f"gate.{index}.metric", message, rule.metric)
        best = highest(rule.metric.rpartition(".")[2])
        for condition, value in rule.conditions().items():
            if value > best and rule.metric in known:
                message = f"{rule.metric} lies between 0 and {best:g}"
                yield Problem(f"gate.{index}.{condition}", message, value)
