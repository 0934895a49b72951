"""A Distributed Map evaluates JSONata, and its children see only their own input, as on AWS.

MiniStack takes the items of a distributed Map from JSONPath fields alone, so that JSONata's `Items` and
`ItemSelector` are ignored, and lets children read the variables and the input of the execution that started
them: an expression that AWS refuses would work.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from ministack.services import stepfunctions

_OF_THE_MAP = ("Items", "ItemSelector", "Output", "Assign")


def apply() -> None:
    run_distributed_map = stepfunctions._run_distributed_map
    run_sub_machine = stepfunctions._run_sub_machine

    def run(
        state: dict[str, Any],
        raw_input: Any,
        effective: Any,
        iterator: dict[str, Any],
        execution: dict[str, Any],
        context: dict[str, Any],
    ) -> Any:
        if stepfunctions._state_query_language(state, context) != "JSONata":
            return run_distributed_map(state, raw_input, effective, iterator, execution, context)
        # MiniStack's own fields now find the children's inputs, made here, where it looks for them.
        plain = {name: value for name, value in state.items() if name not in _OF_THE_MAP}
        inputs = _inputs(state, raw_input, context)
        of_children = {**context, "variables": {}}
        results, following = run_distributed_map(plain, inputs, inputs, iterator, execution, of_children)
        output = stepfunctions._apply_jsonata_output(
            state, raw_input, context, result=results, default=results
        )
        stepfunctions._apply_state_assign(state, raw_input, context, result=results)
        return output, following

    def run_child(
        states: dict[str, Any],
        start_at: str,
        child_input: Any,
        execution: dict[str, Any],
        context: dict[str, Any],
    ) -> Any:
        if execution.get("mapRunArn"):
            context["Execution"] = _execution(execution, child_input)
        return run_sub_machine(states, start_at, child_input, execution, context)

    stepfunctions._run_distributed_map = run
    stepfunctions._run_sub_machine = run_child


def _inputs(state: Mapping[str, Any], raw_input: Any, context: Mapping[str, Any]) -> list[Any]:
    """Each child's input: its item, or what ItemSelector makes of it."""
    items = stepfunctions._jsonata_state_field(state, "Items", "array", raw_input, context)
    selector = state.get("ItemSelector")
    if selector is None:
        return list(items)
    return [
        stepfunctions._apply_jsonata_template(
            selector, raw_input, {**context, "Map": {"Item": {"Index": index, "Value": item}}}
        )
        for index, item in enumerate(items)
    ]


def _execution(child: Mapping[str, Any], child_input: Any) -> dict[str, Any]:
    return {
        "Id": child["executionArn"],
        "Input": copy.deepcopy(child_input),
        "Name": child["name"],
        "StartTime": child["startDate"],
    }
