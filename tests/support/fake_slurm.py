"""A fake of the agent's Slurm that stores."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from agents.slurm.slurm import Listing, Seen, SlurmDown


@dataclass
class FakeSlurm:
    """Jobs by the pipeline's names, in the order of their submission; `is_down` and it answers nothing.

    `others` came after those, and may have the same names.

    Of the partitions in `counting` it hands out the accelerators.

    `trouble` is raised by the next sbatch, before or after Slurm took the job.
    """

    queue: dict[str, Seen] = field(default_factory=dict)
    others: list[tuple[str, Seen]] = field(default_factory=list)
    accounting: dict[str, Seen] = field(default_factory=dict)
    submitted: list[str] = field(default_factory=list)
    is_down: bool = False
    trouble: Exception | None = None
    takes_it_anyway: bool = False
    remembers: float = 300
    counting: set[str] = field(default_factory=set)
    during_submit: Callable[[], None] = lambda: None

    def submit(self, script: Path) -> str:
        self._answer()
        trouble, self.trouble = self.trouble, None
        if trouble and not self.takes_it_anyway:
            raise trouble
        self.submitted.append(script.parent.name)
        job_id = str(len(self.submitted))
        self.queue[script.parent.name] = Seen(job_id, "PENDING", submitted_at=1)
        self.during_submit()
        if trouble:
            raise trouble
        return job_id

    def jobs(self) -> Listing:
        self._answer()
        return [*self.queue.items(), *self.others]

    def accounted(self, job_id: str) -> Seen | None:
        return self.accounting.get(job_id)

    def cancel(self, job_id: str) -> None:
        self._answer()
        for job, seen in self.queue.items():
            if seen.job_id == job_id:
                self.queue[job] = replace(seen, state="CANCELLED")
        self.others = [
            (job, replace(seen, state="CANCELLED") if seen.job_id == job_id else seen)
            for job, seen in self.others
        ]

    def counts_gpus(self, partition: str) -> bool:
        self._answer()
        return partition in self.counting

    def remembers_seconds(self) -> float:
        return self.remembers

    def move(self, job: str, state: str, **changes: Any) -> None:
        """Let a job be in another state."""
        self.queue[job] = replace(self.queue[job], state=state, **changes)

    def forget(self, job: str) -> None:
        """Let Slurm forget a job."""
        del self.queue[job]

    def _answer(self) -> None:
        if self.is_down:
            raise SlurmDown("Unable to contact slurm controller")
