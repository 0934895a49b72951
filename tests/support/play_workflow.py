"""Plays a state machine with scripted functions, in the embedded cloud's own Step Functions interpreter.

Runs under .venv-cloud. Standard input: {"definition", "scenario": {"input", "functions": {name: [reply]}}}; a
reply is {"result"} or {"error", "cause"}, the last one repeats. Standard output: {"status", "output",
"calls": [[function, payload]], "notices"}. Waits between retries take no time.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from typing import Any

os.environ["SFN_WAIT_SCALE"] = "0"

from ministack.services import stepfunctions as engine

from localcloud.aws.patches import distributed_map, task_tokens


class Script:
    """What the functions answer, and what they were asked."""

    def __init__(self, functions: dict[str, list[dict[str, Any]]]) -> None:
        self._replies = {name: list(replies) for name, replies in functions.items()}
        self._lock = threading.Lock()
        self.calls: list[tuple[str, Any]] = []
        self.notices: list[Any] = []

    def call(self, reference: str, payload: Any) -> Any:
        name = reference.rpartition(":")[2]
        with self._lock:
            self.calls.append((name, payload))
            replies = self._replies[name]
            reply = replies.pop(0) if len(replies) > 1 else replies[0]
        if "error" in reply:
            raise engine._ExecutionError(reply["error"], reply["cause"])
        if "task_token" in payload:
            token = payload["task_token"]
            engine._send_task_success({"taskToken": token, "output": json.dumps(reply["result"])})
        return reply["result"]

    def publish(self, _resource: str, message: Any) -> dict[str, str]:
        self.notices.append(message)
        return {"MessageId": "1"}


def main() -> None:
    request = json.load(sys.stdin)
    script = Script(request["scenario"]["functions"])
    engine._call_lambda = script.call
    task_tokens.apply()
    distributed_map.apply()
    engine._SERVICE_DISPATCH["arn:aws:states:::sns:publish"] = script.publish
    role = "arn:aws:iam::000000000000:role/workflow"
    made = engine._create_state_machine(
        {"name": "workflow", "definition": request["definition"], "roleArn": role}
    )
    machine = json.loads(made[2])["stateMachineArn"]
    started = engine._start_execution(
        {"stateMachineArn": machine, "name": "run", "input": json.dumps(request["scenario"]["input"])}
    )
    execution = engine._executions[json.loads(started[2])["executionArn"]]
    for thread in threading.enumerate():
        if thread is not threading.main_thread() and thread.daemon:
            thread.join()
    outcome = {"status": execution["status"], "output": json.loads(execution["output"])}
    json.dump(outcome | {"calls": script.calls, "notices": script.notices}, sys.stdout)


if __name__ == "__main__":
    main()
