"""The task gen_qa: answer every question of a dataset and score the answers."""

from __future__ import annotations

import datetime
import json
import logging
import time
from pathlib import Path

from localcloud.trainer.jobs.datasets import Question, read_questions
from localcloud.trainer.jobs.failures import JobFailed
from localcloud.trainer.jobs.metrics import score
from localcloud.trainer.jobs.opt_ml import OptMl
from localcloud.trainer.jobs.recipe import EvaluationRequest
from localcloud.trainer.jobs.training_loop import SEED
from localcloud.trainer.model.chat import encode_prompt
from localcloud.trainer.model.checkpoint import Checkpoint
from localcloud.trainer.model.generate import Sampling, generate
from localcloud.trainer.model.tokenizer import Special

log = logging.getLogger(__name__)


def evaluate(model: Checkpoint, request: EvaluationRequest, opt_ml: OptMl, folder: Path) -> None:
    """Write results_<time>.json and inference_output.jsonl into `folder`."""
    started = time.time()
    questions = read_questions(opt_ml.channel("train"))
    answers = _answer(model, request, questions)
    scores = score([question.response for question in questions], answers)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "inference_output.jsonl").open("w", encoding="utf-8") as lines:
        for question, answer in zip(questions, answers, strict=True):
            row = {
                "prompt": question.query,
                "inference": answer,
                "gold": question.response,
                "metadata": question.metadata,
            }
            lines.write(json.dumps(row, ensure_ascii=False) + "\n")
    task = f"{request.task}_{request.strategy}"
    results = {
        "config_general": {
            "model_name": request.model,
            "num_fewshot_seeds": 1,
            "max_samples": len(questions),
            "start_time": started,
            "end_time": time.time(),
            "total_evaluation_time_secondes": str(time.time() - started),
        },
        "results": {f"custom|{task}|0": scores, "all": scores},
        "versions": {f"custom|{task}|0": 0},
        "config_tasks": {},
        "summary_tasks": {},
        "summary_general": {},
    }
    timestamp = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H-%M-%S.%f")
    (folder / f"results_{timestamp}.json").write_text(json.dumps(results, indent=2) + "\n")
    log.info("rows=%d exact_match=%.4f", len(questions), scores["exact_match"])


def _answer(model: Checkpoint, request: EvaluationRequest, questions: list[Question]) -> list[str]:
    prompts = []
    for number, question in enumerate(questions, 1):
        system = [{"text": question.system}] if question.system else None
        prompt = encode_prompt(
            model.tokenizer, [{"role": "user", "content": [{"text": question.query}]}], system
        )
        if len(prompt) >= model.config.context:
            raise JobFailed(
                f"gen_qa.jsonl row {number}: the prompt is {len(prompt)} tokens long; "
                f"{request.model} takes fewer than {model.config.context}"
            )
        prompts.append(prompt)
    inference = request.inference
    answers = generate(
        model.config,
        model.merged(),
        prompts,
        end=model.tokenizer.special[Special.END],
        max_new_tokens=inference.max_new_tokens,
        sampling=Sampling(inference.temperature, inference.top_p, inference.top_k),
        seed=SEED,
    )
    return [model.tokenizer.decode(answer) for answer in answers]
