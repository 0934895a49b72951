"""Rules between the parts of a run file."""

from __future__ import annotations

from collections.abc import Iterator

from atelier.problems import Problem, nearest
from atelier.recipes.catalogue import catalogue
from atelier.recipes.metrics import highest, long_name
from atelier.runs.checks import stage_order
from atelier.runs.model import CONDITIONS, SERVING
from atelier.runs.partial_run import PartialRun


def problems_of(partial: PartialRun, *, bucket: str | None) -> Iterator[Problem]:
    """Every broken rule. Without a bucket, datasets may be in any bucket."""
    if bucket:
        yield from _datasets(partial, bucket)
    yield from stage_order.problems_of(partial.stages, count=partial.stage_count)
    yield from _tasks(partial)
    yield from _gate(partial)
    if partial.continue_from == SERVING and partial.deployment is None:
        message = "needs a deployment, from whose model the run continues; add one or use a run id"
        yield Problem("continue_from", message, SERVING)


def _datasets(partial: PartialRun, bucket: str) -> Iterator[Problem]:
    """Datasets outside the environment's bucket, which is the only one that its roles can read."""
    uris = {f"evaluation.{index}.dataset": item.dataset for index, item in partial.evaluation.items()}
    for index, stage in partial.stages.items():
        uris |= {f"stages.{index}.train": stage.train, f"stages.{index}.validation": stage.validation}
    if partial.deployment and partial.deployment.canary:
        uris["deployment.canary.scenarios"] = partial.deployment.canary.scenarios
    for path, uri in uris.items():
        if uri and not uri.startswith(f"s3://{bucket}/"):
            yield Problem(path, f"must be in this environment's bucket, s3://{bucket}/", uri)


def _tasks(partial: PartialRun) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, item in partial.evaluation.items():
        path = f"evaluation.{index}"
        if item.task in seen:
            message = "occurs twice; gate rules name a metric by its task, so each task may occur once"
            yield Problem(f"{path}.task", message, item.task)
        seen.add(item.task)
        own = catalogue().tasks[item.task].dataset
        if own is None and item.dataset:
            yield Problem(
                f"{path}.dataset", f"{item.task} has its own dataset; leave dataset out", item.dataset
            )
        if own and item.dataset is None:
            yield Problem(f"{path}.dataset", "required")
        if own and own.file and item.dataset and not item.dataset.endswith(f"/{own.file}"):
            message = f"the file must be named {own.file}, as AWS's container requires"
            yield Problem(f"{path}.dataset", message, item.dataset)


def _gate(partial: PartialRun) -> Iterator[Problem]:
    tasks = [
        catalogue().tasks[name] for name in dict.fromkeys(item.task for item in partial.evaluation.values())
    ]
    known = [f"{task.name}.{metric}" for task in tasks for metric in task.metrics]
    open_ended = {task.name for task in tasks if task.names_its_metrics}
    for index, rule in partial.gate.items():
        task, _, metric = rule.metric.partition(".")
        if len(rule.conditions()) != 1:
            yield Problem(f"gate.{index}", f"exactly one of {', '.join(CONDITIONS)}", rule.conditions())
        if partial.evaluation_is_readable and rule.metric not in known and task not in open_ended:
            hint = nearest(f"{task}.{long_name(metric)}", known)
            message = hint if known else "the run has no evaluation that measures it"
            yield Problem(f"gate.{index}.metric", message, rule.metric)
        best = highest(task, metric) if rule.metric in known else float("inf")
        for condition, value in rule.conditions().items():
            if value > best:
                message = f"{rule.metric} is between 0 and {best:g}"
                yield Problem(f"gate.{index}.{condition}", message, value)
