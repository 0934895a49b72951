"""Coverage-guided fuzzing of one target: `python -m tests.fuzz scan 600` runs for so many seconds.

What it learns is kept in `.fuzz/<target>/`, an input that breaks a promise in `.fuzz/<target>-crash-…`.
`python -m tests.fuzz scan keep` makes the smallest corpus of the same coverage: that one is in git.
"""

from __future__ import annotations

import random
import shutil
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["atelier", "cli"]):
    from tests.fuzz.targets import TARGETS

from tests.fuzz.mutator import mutated_document, mutated_lines

CORPUS = Path(__file__).parent / "corpus"
LEARNT = Path(".fuzz")
LONGEST_INPUT = 8_000
SLOWEST_INPUT_SECONDS = 20
# Bytes before the lines, or the document, that choose a format and such.
LINES = {"scan": 3, "convert": 2}
DOCUMENTS = {"run_file": 0, "catalogue": 1, "hub": 1}


def main(name: str, how: str, *inner: str) -> None:
    """`inner` are libFuzzer's own arguments, when it calls this again to keep a corpus."""
    learnt, kept = LEARNT / name, CORPUS / name
    learnt.mkdir(parents=True, exist_ok=True)
    options = [f"-max_len={LONGEST_INPUT}", f"-timeout={SLOWEST_INPUT_SECONDS}"]
    if inner:
        arguments = [*inner]
    elif how == "keep":
        shutil.copytree(kept, learnt, dirs_exist_ok=True)
        shutil.rmtree(kept)
        kept.mkdir()
        # Lines covered are enough to keep: how often each was would make it ten times as large.
        arguments = ["-merge=1", "-use_counters=0", *options, str(kept), str(learnt)]
    else:
        crashes = f"-artifact_prefix={LEARNT}/{name}-"
        arguments = [f"-max_total_time={how}", "-print_final_stats=1", crashes, *options]
        arguments += [str(learnt), str(kept)]

    def mutate(data: bytes, most: int, seed: int) -> bytes:
        random_ = random.Random(seed)  # noqa: S311
        if random_.random() < 0.4:
            return bytes(atheris.Mutate(data, most))
        if name in LINES:
            return mutated_lines(data, LINES[name], random_)[:most]
        return mutated_document(data, DOCUMENTS[name], random_)[:most]

    command = f"{sys.executable} -m tests.fuzz {name} {how}"
    atheris.Setup([command, *arguments], TARGETS[name], custom_mutator=mutate)
    atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])
