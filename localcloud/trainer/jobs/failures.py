"""Why a job cannot go on."""

from __future__ import annotations


class JobFailed(Exception):
    """The message that a training job ends with; it names what is wrong and what would be accepted."""
