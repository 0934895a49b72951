"""Parse a run file and report every problem with its form: field, value, accepted form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from atelier.problems import Problem, nearest, raise_for
from atelier.runs import model

SUBJECT = "run file"

_ACCEPTED_FORMS = {
    model.RUN_NAME_FORM: "lower-case letters and digits with single hyphens between, a letter first",
    model.RUN_REFERENCE_FORM: "a run id, <name>-<yyyymmddhhmmss>, or serving",
    model.RECIPE_FORM: "shipped or hub",
    model.DATASET_FORM: "s3://<bucket>/<key>.jsonl; no part may be empty, . or .. or contain $, { or }",
    model.INSTANCE_TYPE_FORM: "an instance type such as ml.p5.48xlarge",
    model.CLUSTER_FORM: "the configured name of a cluster of the environment",
    model.LAMBDA_FORM: "arn:aws:lambda:<region>:<account>:function:<name>",
    model.DEPLOYMENT_NAME_FORM: "1..63 letters and digits, with single hyphens or underscores between",
}

# Location parts that pydantic adds for a value of none of a hyperparameter's types.
_UNION = ("bool", "int", "float", "str")

_MESSAGES = {
    "too_short": "must have at least {min_length} entry",
    "too_long": "must have at most {max_length} entries",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
    "string_type": "must be a text",
    "tuple_type": "must be a list",
    "dict_type": "must be a mapping of keys",
    "model_type": "must be a mapping of keys",
}


def parse_run(data: Mapping[str, Any]) -> model.Run:
    """A well-formed run. InvalidRun reports every problem with the form; `check_run` checks the rest."""
    try:
        return model.Run.model_validate(data)
    except ValidationError as error:
        raise_for(shape_problems(error), subject=SUBJECT)
        raise


def shape_problems(error: ValidationError) -> list[Problem]:
    """Pydantic's errors as problems with fields of the run file."""
    details = error.errors(include_url=False)
    problems = [_problem(detail) for detail in details if not _follows_from_another(detail, details)]
    return list({str(problem): problem for problem in problems}.values())


def _follows_from_another(detail: ErrorDetails, details: Sequence[ErrorDetails]) -> bool:
    """True for a list that is too short only because of invalid entries."""
    location = detail["loc"]
    return detail["type"] == "too_short" and any(
        other["loc"][: len(location)] == location and other["loc"] != location for other in details
    )


def _problem(detail: ErrorDetails) -> Problem:
    path = ".".join(str(part) for part in detail["loc"]) or "(the file)"
    kind, context, found = detail["type"], detail.get("ctx", {}), detail["input"]
    if detail["loc"][-1:] and detail["loc"][-1] in _UNION:
        return Problem(path.rpartition(".")[0], "must be a number, a text, true, false or null", found)
    if kind == "missing":
        return Problem(path, "required")
    if kind == "extra_forbidden":
        key = str(detail["loc"][-1])
        return Problem(path, f"unknown key; {nearest(key, _keys_at(detail['loc'][:-1]))}")
    if kind == "literal_error":
        return Problem(path, f"accepted: {context['expected']}", found)
    if kind == "string_pattern_mismatch":
        return Problem(path, f"accepted: {_ACCEPTED_FORMS[context['pattern']]}", found)
    if kind in _MESSAGES:
        return Problem(path, _MESSAGES[kind].format(**context), found)
    return Problem(path, detail["msg"][0].lower() + detail["msg"][1:], found)


def _keys_at(location: Sequence[int | str]) -> list[str]:
    """The accepted keys at a location such as ("stages", 0)."""
    kind: type[BaseModel] = model.Run
    for part in location:
        if isinstance(part, str):
            kind = next(_models_in(kind.model_fields[part].annotation))
    return list(kind.model_fields)


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models inside an annotation such as `tuple[Stage, ...]` or `Deployment | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models_in(argument)
