"""The stable name of a deployment: a pointer to what serves, for targets whose service has no alias.

People and agents read it from the SSM parameter `/atelier/<environment>/deployments/<name>`, as JSON.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
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
    """What a deployment serves, and what it served before.

    `history` is oldest first; its last entry serves, and a rollback goes back along it. `retired` served
    before that: nothing goes back to them, and they are being deleted. `since` is seconds since the epoch.
    """

    target: str
    history: tuple[Served, ...]
    since: int
    retired: tuple[Served, ...] = ()

    @property
    def serving(self) -> Served:
        """What serves."""
        return self.history[-1]

    @property
    def previous(self) -> Served | None:
        """What served before, which a rollback goes back to."""
        return self.history[-2] if len(self.history) > 1 else None

    def to_json(self) -> dict[str, Any]:
        """The parameter: {version, target, model_id, run_id, previous, since, history, retired}."""
        return {
            "version": VERSION,
            "target": self.target,
            **asdict(self.serving),
            "previous": asdict(self.previous) if self.previous else None,
            "since": self.since,
            "history": [asdict(served) for served in self.history],
            "retired": [asdict(served) for served in self.retired],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Pointer:
        """Read it back; keys that a newer version adds are ignored."""
        return cls(
            target=data["target"],
            history=_served(data["history"]),
            since=data["since"],
            retired=_served(data["retired"]),
        )

    def switched(self, to: Served, *, now: int) -> Pointer:
        """The pointer after a promotion."""
        return replace(self, history=(*self.history, to), since=now)

    def without(self, run_ids: Set[str], *, now: int) -> Pointer | None:
        """The pointer after these runs' models were withdrawn; None when nothing is left to serve.

        What served before a withdrawn model serves again, if that was the last.
        """
        left = tuple(served for served in self.history if served.run_id not in run_ids)
        if not left:
            return None
        return replace(self, history=left, since=self.since if left[-1] == self.serving else now)

    def retire_before(self, run_id: str) -> Pointer:
        """The pointer without what served before the model that a run replaced."""
        runs = [served.run_id for served in self.history]
        kept_from = max(0, runs.index(run_id) - 1) if run_id in runs else 0
        retired = (*self.retired, *self.history[:kept_from])
        return replace(self, history=self.history[kept_from:], retired=retired)

    def without_retired(self) -> Pointer:
        """The pointer after the retired models were deleted."""
        return replace(self, retired=())


def _served(data: list[Mapping[str, str]]) -> tuple[Served, ...]:
    return tuple(Served(one["model_id"], one["run_id"]) for one in data)


class Pointers(Protocol):
    """Pointers by the deployment's name. A change is one comparison and write: two runs cannot both win."""

    def read(self, deployment_name: str) -> Pointer | None:
        """The pointer; None when nothing serves under the name."""

    def all(self) -> Mapping[str, Pointer]:
        """Every pointer by its deployment's name."""

    def write(self, deployment_name: str, pointer: Pointer, *, instead_of: Pointer | None) -> bool:
        """Put the pointer in place of another (None: of nothing). False when that is not what is there."""

    def delete(self, deployment_name: str, *, instead_of: Pointer) -> bool:
        """Remove the pointer. False when another one is there."""

    def publish(self, deployment_name: str) -> None:
        """Make the parameter equal to the pointer. A write does so itself; a crash may come between."""
