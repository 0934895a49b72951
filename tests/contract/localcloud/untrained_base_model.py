"""A base model that is made at once: random weights in the place of atelier-tiny's."""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from tests.support.llmft import an_untrained_model

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, required=True)
    folder = parser.parse_args().out
    shutil.rmtree(folder, ignore_errors=True)
    an_untrained_model().save(folder)
