"""Check that a base model can be customized in an environment."""

from __future__ import annotations

from atelier.problems import Problem, listed, nearest
from atelier.recipes.catalogue import Catalogue
from atelier.recipes.rows import EMBEDDED, BaseModelRow

PATH = "base_model"


def customizable(
    name: str, environment: str, catalogue: Catalogue
) -> tuple[BaseModelRow | None, list[Problem]]:
    """The base model; or None and the problem when the environment cannot customize it."""
    accepted = [row.name for row in catalogue.base_models.values() if row.is_available_in(environment)]
    row = catalogue.base_models.get(name)
    if row is None:
        return None, [Problem(PATH, nearest(name, accepted), name)]
    if not row.customizable:
        return None, [Problem(PATH, f"cannot be customized: {row.instead}", name, is_combination=True)]
    if row.is_available_in(environment):
        return row, []
    if environment == EMBEDDED:
        message = f"the embedded cloud trains {', '.join(accepted)}; this model is trained in an AWS account"
    else:
        message = (
            f"exists in the environment {' and '.join(row.environments)} only; accepted: {listed(accepted)}"
        )
    return None, [Problem(PATH, message, name, is_combination=True)]
