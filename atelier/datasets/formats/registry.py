"""The formats that can be checked."""

from __future__ import annotations

from atelier.datasets.formats import open_weight
from atelier.datasets.formats.cpt import CPT
from atelier.datasets.formats.definition import Definition
from atelier.datasets.formats.distillation import DISTILLATION
from atelier.datasets.formats.dpo import DPO
from atelier.datasets.formats.fast_path.records import with_fast_path
from atelier.datasets.formats.gen_qa import GEN_QA
from atelier.datasets.formats.llm_judge import LLM_JUDGE
from atelier.datasets.formats.names import Format
from atelier.datasets.formats.ppo import PPO
from atelier.datasets.formats.rft import RFT, RFT_EVAL
from atelier.datasets.formats.sft import SFT

DEFINITIONS: dict[Format, Definition] = {
    Format.SFT: SFT,
    Format.DPO: DPO,
    Format.PPO: with_fast_path(PPO),
    Format.CPT: with_fast_path(CPT),
    Format.RFT: with_fast_path(RFT),
    Format.DISTILLATION: DISTILLATION,
    Format.GEN_QA: with_fast_path(GEN_QA),
    Format.LLM_JUDGE: with_fast_path(LLM_JUDGE),
    Format.RFT_EVAL: with_fast_path(RFT_EVAL),
    Format.PREFERENCE: with_fast_path(open_weight.PREFERENCE),
    Format.PROMPT_COMPLETION: with_fast_path(open_weight.PROMPT_COMPLETION),
    Format.OPENAI_CHAT: with_fast_path(open_weight.OPENAI_CHAT),
    Format.VERL: with_fast_path(open_weight.VERL),
}
