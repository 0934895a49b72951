"""FilterLogEvents honours `logStreamNamePrefix` and patterns such as `?"a" ?"b"` (any of these texts).

MiniStack returns the whole group, other jobs' lines too, and takes the question mark for a part of the text.
Syntax: CloudWatch Logs user guide, "Using filter patterns to match terms in unstructured log events".
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from ministack.services import cloudwatch_logs

_ANY_OF = re.compile(r'(?:\s*\?"[^"]+")+\s*')
_TEXT = re.compile(r'\?"([^"]+)"')


def apply() -> None:
    original = cloudwatch_logs._filter_log_events
    compiled = cloudwatch_logs._compile_filter_pattern

    def filtered(data: dict[str, Any]) -> Any:
        prefix = data.get("logStreamNamePrefix")
        group = cloudwatch_logs._log_groups.get(cloudwatch_logs._resolve_log_group_name(data))
        if prefix and group is not None and not data.get("logStreamNames"):
            names = [name for name in group["streams"] if name.startswith(prefix)]
            # An empty list would mean every stream again.
            data = {**data, "logStreamNames": names or [prefix]}
        return original(data)

    def compile_pattern(raw: str) -> Callable[[str], bool]:
        if not _ANY_OF.fullmatch(raw or ""):
            matches: Callable[[str], bool] = compiled(raw)
            return matches
        texts = _TEXT.findall(raw)
        return lambda message: any(text in message for text in texts)

    cloudwatch_logs._filter_log_events = filtered
    cloudwatch_logs._compile_filter_pattern = compile_pattern
