"""A served model that repeats what it is told; weights that say "broken" do not load."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--checkpoint", type=Path, required=True)
    weights = (parser.parse_args().checkpoint / "weights").read_text()
    if weights == "broken":
        sys.exit("these weights do not load")
    _tell({"ready": True})
    for line in sys.stdin:
        request = json.loads(line)
        said = request["messages"][-1]["content"][0]["text"]
        if said == "fall":
            sys.exit("it fell")
        if said == "refuse":
            _tell({"id": request["id"], "error": "messages: this one is not answered"})
            continue
        for word in (weights, ": ", said):
            _tell({"id": request["id"], "delta": word})
        content: list[dict[str, Any]] = [{"text": f"{weights}: {said}"}]
        if "toolConfig" in request:
            content.append({"toolUse": {"toolUseId": "t1", "name": "weather", "input": {"city": said}}})
        usage = {"inputTokens": 1, "outputTokens": 3, "totalTokens": 4}
        stop = "tool_use" if len(content) > 1 else "end_turn"
        message = {"role": "assistant", "content": content}
        _tell({"id": request["id"], "message": message, "stopReason": stop, "usage": usage})


def _tell(line: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
