"""The formats that can be checked."""

from __future__ import annotations

from atelier.datasets.formats import open_weight
from atelier.datasets.formats.cpt import CPT
from atelier.datasets.formats.definition import Definition
from atelier.datasets.formats.distillation import DISTILLATION
from atelier.datasets.formats.dpo import DPO
from atelier.datasets.formats.fast_path.records import quickly_read
from atelier.datasets.formats.gen_qa import GEN_QA
from atelier.datasets.formats.llm_judge import LLM_JUDGE
from atelier.datasets.formats.names import Format
from atelier.datasets.formats.ppo import PPO
from atelier.datasets.formats.rft import RFT, RFT_EVAL
from atelier.datasets.formats.sft import SFT

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
