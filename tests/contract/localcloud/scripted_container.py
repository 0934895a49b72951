"""A training container that does what its hyperparameter `script` says: train, fail, or go on until SIGTERM.

`wait` leaves nothing when it is stopped, `wait-and-save` leaves what it has.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path

ROOT = Path(os.environ["SM_ML_ROOT"])


def main() -> int:
    hyperparameters = json.loads((ROOT / "input/config/hyperparameters.json").read_text())
    _say("credentials=" + ",".join(name for name in os.environ if name.startswith("AWS_")))
    files = (ROOT / "input/data").rglob("*.*")
    _say("inputs=" + ",".join(sorted(path.relative_to(ROOT).as_posix() for path in files)))
    if "ATELIER_CHECKPOINT" in os.environ:
        _say("checkpoint=" + Path(os.environ["ATELIER_CHECKPOINT"], "weights").read_text())
    script = hyperparameters.get("script", "train")
    if script == "fail":
        (ROOT / "output/failure").write_text("the loss is not a number")
        return 3
    if script == "wait":
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        while True:
            time.sleep(0.02)
    if script == "wait-and-save":
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(_save(step=1)))
        _say("global_step=1 val_loss=0.5000")
        while True:
            time.sleep(0.02)
    for step in (1, 2):
        _say(f"global_step={step} reduced_train_loss={1 / step:.4f}")
    return _save(step=2)


def _save(step: int) -> int:
    checkpoint = ROOT / "escrow" / f"step_{step}"
    checkpoint.mkdir(parents=True)
    (checkpoint / "weights").write_text("weights of " + os.environ["TRAINING_JOB_NAME"])
    manifest = {"checkpoint_s3_bucket": os.environ["ATELIER_ESCROW_URI"] + f"/step_{step}"}
    (ROOT / "output/data/manifest.json").write_text(json.dumps(manifest))
    return 0


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    sys.exit(main())
