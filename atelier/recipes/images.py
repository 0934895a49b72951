"""Where the containers of jobs are."""

from __future__ import annotations

from collections.abc import Mapping

from atelier.errors import UnsupportedCombination
from atelier.recipes.frozen import Frozen


class Registry(Frozen):
    """Accounts that hold the images, by region; `disputed`: why not all of AWS's sources name a region."""

    name: str
    accounts: Mapping[str, str]
    disputed: Mapping[str, str] = {}
    source: str


class Image(Frozen):
    """A container image of training jobs."""

    name: str
    registry: str
    repository: str
    tag: str


class Images(Frozen):
    """Where the containers are."""

    registries: tuple[Registry, ...]
    images: tuple[Image, ...]

    def regions_of(self, name: str) -> tuple[str, ...]:
        """The regions in which an image is published."""
        return tuple(self._registry_of(name).accounts)

    def dispute_of(self, name: str, region: str) -> str | None:
        """Why not all of AWS's sources have the image in the region."""
        return self._registry_of(name).disputed.get(region)

    def uri(self, name: str, region: str) -> str:
        """Address of an image in a region; UnsupportedCombination where it is not published."""
        image, accounts = self[name], self._registry_of(name).accounts
        if region not in accounts:
            raise UnsupportedCombination(
                f"region = {region!r}: image {name} is published in {', '.join(accounts)}"
            )
        return f"{accounts[region]}.dkr.ecr.{region}.amazonaws.com/{image.repository}:{image.tag}"

    def __getitem__(self, name: str) -> Image:
        return next(image for image in self.images if image.name == name)

    def _registry_of(self, name: str) -> Registry:
        return next(registry for registry in self.registries if registry.name == self[name].registry)
