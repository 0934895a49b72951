"""The formats that can be checked."""

from __future__ import annotations

from atelier.datasets.definition import Definition
from atelier.datasets.definitions import open_weight
from atelier.datasets.definitions.cpt import CPT
from atelier.datasets.definitions.distillation import DISTILLATION
from atelier.datasets.definitions.dpo import DPO
from atelier.datasets.definitions.gen_qa import GEN_QA
from atelier.datasets.definitions.llm_judge import LLM_JUDGE
from atelier.datasets.definitions.ppo import PPO
from atelier.datasets.definitions.rft import RFT, RFT_EVAL
from atelier.datasets.definitions.sft import SFT
from atelier.datasets.formats import Format

DEFINITIONS: dict[Format, Definition] = {
    Format.SFT: SFT,
    Format.DPO: DPO,
    Format.PPO: PPO,
    Format.CPT: CPT,
    Format.RFT: RFT,
    Format.DISTILLATION: DISTILLATION,
    Format.GEN_QA: GEN_QA,
    Format.LLM_JUDGE: LLM_JUDGE,
    Format.RFT_EVAL: RFT_EVAL,
    Format.PREFERENCE: open_weight.PREFERENCE,
    Format.PROMPT_COMPLETION: open_weight.PROMPT_COMPLETION,
    Format.OPENAI_CHAT: open_weight.OPENAI_CHAT,
    Format.VERL: open_weight.VERL,
}
