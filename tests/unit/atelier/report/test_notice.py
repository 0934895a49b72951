from __future__ import annotations

import pytest

from atelier.gate.decide import Decision
from atelier.report.headline import headline
from atelier.report.notice import Notice, approval_notice, end_notice
from tests.fixtures.operations import RUN_ID
from tests.fixtures.reports import a_decision, an_event

LONGEST_RUN_ID = "a" * 41 + "-20261123140500"


@pytest.mark.parametrize(
    "notice",
    [
        approval_notice(LONGEST_RUN_ID, Decision.from_json(a_decision()), environment="staging"),
        end_notice(LONGEST_RUN_ID, "ROLLED_BACK", sentence="é", decision=None, report_uri="s3://b/k"),
    ],
)
def test_a_subject_is_one_that_sns_takes(notice: Notice) -> None:
    assert notice.subject.isascii()
    assert notice.subject.isprintable()
    assert len(notice.subject) <= 100


def test_the_question_has_the_numbers_and_both_answers() -> None:
    message = approval_notice(RUN_ID, Decision.from_json(a_decision()), environment="dev").message
    assert "passed  gen_qa.exact_match 0.94 is at least 0.90" in message.splitlines()
    assert f"Approve: atelier approve {RUN_ID} --env dev" in message
    assert f"Reject:  atelier reject {RUN_ID} --env dev" in message


def test_the_question_says_where_the_candidate_would_serve_and_what_that_costs() -> None:
    cost = "Serves as support-agent on bedrock-import; costs without calls: storage"
    notice = approval_notice(RUN_ID, Decision.from_json(a_decision()), environment="dev", deployment=cost)
    assert cost in notice.message.splitlines()


def test_the_last_notice_says_how_the_run_ended_and_where_its_report_is() -> None:
    decision = Decision.from_json(a_decision(passed=False))
    notice = end_notice(
        RUN_ID, "REJECTED", sentence=decision.sentence, decision=decision, report_uri="s3://b/k"
    )
    assert notice.subject == f"Atelier: {RUN_ID} REJECTED"
    assert notice.message.splitlines()[0] == f"Run {RUN_ID} ended: REJECTED."
    assert "FAILED  gen_qa.f1_score 0.412" in notice.message
    assert notice.message.endswith("Report: s3://b/k")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {},
            "support-agent now serves the candidate. "
            "The gate passed all 2 rules: gen_qa.exact_match 0.94 is at least 0.90.",
        ),
        (
            {"status": "ACCEPTED"},
            "The candidate is accepted; the run asks for no deployment. "
            "The gate passed all 2 rules: gen_qa.exact_match 0.94 is at least 0.90.",
        ),
        (
            {"status": "ROLLED_BACK", "smoke_test": {"reason": "the answer is empty"}},
            "Nothing was promoted, because the smoke test failed: the answer is empty.",
        ),
        (
            {"status": "REJECTED", "approval": {"approved": False, "by": "mara", "comment": "too slow"}},
            "mara rejected the candidate: too slow.",
        ),
        (
            {"status": "REJECTED", "approval": None, "decision": a_decision(passed=False)},
            "The gate failed 1 of 2 rules: "
            "gen_qa.f1_score 0.412 is better than the baseline's 0.4073 by 0.0047 "
            "(must be better than the baseline by at least 0.05).",
        ),
        (
            {
                "status": "SUPERSEDED",
                "failure": {"error": "Superseded", "cause": "it serves x now"},
            },
            "Nothing was promoted: it serves x now.",
        ),
        (
            {"status": "FAILED", "failure": {"error": "JobFailed", "cause": "out of memory"}},
            "JobFailed: out of memory",
        ),
    ],
)
def test_every_end_has_its_sentence(changes: dict[str, object], sentence: str) -> None:
    event = an_event(**changes)
    decision = Decision.from_json(event["decision"]) if event["decision"] else None
    assert headline(event, decision) == sentence
