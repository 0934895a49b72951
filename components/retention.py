"""Log retention: days in configuration, a member of CDK's enum in a stack."""

from __future__ import annotations

from aws_cdk import aws_logs as logs

from config.model import LOG_RETENTION_DAYS


def retention(days: int) -> logs.RetentionDays:
    """CDK's enum member for `days`, one of LOG_RETENTION_DAYS."""
    return logs.RetentionDays[LOG_RETENTION_DAYS[days]]
