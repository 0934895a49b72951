"""The document in a run file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import YAMLError

from client.errors import InvalidRequest


def read_run_file(file: Path) -> Any:
    """The document in a run file, YAML 1.2. InvalidRequest when it cannot be read, or names a key twice."""
    try:
        return YAML(typ="safe", pure=True).load(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidRequest(f"run file {file}: {error.strerror}") from error
    except DuplicateKeyError as error:
        line = error.problem_mark.line + 1
        raise InvalidRequest(f"run file {file}, line {line}: {error.problem}; keep one of the two") from error
    except (YAMLError, ValueError, RecursionError) as error:
        raise InvalidRequest(f"run file {file} is not YAML: {error}") from error
