"""Every deployment target's permissions, granted together: which target a run has is known when it runs."""

from __future__ import annotations

from dataclasses import dataclass

from components.permissions import Grantee
from components.targets.custom_models import CustomModels
from components.targets.imported_models import ImportedModels


@dataclass(frozen=True)
class ServingTargets:
    """One construct for each target; a grant is given for all of them."""

    targets: tuple[CustomModels | ImportedModels, ...]

    def grant_create(self, grantee: Grantee) -> None:
        """Make a model from a checkpoint, or find it."""
        for target in self.targets:
            target.grant_create(grantee)

    def grant_deploy(self, grantee: Grantee) -> None:
        """Serve a candidate beside what serves."""
        for target in self.targets:
            target.grant_deploy(grantee)

    def grant_await(self, grantee: Grantee) -> None:
        """See whether a candidate serves."""
        for target in self.targets:
            target.grant_await(grantee)

    def grant_read(self, grantee: Grantee) -> None:
        """Read what serves, and whether there is room for another model."""
        for target in self.targets:
            target.grant_read(grantee)

    def grant_switch(self, grantee: Grantee) -> None:
        """Serve another model under a stable name."""
        for target in self.targets:
            target.grant_switch(grantee)

    def grant_retire(self, grantee: Grantee) -> None:
        """Delete what is no longer needed after a promotion."""
        for target in self.targets:
            target.grant_retire(grantee)

    def grant_delete_deployments(self, grantee: Grantee) -> None:
        """Delete deployments that a run created."""
        for target in self.targets:
            target.grant_delete_deployments(grantee)

    def grant_delete_models(self, grantee: Grantee) -> None:
        """Delete models that a run created."""
        for target in self.targets:
            target.grant_delete_models(grantee)

    def grant_converse(self, grantee: Grantee) -> None:
        """Send a message to a candidate."""
        for target in self.targets:
            target.grant_converse(grantee)

    def grant_chat(self, grantee: Grantee) -> None:
        """Find what serves under a name, and stream its answers."""
        for target in self.targets:
            target.grant_chat(grantee)
