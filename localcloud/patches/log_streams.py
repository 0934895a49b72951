"""FilterLogEvents honours `logStreamNamePrefix`: MiniStack returns the whole group, other jobs' lines too."""

from __future__ import annotations

from typing import Any

from ministack.services import cloudwatch_logs


def apply() -> None:
    original = cloudwatch_logs._filter_log_events

    def filtered(data: dict[str, Any]) -> Any:
        prefix = data.get("logStreamNamePrefix")
        group = cloudwatch_logs._log_groups.get(cloudwatch_logs._resolve_log_group_name(data))
        if prefix and group is not None and not data.get("logStreamNames"):
            names = [name for name in group["streams"] if name.startswith(prefix)]
            # An empty list would mean every stream again.
            data = {**data, "logStreamNames": names or [prefix]}
        return original(data)

    cloudwatch_logs._filter_log_events = filtered
