"""Container images of jobs: registries, repositories and tags."""

from __future__ import annotations

from collections.abc import Mapping

from atelier.errors import UnsupportedCombination
from atelier.recipes.frozen import Frozen


class Registry(Frozen):
    """The accounts that hold images, by region.

    `disputed`: regions that only some of AWS's sources name, with the reason.
    """

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
    """All registries and images."""

    registries: tuple[Registry, ...]
    images: tuple[Image, ...]

    def regions_of(self, name: str) -> tuple[str, ...]:
        """The regions in which an image is published."""
        return tuple(self._registry_of(name).accounts)

    def dispute_of(self, name: str, region: str) -> str | None:
        """Why AWS's sources disagree about the image in the region; None when they agree."""
        return self._registry_of(name).disputed.get(region)

    def uri(self, name: str, region: str) -> str:
        """Address of an image in a region; UnsupportedCombination where it is not published."""
        image, accounts = self[name], self._registry_of(name).accounts
        if region not in accounts:
            raise UnsupportedCombination(
                f"region = {region!r}: image {name} is not published there; accepted: {', '.join(accounts)}"
            )
        return f"{accounts[region]}.dkr.ecr.{region}.amazonaws.com/{image.repository}:{image.tag}"

    def __getitem__(self, name: str) -> Image:
        return next(image for image in self.images if image.name == name)

    def _registry_of(self, name: str) -> Registry:
        return next(registry for registry in self.registries if registry.name == self[name].registry)
