"""The stable name of a deployment: a pointer to what serves, for targets whose service has no alias.

People and agents read it from the SSM parameter `/atelier/<environment>/deployments/<name>`, as JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Protocol

VERSION = 1


@dataclass(frozen=True)
class Served:
    """A model that serves, or served: `model_id` is what is invoked, `run_id` the run that made it."""

    model_id: str
    run_id: str


@dataclass(frozen=True)
class Pointer:
    """What a deployment serves, and what it served before: a rollback goes back to `previous`.

    `retired` served before that and are not deleted yet. `since` is seconds since the epoch.
    """

    target: str
    serving: Served
    previous: Served | None
    since: int
    retired: tuple[Served, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The form of the parameter: `{version, target, model_id, run_id, previous, since, retired}`."""
        return {
            "version": VERSION,
            "target": self.target,
            **asdict(self.serving),
            "previous": asdict(self.previous) if self.previous else None,
            "since": self.since,
            "retired": [asdict(served) for served in self.retired],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Pointer:
        """Read it back; keys that a newer version adds are ignored."""
        previous = data["previous"]
        return cls(
            target=data["target"],
            serving=Served(data["model_id"], data["run_id"]),
            previous=Served(previous["model_id"], previous["run_id"]) if previous else None,
            since=data["since"],
            retired=tuple(Served(one["model_id"], one["run_id"]) for one in data.get("retired", ())),
        )

    def switched(self, to: Served, *, now: int) -> Pointer:
        """The pointer after a promotion."""
        retired = (*self.retired, self.previous) if self.previous else self.retired
        return replace(self, serving=to, previous=self.serving, since=now, retired=retired)

    def without_retired(self) -> Pointer:
        """The pointer after the retired models were deleted."""
        return replace(self, retired=())

    def restored(self, to: Served, *, now: int) -> Pointer:
        """The pointer after a rollback: what served is about to be deleted, so nothing is before `to`."""
        return replace(self, serving=to, previous=None, since=now)


def parameter_name(environment: str, deployment_name: str) -> str:
    """Name of the SSM parameter."""
    return f"/atelier/{environment}/deployments/{deployment_name}"


class Pointers(Protocol):
    """Pointers by the deployment's name. A change is one comparison and write: two runs cannot both win."""

    def read(self, deployment_name: str) -> Pointer | None:
        """The pointer; None when nothing serves under the name."""

    def write(self, deployment_name: str, pointer: Pointer, *, instead_of: Pointer | None) -> bool:
        """Put the pointer in place of another (None: of nothing). False when that is not what is there."""

    def delete(self, deployment_name: str, *, instead_of: Pointer) -> bool:
        """Remove the pointer. False when another one is there."""

    def publish(self, deployment_name: str) -> None:
        """Make the parameter equal to the pointer. A write does so itself; a crash may come between."""
