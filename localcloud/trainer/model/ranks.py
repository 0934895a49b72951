"""The processes that train one model together, each on its share of every batch (ADR 0078).

JAX's distributed runtime joins them, and its compiler puts the sums over all ranks into the step: a loss is
written for the whole batch, and its gradient is that of the whole batch, however many ranks there are.
"""

from __future__ import annotations

import functools
import logging
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import jax
import numpy as np
from jax.experimental.multihost_utils import reached_preemption_sync_point
from jax.sharding import Mesh, NamedSharding, PartitionSpec
from jaxlib import _jax

log = logging.getLogger(__name__)

Tree = TypeVar("Tree")

# The embedded cloud's nodes are all this machine, whatever their names mean elsewhere.
ADDRESS = "127.0.0.1"
JOIN_SECONDS = 1800
"""How long a rank waits for the others to come, as torch's gloo does: one may still have no node."""
SILENCE_SECONDS = 10
"""A rank that ended is noticed at once, by its connections; one that hangs, after this time."""
PART_SECONDS = 600
"""How long the ranks wait for each other at the end, when the first one writes what they made."""


class InvalidRanks(ValueError):
    """The environment of a job of several processes is not one; the message names the variable."""


@dataclass(frozen=True, slots=True)
class Ranks:
    """All processes of a training as one of them sees them. A process on its own is rank 0 of 1."""

    rank: int = 0
    size: int = 1
    port: int = 0

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Ranks:
        """By the variables of torchrun and of Kubeflow's operator, else by those that srun sets."""
        rank = _number(environ, "RANK", "SLURM_PROCID", default=0)
        size = _number(environ, "WORLD_SIZE", "SLURM_NTASKS", default=1)
        if not 0 <= rank < size:
            raise InvalidRanks(f"rank = {rank}: it must be at least 0 and less than the {size} of its job")
        port = _number(environ, "MASTER_PORT") if size > 1 else 0
        return cls(rank, size, port)

    @property
    def is_first(self) -> bool:
        """Whether this process speaks and writes for all."""
        return self.rank == 0

    def join(self) -> None:
        """Wait for the others. To be called once, before anything is computed."""
        if self.size == 1:
            return
        place = f"{ADDRESS}:{self.port}"
        # By itself gloo listens where the machine's own name resolves to, which may be any network.
        _jax.make_gloo_tcp_collectives = functools.partial(_jax.make_gloo_tcp_collectives, hostname=ADDRESS)
        jax.config.update("jax_cpu_collectives_implementation", "gloo")  # type: ignore[no-untyped-call]
        jax.distributed.initialize(
            coordinator_address=place,
            coordinator_bind_address=place,
            num_processes=self.size,
            process_id=self.rank,
            initialization_timeout=JOIN_SECONDS,
            heartbeat_timeout_seconds=SILENCE_SECONDS,
            shutdown_timeout_seconds=PART_SECONDS,
        )
        log.info("rank %d of %d", self.rank, self.size)

    def part(self) -> None:
        """End together: a rank that fails until then fails the others."""
        if self.size > 1:
            jax.distributed.shutdown()  # type: ignore[no-untyped-call]

    def share(self, batch: Tree) -> Tree:
        """A batch that every rank has in full, each keeping its part of the rows."""
        return self._placed(batch, "rows")

    def replicate(self, tree: Tree) -> Tree:
        """What every rank has and keeps in full, as one array of all of them."""
        return self._placed(tree)

    def _placed(self, tree: Tree, *axes: str) -> Tree:
        if self.size == 1:
            return tree
        spec = PartitionSpec(*axes)  # type: ignore[no-untyped-call]
        sharding = NamedSharding(Mesh(np.array(jax.devices()), ("rows",)), spec)

        def placed(value: Any) -> jax.Array:
            host = np.asarray(value)
            return jax.make_array_from_callback(host.shape, sharding, lambda index: host[index])

        shared: Tree = jax.tree_util.tree_map(placed, tree)
        return shared


class StopSignal:
    """Whether SIGTERM has come, to any of the ranks: all of them hear of it after the same step.

    Make it after `join`, whose runtime watches for the signal where there are several ranks.
    """

    def __init__(self, ranks: Ranks) -> None:
        self._ranks = ranks
        self._is_set = False
        if ranks.size == 1:
            signal.signal(signal.SIGTERM, self._set)

    def is_set(self, step: int) -> bool:
        """Called by every rank after each step."""
        if self._ranks.size == 1:
            return self._is_set
        return bool(reached_preemption_sync_point(step))

    def _set(self, _number: int, _frame: object) -> None:
        self._is_set = True


def _number(environ: Mapping[str, str], *names: str, default: int | None = None) -> int:
    """The first of these variables that is set."""
    for name in names:
        text = environ.get(name)
        if text is not None:
            if not text.isdecimal():
                raise InvalidRanks(f"{name} = {text!r}: it must be a whole number")
            return int(text)
    if default is None:
        raise InvalidRanks(f"{names[0]} is not set; ranks of a job meet at this port of {ADDRESS}")
    return default
