"""The formats that can be checked."""

from __future__ import annotations

from atelier.datasets import converse, gen_qa
from atelier.datasets.definition import Definition
from atelier.datasets.formats import Format

DEFINITIONS: dict[Format, Definition] = {
    Format.SFT: converse.SFT,
    Format.DPO: converse.DPO,
    Format.GEN_QA: gen_qa.GEN_QA,
}
