"""Names, labels and hashes of a job's objects, for any run id; and what of a run file can be in them."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import yaml
from hypothesis import given, strategies as st

from atelier import names
from atelier.platforms.eks.naming import LONGEST_JOB_NAME, hash_on, labels, object_name
from atelier.platforms.eks.resources import role_rules
from tests.fixtures.cluster_jobs import NAME, a_job, a_recipe, by_kind

LABEL_NAME = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?")
LABEL_VALUE = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
RUN_NAMES = st.text("abcxyz019-", max_size=names.RUN_NAME_LENGTH[1] - 2).map(
    lambda middle: re.sub("-+", "-", f"a{middle.strip('-')}z")
)
RUN_IDS = st.builds("{}-{:014}".format, RUN_NAMES, st.integers(0, 10**14 - 1))
STEPS = st.from_regex(r"s[0-9]{1,2}|e[0-9]{1,2}[cb]", fullmatch=True)


@given(RUN_IDS, STEPS)
def test_every_name_that_a_cluster_makes_of_a_job_s_is_a_dns_label(run_id: str, step: str) -> None:
    name = object_name(names.operation_name(run_id, step))
    for made in (name, f"{name}-at-worker-999", f"{name}-master-0", f"{name}-ag-0123456789"):
        assert LABEL_NAME.fullmatch(made), made


@given(RUN_IDS, STEPS)
def test_labels_hold_the_run_and_the_step_whole(run_id: str, step: str) -> None:
    found = labels(run_id, step)
    assert (found["atelier.run-id"], found["atelier.step"]) == (run_id, step)
    assert all(LABEL_VALUE.fullmatch(value) for value in found.values())


@given(RUN_IDS, STEPS, STEPS)
def test_two_operations_never_share_a_name(run_id: str, step: str, other: str) -> None:
    named = {object_name(names.operation_name(run_id, each)) for each in {step, other}}
    assert len(named) == len({step, other})


def test_a_name_that_fits_is_the_operation_s() -> None:
    assert object_name(NAME) == NAME
    longest = "x" * LONGEST_JOB_NAME
    assert object_name(longest) == longest
    assert len(object_name(f"{longest}y")) == LONGEST_JOB_NAME


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_what_a_run_file_says_stays_in_its_value_of_the_recipe(uri: str) -> None:
    job = a_job(HOSTILE, data_s3_path=uri)
    plain = a_job(HOSTILE)
    assert structure(job.objects) == structure(plain.objects)
    content = yaml.safe_load(by_kind(job, "ConfigMap")[0]["data"]["config.yaml"])
    assert content["run"]["data_s3_path"] == uri


HOSTILE = a_recipe()


def structure(value: Any) -> Any:
    """Everything but the texts: of the recipe what it has for keys, of hashes nothing."""
    if isinstance(value, dict):
        return {
            key: structure(yaml.safe_load(item) if key == "config.yaml" else item)
            for key, item in value.items()
            if key != "atelier.spec-sha256"
        }
    if isinstance(value, list | tuple):
        return [structure(item) for item in value]
    return type(value).__name__


def test_the_hash_is_of_what_was_asked_for() -> None:
    same, other = a_job(), a_job(replace(HOSTILE, replicas=2))
    assert [hash_on(item) for item in a_job().objects] == [hash_on(item) for item in same.objects]
    assert hash_on(other.main) != hash_on(same.main)
    assert hash_on(a_job(data_s3_path="s3://other/x.jsonl").main) != hash_on(same.main)


def test_only_where_the_hub_s_services_may_run_the_role_makes_them() -> None:
    more = [rule for rule in role_rules(with_services=True) if rule not in role_rules()]
    assert {(rule["apiGroups"][0], rule["resources"][0]) for rule in more} == {
        ("", "secrets"),
        ("apps", "deployments"),
        ("batch", "jobs"),
    }


def test_the_submitting_role_needs_nothing_beyond_its_own_jobs() -> None:
    rules = role_rules()
    resources = {resource for rule in rules for resource in rule["resources"]}
    assert resources == {
        "configmaps",
        "services",
        "statefulsets",
        "pytorchjobs",
        "hyperpodpytorchjobs",
        "pods",
        "pods/log",
        "events",
    }
    assert not {verb for rule in rules for verb in rule["verbs"]} & {
        "*",
        "patch",
        "update",
        "escalate",
        "bind",
    }
    assert {group for rule in rules for group in rule["apiGroups"]} == {
        "",
        "apps",
        "kubeflow.org",
        "sagemaker.amazonaws.com",
    }
