"""Whether every name in the catalogue's rows has its row."""

from __future__ import annotations

from collections.abc import Iterator

from atelier.recipes.catalogue import Catalogue
from atelier.recipes.rows import EvaluationRow, RecipeRow, TrainingRow


def broken_references(catalogue: Catalogue) -> Iterator[str]:
    """A sentence for each name that leads nowhere and each setting that a template does not have."""
    names = [row.name for row in (*catalogue.training, *catalogue.evaluation)]
    yield from (
        f"{name} names two recipes" for name in sorted({name for name in names if names.count(name) > 1})
    )
    for row in (*catalogue.training, *catalogue.evaluation):
        yield from (f"recipe {row.name}: {fault}" for fault in _faults(row, catalogue))
    for name, template in catalogue.templates.items():
        if template.name != name:
            yield f"template {template.name} lies in a file called {name}"
    for base_model in catalogue.base_models.values():
        for target in base_model.deployments.keys() - {
            offer.name for offer in catalogue.release.deployment_targets
        }:
            yield f"base model {base_model.name}: no deployment target {target}"


def _faults(row: RecipeRow, catalogue: Catalogue) -> Iterator[str]:
    base_models = (row.base_model, *(row.students if isinstance(row, TrainingRow) else ()))
    tables = {
        "base model": (base_models, catalogue.base_models),
        "platform": (row.platforms, {offer.name for offer in catalogue.release.platforms}),
        "image": (
            {
                image
                for on in row.platforms.values()
                for image in (on.image, *on.more_images.values())
                if image
            },
            {image.name for image in catalogue.images.images},
        ),
        "instance type": (
            {name for platform in row.platforms for name in row.instance_types_on(platform)},
            catalogue.instance_types,
        ),
        "template": ((row.template,), catalogue.templates),
        "task": (row.tasks if isinstance(row, EvaluationRow) else (), catalogue.tasks),
    }
    for kind, (used, known) in tables.items():
        yield from (f"no {kind} {name}" for name in used if name not in known)
    family = catalogue.base_models[row.base_model].family if row.base_model in catalogue.base_models else ""
    rows = catalogue.training if isinstance(row, TrainingRow) else catalogue.evaluation
    if row not in rows.of(family):
        yield f"it must lie in the file of its base model's family, {family}.yaml"
    if row.template not in catalogue.templates:
        return
    keys = catalogue.templates[row.template].keys
    settings = set(row.defaults) | set(row.bounds) | set(row.disputed)
    settings |= {name for bounds in row.instance_bounds.values() for name in bounds}
    yield from (f"{row.template} has no setting {name}" for name in settings - {key.name for key in keys})
    yield from (
        f"{row.template} has no key {path}" for path in row.document.keys() - {key.path for key in keys}
    )
