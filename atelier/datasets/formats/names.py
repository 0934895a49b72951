"""What a dataset file is for: the names under which `--technique`, run files and recipes ask for a format."""

from __future__ import annotations

from enum import StrEnum


class Format(StrEnum):
    """One layout of rows. Techniques and tasks of Nova first, then what open-weight recipes read."""

    SFT = "sft"
    DPO = "dpo"
    PPO = "ppo"
    CPT = "cpt"
    RFT = "rft"
    DISTILLATION = "distillation"
    GEN_QA = "gen_qa"
    LLM_JUDGE = "llm_judge"
    RFT_EVAL = "rft_eval"
    PREFERENCE = "preference"
    PROMPT_COMPLETION = "prompt_completion"
    OPENAI_CHAT = "openai_chat"
    VERL = "verl"
