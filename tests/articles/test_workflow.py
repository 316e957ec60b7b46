"""The verb table, judged without a database."""

import pytest
from django.conf import settings

from articles.workflow import PEOPLES_VERBS, VERBS, Facts, MoveNotAllowed, PublicState, Role, Status, judge

JOURNALIST = frozenset({Role.JOURNALIST})
EDITOR = frozenset({Role.JOURNALIST, Role.EDITOR})


def facts(status, roles=EDITOR, **more):
    return Facts(status=status, roles=roles, **more)


@pytest.mark.parametrize("verb", VERBS.values(), ids=lambda verb: verb.name)
@pytest.mark.parametrize("status", Status)
def test_a_verb_leaves_from_its_own_statuses_and_from_no_other(verb, status):
    public = next(state for state in PublicState if state in verb.public_states)
    waiting = facts(status, roles=verb.roles, public=public, open=frozenset({verb.closes} - {None}))
    if status in verb.sources:
        assert judge(verb.name, waiting) in Status
    else:
        with pytest.raises(MoveNotAllowed, match="this one is"):
            judge(verb.name, waiting)


def test_a_journalist_can_neither_approve_nor_publish_their_own():
    for verb, status in (("approve", Status.IN_REVIEW), ("publish", Status.APPROVED)):
        with pytest.raises(MoveNotAllowed, match="is for editors"):
            judge(verb, facts(status, roles=JOURNALIST, own=True))


@pytest.mark.parametrize("verb", ["approve", "request_changes"])
def test_nobody_decides_on_what_they_submitted(verb):
    with pytest.raises(MoveNotAllowed, match="two people sign"):
        judge(verb, facts(Status.IN_REVIEW, submitter=True))


def test_a_journalist_acts_on_own_stories_only():
    assert judge("save", facts(Status.DRAFT, roles=JOURNALIST, own=True)) == Status.DRAFT
    with pytest.raises(MoveNotAllowed, match="people of this story"):
        judge("save", facts(Status.DRAFT, roles=JOURNALIST, own=False))


def test_a_journalist_withdraws_only_what_they_submitted():
    assert judge("withdraw", facts(Status.IN_REVIEW, roles=JOURNALIST, own=True, submitter=True)) == Status.DRAFT
    with pytest.raises(MoveNotAllowed, match="who submitted"):
        judge("withdraw", facts(Status.IN_REVIEW, roles=JOURNALIST, own=True))


def test_a_scheduled_story_is_reopened_by_editors_only():
    assert judge("reopen", facts(Status.SCHEDULED)) == Status.DRAFT
    with pytest.raises(MoveNotAllowed, match="is for editors"):
        judge("reopen", facts(Status.SCHEDULED, roles=JOURNALIST, own=True))


def test_a_story_once_submitted_is_spiked_by_editors_only():
    assert judge("spike", facts(Status.DRAFT, roles=JOURNALIST, own=True)) == Status.SPIKED
    with pytest.raises(MoveNotAllowed, match="submitted before"):
        judge("spike", facts(Status.DRAFT, roles=JOURNALIST, own=True, ever_submitted=True))


def test_a_story_that_was_public_is_never_spiked():
    with pytest.raises(MoveNotAllowed, match="public state"):
        judge("spike", facts(Status.DRAFT, public=PublicState.UP))


@pytest.mark.parametrize("state", [PublicState.RETRACTED, PublicState.DOWN])
def test_what_was_retracted_or_taken_down_is_not_simply_published_again(state):
    with pytest.raises(MoveNotAllowed, match="public state"):
        judge("publish", facts(Status.APPROVED, public=state))


def test_every_verb_has_its_words_in_the_table():
    wordless = [verb.name for verb in PEOPLES_VERBS if not (verb.label and verb.past and verb.says and verb.said)]
    assert wordless == []


def test_the_workflow_page_tells_every_verb_and_every_status():
    told = (settings.BASE_DIR / "docs" / "workflow.md").read_text()
    assert [verb.label for verb in PEOPLES_VERBS if f"**{verb.label}**" not in told] == []
    assert [status.label for status in Status if f"| {status.label} |" not in told] == []
