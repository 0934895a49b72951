"""Requirements beyond the format: the recipe of a base model, the size of a batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from atelier.datasets import Bound, Format, Requirements
from atelier.datasets.formats.registry import documented
from atelier.datasets.run_check.recipe_requirements import evaluation_requirements, training_requirements
from atelier.datasets.scan.scan import Observer
from atelier.problems import nearest
from atelier.recipes.catalogue import Catalogue, catalogue
from atelier.recipes.listing import tasks_of, technique_of, with_defaults
from atelier.recipes.rows import RecipeRow
from atelier.recipes.tasks import OwnDataset
from atelier.runs.resolve_stage import resolve_recipe
from cli.exit_codes import ExitCode
from cli.failure import CommandFailed


def file_requirements(format: Format, base_model: str | None, global_batch_size: int | None) -> Requirements:  # noqa: A002
    """The requirements on a file of this format. CommandFailed when the base model reads no such file."""
    requirements = _of_recipe(format, base_model) if base_model else documented(format)
    if global_batch_size is None:
        return requirements
    batch = Bound(global_batch_size, f"one batch (global_batch_size {global_batch_size})")
    return replace(
        requirements, min_rows=max(batch, requirements.min_rows or batch, key=lambda bound: bound.rows)
    )


def _of_recipe(format: Format, base_model: str) -> Requirements:  # noqa: A002
    rows = catalogue()
    known = rows.base_models.get(base_model)
    if known is None:
        raise _unknown(base_model, nearest(base_model, rows.base_models))
    if not known.customizable:
        raise _unknown(base_model, f"cannot be customized: {known.instead}")
    recipes: tuple[RecipeRow, ...] = (*rows.training_of(base_model), *rows.evaluation_of(base_model))
    for row in recipes:
        technique = technique_of(row)
        if rows.templates[row.template].dataset == format and technique:
            return training_requirements(resolve_recipe(with_defaults(row, rows)))
        if any(own.format == format for own in _datasets_of(row, rows)):
            return evaluation_requirements(resolve_recipe(with_defaults(row, rows)))
    formats = dict.fromkeys(rows.templates[row.template].dataset or "" for row in recipes)
    raise _unknown(
        base_model, f"has no recipe that reads {format}; it has some for {', '.join(filter(None, formats))}"
    )


def _datasets_of(row: RecipeRow, rows: Catalogue) -> Iterator[OwnDataset]:
    """Requirements of the tasks of an evaluation recipe."""
    return (own for task in tasks_of(row) if (own := rows.tasks[task].dataset))


def _unknown(base_model: str, message: str) -> CommandFailed:
    return CommandFailed(f"--base-model = {base_model!r}: {message}", ExitCode.INVALID)


def leakage(evaluation: Path | None, evaluation_format: Format, format: Format) -> Sequence[Observer]:  # noqa: A002
    """An observer that finds rows of the evaluation. CommandFailed when it has no question."""
    if evaluation is None:
        return ()
    from atelier.datasets.leakage.leakage import Fingerprints, LeakageObserver

    try:
        with evaluation.open("rb") as lines:
            fingerprints = Fingerprints.of(lines, evaluation_format)
    except OSError as error:
        raise CommandFailed(f"--against = {str(evaluation)!r}: {error.strerror}", ExitCode.INVALID) from error
    if not fingerprints.lines:
        raise CommandFailed(
            f"--against = {str(evaluation)!r}: no question in text is found in it as {evaluation_format}; "
            "--against-technique names what its rows are for",
            ExitCode.INVALID,
        )
    return (LeakageObserver(fingerprints, format, str(evaluation)),)
