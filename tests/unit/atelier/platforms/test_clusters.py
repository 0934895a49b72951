"""The clusters of an environment: as its functions read them, and which one a job takes."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from atelier.errors import UnsupportedCombination
from atelier.platforms.clusters import (
    cluster_named,
    dump_clusters,
    eligible_clusters,
    load_clusters,
    mismatch_reason,
)
from atelier.platforms.slurm.cluster import LinkedPrefix, Partition, SlurmCluster
from tests.fixtures.cluster_jobs import RESTRICTED, STANDARD, a_recipe
from tests.fixtures.runs import SETTINGS
from tests.fixtures.slurm_jobs import a_recipe as a_slurm_recipe

CLUSTERS = (RESTRICTED, STANDARD)
SLURM = SlurmCluster(
    name="slurm",
    region="us-east-1",
    queue_name="atelier-dev-slurm-jobs",
    partitions=(Partition(name="compute", instance_type="ml.g5.12xlarge", nodes=2),),
    linked=(LinkedPrefix(prefix="datasets/", path="/fsx/datasets"),),
)
ANOTHER = replace(RESTRICTED, name="atelier-dev-nova-2", configured_name="nova-2")


def test_clusters_survive_the_environment_without_their_defaults() -> None:
    assert load_clusters(dump_clusters((*CLUSTERS, SLURM))) == (*CLUSTERS, SLURM)
    assert "start_within_seconds" not in dump_clusters(CLUSTERS)
    assert load_clusters(dump_clusters([replace(STANDARD, queue="q", start_within_seconds=60)])) == (
        replace(STANDARD, queue="q", start_within_seconds=60),
    )


def test_a_recipe_goes_to_the_only_cluster_that_can_run_it() -> None:
    assert eligible_clusters(a_recipe(), CLUSTERS, None) == [RESTRICTED]
    open_weights = a_recipe("llama-3-1-8b-instruct", instance_type="ml.p5.48xlarge")
    assert eligible_clusters(open_weights, CLUSTERS, None) == [STANDARD]


def test_a_job_may_have_all_nodes_of_a_partition_and_no_more() -> None:
    for replicas, chosen in ((2, [SLURM]), (4, [])):
        recipe = a_slurm_recipe(replicas=replicas)
        assert eligible_clusters(recipe, (*CLUSTERS, SLURM), None) == chosen


def test_one_of_several_clusters_is_named() -> None:
    clusters = (*CLUSTERS, ANOTHER)
    assert eligible_clusters(a_recipe(), clusters, "nova-2") == [ANOTHER]
    assert mismatch_reason(a_recipe(), clusters, None).endswith("name one: nova, nova-2")


def test_a_cluster_that_cannot_run_the_recipe_is_refused_with_those_that_can() -> None:
    reason = mismatch_reason(a_recipe(), CLUSTERS, "open")
    assert re.fullmatch(r"does not run \S+ on ml.g5.12xlarge; accepted: nova", reason)


def test_where_no_cluster_fits_the_message_says_what_is_needed_and_what_is_here() -> None:
    expected = (
        r"\S+ needs 1 x ml.g5.12xlarge in restricted groups; "
        r"clusters of hyperpod-eks in this environment: "
        r"open \(standard groups, ml.g6.12xlarge, ml.p5.48xlarge\)$"
    )
    assert re.match(expected, mismatch_reason(a_recipe(), (STANDARD,), None))
    assert mismatch_reason(a_recipe(), (), None).endswith("in this environment: none")


def test_a_cluster_that_is_gone_since_the_run_was_planned_is_named_with_those_that_are_there() -> None:
    with pytest.raises(
        UnsupportedCombination,
        match=r"cluster = 'gone': .* does not have this cluster any more; it has nova$",
    ):
        cluster_named("gone", replace(SETTINGS, clusters=(RESTRICTED,)))
