"""Errors as AWS's services return them."""

from __future__ import annotations


class ServiceError(Exception):
    """A refusal the client sees: the error code of the service's model, its message, and the HTTP status."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


def access_denied(principal: str, action: str, resource: str, *, explicitly: bool) -> ServiceError:
    """AWS's wording, which names who, what, on what and why."""
    reason = (
        "with an explicit deny in an identity-based policy"
        if explicitly
        else f"because no identity-based policy allows the {action} action"
    )
    return ServiceError(
        "AccessDeniedException",
        f"User: {principal} is not authorized to perform: {action} on resource: {resource} {reason}",
        status=403,
    )
