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
from atelier.datasets.fast.records import quickly_read
from atelier.datasets.formats import Format

DEFINITIONS: dict[Format, Definition] = {
    Format.SFT: SFT,
    Format.DPO: DPO,
    Format.PPO: quickly_read(PPO),
    Format.CPT: quickly_read(CPT),
    Format.RFT: quickly_read(RFT),
    Format.DISTILLATION: DISTILLATION,
    Format.GEN_QA: quickly_read(GEN_QA),
    Format.LLM_JUDGE: quickly_read(LLM_JUDGE),
    Format.RFT_EVAL: quickly_read(RFT_EVAL),
    Format.PREFERENCE: quickly_read(open_weight.PREFERENCE),
    Format.PROMPT_COMPLETION: quickly_read(open_weight.PROMPT_COMPLETION),
    Format.OPENAI_CHAT: quickly_read(open_weight.OPENAI_CHAT),
    Format.VERL: quickly_read(open_weight.VERL),
}
