"""Rules across the samples of a file: all-or-none keys, and the requirements of a recipe."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from atelier.datasets.rules.feature_counts import FeatureCounts
from atelier.datasets.rules.finding import Rule, Violation
from atelier.datasets.rules.requirements import Requirements
from atelier.datasets.shapes.media import MEDIA_FORMATS, ONE_MODALITY

_FORGE = "Nova Forge DATASET_CHECKS"

ALL_OR_NONE = Rule(
    "all-or-none",
    "An optional key, or a kind of content block, is in all samples of a file or in none.",
    "Amazon Nova user guide, fine-tuning data preparation; Nova Forge OPTIONAL_FIELDS",
)
ALL_OR_NONE_TOOLS = Rule(
    "all-or-none-tools",
    "Tool calls, and their results, are in all samples of a file or in none.",
    "Nova Forge refuses a mix; the user guide speaks of optional keys, and a model has to see both",
    "warn",
)
SCHEMA_VERSION_NAMED = Rule(
    "schema-version-named",
    "Conversations say their schemaVersion.",
    "Nova Forge requires it; SageMaker SDK's JSON Schema does not",
    "warn",
)
REASONING_REFUSED = Rule(
    "reasoning-refused",
    "reasoningContent is in a dataset only where the model can reason and the recipe has it do so.",
    f"{_FORGE} (Nova 2 Lite only); recipe key reasoning_enabled",
)
REASONING_REQUIRED = Rule(
    "reasoning-required",
    "A recipe with reasoning_enabled has reasoningContent in its dataset.",
    "Nova 2 Lite SFT recipe says so; by the user guide it trains without, and unlearns to reason",
    "warn",
)
MEDIA_REFUSED = Rule(
    "media-refused", "Images and videos are only for models that take them.", f"{_FORGE} (not Nova Micro)"
)
DOCUMENTS_REFUSED = Rule(
    "documents-refused", "Documents are only for models that take them.", f"{_FORGE} (Nova 2 Lite only)"
)
ACROSS_RULES = (
    *(ALL_OR_NONE, ALL_OR_NONE_TOOLS, SCHEMA_VERSION_NAMED, REASONING_REFUSED, REASONING_REQUIRED),
    *(MEDIA_REFUSED, DOCUMENTS_REFUSED),
)

_CONVERSATION = ("schemaVersion", "system", "toolConfig", "image", "video", "document", "reasoningContent")
_TOOL_BLOCKS = ("toolUse", "toolResult")
_MEDIA = ("image", "video")


def check_conversations(feature_counts: FeatureCounts, requirements: Requirements) -> Iterator[Violation]:
    """Violations of a file of conversations as a whole."""
    yield from check_all_or_none(feature_counts, _CONVERSATION)
    yield from check_all_or_none(feature_counts, _TOOL_BLOCKS, ALL_OR_NONE_TOOLS)
    if feature_counts.samples and not feature_counts.having("schemaVersion"):
        yield Violation(SCHEMA_VERSION_NAMED, "schemaVersion", "in no row", "in all rows")
    kinds = [kind for kind in MEDIA_FORMATS if feature_counts.having(kind)]
    if len(kinds) > 1:
        found = " and ".join(_counted(feature_counts, kind) for kind in kinds)
        yield Violation(ONE_MODALITY, "", found, "one of image, video, document")
    if requirements.reasoning == "refused":
        yield from _refuse(REASONING_REFUSED, feature_counts, ("reasoningContent",))
    if (
        requirements.reasoning == "required"
        and feature_counts.samples
        and not feature_counts.having("reasoningContent")
    ):
        accepted = (
            "in all rows, or the hyperparameter reasoning_enabled: false, "
            "because the model learns to answer without reasoning"
        )
        yield Violation(REASONING_REQUIRED, "reasoningContent", "in no row", accepted)
    if not requirements.media:
        yield from _refuse(MEDIA_REFUSED, feature_counts, _MEDIA)
    if not requirements.documents:
        yield from _refuse(DOCUMENTS_REFUSED, feature_counts, ("document",))


def check_all_or_none(
    feature_counts: FeatureCounts, features: Iterable[str], rule: Rule = ALL_OR_NONE
) -> Iterator[Violation]:
    """One violation for each feature that some samples have and others lack."""
    for feature in features:
        having = feature_counts.having(feature)
        if 0 < having < feature_counts.samples:
            without = f"first without at line {feature_counts.first_without(feature):,}"
            found = f"in {having:,} of {feature_counts.samples:,} rows; {without}"
            yield Violation(rule, feature, found, "in all rows or in none")


def _refuse(rule: Rule, feature_counts: FeatureCounts, features: Iterable[str]) -> Iterator[Violation]:
    for feature in features:
        if feature_counts.having(feature):
            yield Violation(rule, feature, _counted(feature_counts, feature), "in no row")


def _counted(counts: FeatureCounts, feature: str) -> str:
    return f"{feature} in {counts.having(feature):,} rows, first at line {counts.first_with(feature):,}"
