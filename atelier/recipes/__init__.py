"""The recipe catalogue: base models, recipes, platforms and settings."""

from atelier.recipes.catalogue import Catalogue, catalogue
from atelier.recipes.render import render
from atelier.recipes.request import RecipeRequest
from atelier.recipes.resolve import Recipe, examine, resolve
from atelier.recipes.tasks import Task

__all__ = [
    "Catalogue",
    "Recipe",
    "RecipeRequest",
    "Task",
    "catalogue",
    "examine",
    "render",
    "resolve",
]
