"""How many rows and bytes a file may have whatever recipe reads it. Recipes and platforms ask for more.

Source: Amazon Nova user guide, "Preparing data for RFT" and "Model distillation".
"""

from __future__ import annotations

from atelier.datasets.formats.names import Format
from atelier.datasets.rules.requirements import Bound, Requirements

_KB, _GB = 1024, 1024**3

_DOCUMENTED = {
    Format.RFT: Requirements(min_rows=Bound(100, "the prompts that reinforcement needs")),
    Format.DISTILLATION: Requirements(
        min_rows=Bound(100, "the prompts that distillation needs"),
        max_rows=Bound(20_000, "the prompts that distillation takes"),
        max_line_bytes=180 * _KB,
        max_file_bytes=2 * _GB,
    ),
}


def documented(format: Format) -> Requirements:  # noqa: A002 - the field's word
    """What the guides ask of a file of the format; `Demands()` where they ask for nothing."""
    return _DOCUMENTED.get(format, Requirements())
