"""Whatever a run file sets, the catalogue answers; and what it accepts is what its rows allow."""

from __future__ import annotations

import json
from typing import Any

import yaml
from hypothesis import given, settings as hypothesis, strategies as st

from atelier.recipes.catalogue import catalogue
from atelier.recipes.render import render
from atelier.recipes.resolve import examine
from atelier.recipes.rows import Key, RecipeRow
from tests.fixtures.recipes import ROWS, has_a_file, keys_of, only, platforms_of, request_for

GIVEN = dict.fromkeys(
    ("customer_bucket", "kms_key", "data_s3_path", "output_s3_path", "train_file", "output_dir"), "inputs"
)
WRITTEN = [row for row in ROWS if has_a_file(row)]
ANYTHING: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=6),
    st.sampled_from(["1e-5", "null", "nan", "-inf", "1_0", "0x10", "", "lora"]),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=2), st.integers(), max_size=1),
)


def near(key: Key, row: RecipeRow) -> st.SearchStrategy[Any]:
    """Values about the key's limits, as a careless person would write them."""
    bounds = row.bounds_of(key, None)
    known = [*bounds.choices, bounds.minimum, bounds.above, bounds.maximum, row.default_of(key)]
    numbers = [value for value in known if isinstance(value, int | float) and not isinstance(value, bool)]
    return st.one_of(
        st.sampled_from(known),
        *(st.sampled_from([n, n * 2, n / 2, n + 1, n - 1, -n, str(n), int(n)]) for n in numbers),
        st.booleans(),
    )


@st.composite
def rows_and_settings(draw: st.DrawFn) -> tuple[RecipeRow, dict[str, Any]]:
    row = draw(st.sampled_from(WRITTEN))
    named = {key.name: key for key in keys_of(row) if key.name}
    names = draw(st.lists(st.sampled_from(sorted(named)), max_size=5, unique=True)) if named else []
    return row, {name: draw(near(named[name], row) | ANYTHING) for name in names}


@hypothesis(max_examples=200)
@given(rows_and_settings(), st.booleans())
def test_what_is_accepted_is_within_every_bound(case: tuple[RecipeRow, dict[str, Any]], auto: bool) -> None:
    row, settings = case
    platform = {"platform": "auto", "platforms_here": tuple(platforms_of(row))} if auto else {}
    request = request_for(row)
    found = examine(request_for(row, settings=dict(request.settings) | settings, **platform), only(row))
    assert (found.recipe is None) != (found.problems == ())
    if found.recipe is None:
        assert all(str(problem).startswith(request.path) for problem in found.problems)
        return
    recipe = found.recipe
    written = yaml.safe_load(render(recipe, job_name="job", model="model", inputs=GIVEN))
    values = {key.name: read(key, written) for key in recipe.keys if key.name}
    for key in recipe.keys:
        if key.name:
            bounds = row.bounds_of(key, recipe.instance_type)
            assert bounds.allow(values[key.name], values), (row.name, key.name, values[key.name])


@hypothesis(max_examples=200)
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "base_model": st.sampled_from([*catalogue().base_models, "", "nova", "nova-micro "]),
            "technique": st.sampled_from(["sft", "dpo", "ppo", "rft", "cpt", "distillation", "mtrl", None]),
            "adaptation": st.sampled_from(["lora", "full", None]),
            "task": st.sampled_from([*catalogue().tasks, None]),
            "platform": st.sampled_from(
                [*(offer.name for offer in catalogue().release.platforms), "auto", "moon"]
            ),
            "environment": st.sampled_from(["local", "dev", "prod"]),
            "instance_type": st.sampled_from([*catalogue().instance_types, "ml.x", None]),
            "replicas": st.integers(0, 40) | st.none(),
            "teacher": st.sampled_from(["nova-pro", "nova-premier", "nova-micro", None]),
            "inputs": st.sampled_from([{}, {"reward_lambda_arn": "arn"}, {"subtask": "x"}]),
        },
    )
)
def test_every_combination_is_answered(changes: dict[str, Any]) -> None:
    platforms = catalogue().release.available_platforms
    request = request_for(
        next(row for row in ROWS if row.base_model == "nova-micro"), platforms_here=platforms
    )
    requested = {name: getattr(request, name) for name in request.__dataclass_fields__} | changes
    found = examine(type(request)(**requested), catalogue())
    assert (found.recipe is None) != (found.problems == ())
    if found.recipe:
        assert found.recipe.platform in platforms
        assert requested["instance_type"] in (None, found.recipe.instance_type)
        assert requested["replicas"] in (None, found.recipe.replicas)


def read(key: Key, document: Any) -> Any:
    """The value of a key in a rendered recipe, as a number where it was written as a text."""
    for part in key.path.split("."):
        document = document[part]
    return json.loads(document) if key.as_text and key.type != "str" else document
