"""What the verbs ask besides who and when. A form's `arguments` are its verb's, which says itself what is missing."""

from django import forms

from articles.models import Takedown
from articles.workflow import (
    CHANGES_TO_A_LIVE_STORY,
    NEEDS_A_NOTE_TO_READERS,
    SHORTEST_EMERGENCY_REASON,
    Kind,
    PublicState,
)

from .time_field import NewsroomTimeField, refuse_far, whose_time

MEANS = {  # each kind of change, by what it means to readers
    Kind.UPDATE: "New facts or a new state of things. Readers see “Updated” with the time.",
    Kind.TYPO: "Spelling and commas, no fact. Readers see the new words, and no mark.",
    Kind.CLARIFICATION: "The words were right but could be misread. Your note stands on the page.",
    Kind.CORRECTION: "Something was wrong. Your note stands on the page and among the corrections.",
}
CODES = {
    Takedown.Code.GONE: "The newsroom takes it down (readers get 410, gone).",
    Takedown.Code.LEGAL: "A court or an authority demands it (readers get 451, for legal reasons).",
}


def _lines(rows=4, **attrs):
    return forms.Textarea(attrs={"rows": rows, "dir": "auto", **attrs})


class VerbForm(forms.Form):
    """Nothing is asked: the form of a verb that is a mere button."""

    def __init__(self, data=None, *, name, article, now, public=None):
        self.name, self.article, self.now = name, article, now
        self.public = public or (article.public_state(now) if article.pk else PublicState.NEVER)
        super().__init__(data, auto_id=f"{name}-%s")
        self.prepare()

    def prepare(self):
        """Fill in what depends on the story, the person's page or the hour."""

    def arguments(self):
        return dict(self.cleaned_data)

    def again(self, article):
        """The same form with what was typed, for the page as it is shown now: its hash is of what stands there now."""
        form = type(self)(self.data.copy(), name=self.name, article=article, now=self.now)
        for field in form.hidden_fields():
            form.data[field.name] = field.initial
        return form

    def problems(self):
        return [problem for problems in self.errors.values() for problem in problems]

    def texts(self):
        """What was typed, by its labels: to be shown where the form itself cannot be shown again."""
        typed = [field for field in self.visible_fields() if isinstance(field.field.widget, forms.Textarea)]
        return [(field.label, field.value()) for field in typed if field.value()]


class Signing(VerbForm):
    """Carries the hash of the words that the page shows."""

    sha256 = forms.CharField(required=False, widget=forms.HiddenInput)

    def prepare(self):
        review = self.article.latest_review
        self.initial["sha256"] = review.sha256 if review else ""


class SwitchingAppeal(VerbForm):
    on = forms.CharField(required=False, widget=forms.HiddenInput)
    reason = forms.CharField(required=False)

    def arguments(self):
        return {"on": self.cleaned_data["on"] == "1", "reason": self.cleaned_data["reason"]}


class RequestingChanges(VerbForm):
    comment = forms.CharField(
        label="Comment to the author",
        required=False,
        widget=_lines(required=True),
        help_text="Say what should change; the author works from this.",
    )


class Changing(VerbForm):
    """What a change to a live story is to readers: signed together with the words. Asks nothing of other stories."""

    kind = forms.ChoiceField(
        label="What this change is to readers",
        choices=[(kind.value, kind.label) for kind in MEANS],
        initial=Kind.UPDATE.value,
        required=False,
        widget=forms.RadioSelect,
    )
    public_note = forms.CharField(
        label="Note to readers",
        required=False,
        max_length=1000,
        widget=_lines(3),
        help_text="Needed for a clarification or a correction: what was wrong, and what is right.",
    )

    def prepare(self):
        if self.public is not PublicState.UP:
            self.fields.clear()
        elif last := self._of_this_round():
            self.initial |= {"kind": last.kind, "public_note": last.public_note}

    @property
    def is_reinstatement(self):
        return self.public in {PublicState.RETRACTED, PublicState.DOWN}

    def _of_this_round(self):
        """What was said when these words, or words before them, were submitted since the public version."""
        review, live = self.article.latest_review, self.article.live_at(self.now)
        is_new = review and live and review.submitted_at > live.visible_from
        return review if is_new and review.kind in CHANGES_TO_A_LIVE_STORY else None

    def explained(self):
        """Each choice with what it means to readers."""
        return [(choice, MEANS[Kind(choice.data["value"])]) for choice in self["kind"]]

    def clean(self):
        said = self.cleaned_data
        if said.get("kind") in NEEDS_A_NOTE_TO_READERS and not said.get("public_note"):
            self.add_error("public_note", f"A {said['kind']} needs a note: say what was wrong and what is right.")
        return said


class Scheduling(VerbForm):
    at = NewsroomTimeField(label="Goes public at", error_messages={"required": "Choose a day and a time."})

    def prepare(self):
        self.fields["at"].help_text = whose_time(self.now)

    def clean_at(self):
        return refuse_far(self.cleaned_data["at"], self.now)


class Embargoing(VerbForm):
    until = NewsroomTimeField(label="Nothing before", required=False)
    reason = forms.CharField(
        label="Why it is lifted or shortened",
        required=False,
        widget=_lines(2),
        help_text="Needed where the embargo ends earlier than before: somebody was promised it.",
    )

    def prepare(self):
        embargo = self.article.embargo
        holds = embargo and embargo > self.now
        self.initial["until"] = embargo if holds else None
        empty = "Leave it empty to lift the embargo. " if holds else ""
        self.fields["until"].help_text = f"{empty}{whose_time(self.now)}"
        if not holds:
            del self.fields["reason"]

    def clean_until(self):
        return refuse_far(self.cleaned_data["until"], self.now)


class PublishingUnreviewed(Changing):
    reason = forms.CharField(
        label="Why nobody can read it first",
        required=False,
        widget=_lines(required=True, minlength=SHORTEST_EMERGENCY_REASON),
        help_text=f"At least {SHORTEST_EMERGENCY_REASON} characters. Every editor reads it; it stays in the history.",
    )

    def prepare(self):
        reason = self.fields["reason"]
        super().prepare()
        self.fields["reason"] = reason


class Objecting(VerbForm):
    comment = forms.CharField(
        label="What is wrong with it",
        required=False,
        widget=_lines(required=True),
        help_text="Every editor is mailed this.",
    )


class ProposingRetraction(VerbForm):
    notice = forms.CharField(
        label="Notice to readers",
        required=False,
        widget=_lines(6, required=True),
        help_text="It stands where the story stood: what was wrong, and since when you know.",
    )


class ConfirmingRetraction(VerbForm):
    sha256 = forms.CharField(required=False, widget=forms.HiddenInput)

    def prepare(self):
        review = self.article.reviews.open().filter(subject="retraction").first()
        self.initial["sha256"] = review.sha256 if review else ""


class TakingDown(VerbForm):
    code = forms.TypedChoiceField(
        label="Who wants it down",
        coerce=int,
        choices=[(code.value, words) for code, words in CODES.items()],
        initial=Takedown.Code.GONE.value,
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(
        label="Why",
        required=False,
        widget=_lines(required=True),
        help_text="For the newsroom; readers do not see it.",
    )


class Reinstating(VerbForm):
    reason = forms.CharField(
        label="Why it comes back",
        required=False,
        widget=_lines(required=True),
        help_text="For the newsroom; readers do not see it.",
    )


class ProposingBlank(TakingDown):
    find = forms.CharField(
        label="Words to look for",
        required=False,
        max_length=200,
        help_text="A name, a number: the revisions that hold it are marked and ticked. It is not kept anywhere.",
    )
    revisions = forms.TypedMultipleChoiceField(
        label="Revisions that lose their words", required=False, coerce=int, widget=forms.CheckboxSelectMultiple
    )

    field_order = ["find", "revisions", "reason", "code"]

    def prepare(self):
        numbers = self.article.revisions.filter(content__isnull=False).values_list("number", flat=True)
        self.fields["revisions"].choices = [(number, f"Revision {number}") for number in numbers]
        self.fields["reason"].help_text = "For the newsroom, and kept for good: do not repeat the words here."
        self.fields["code"].label = "What the pages of these words answer readers, where they were public"

    def arguments(self):
        return {name: value for name, value in self.cleaned_data.items() if name != "find"}


class ConfirmingBlank(VerbForm):
    proposal = forms.IntegerField(widget=forms.HiddenInput)
    sure = forms.BooleanField(
        label="Yes, remove these words for good. Nobody can bring them back.",
        error_messages={"required": "Tick this if the words are to be removed for good."},
    )

    def prepare(self):
        blanking = self.article.blankings.filter(is_done__isnull=True).first()
        self.initial["proposal"] = blanking.pk if blanking else 0

    def arguments(self):
        return {"proposal": self.cleaned_data["proposal"]}


FORMS = {
    "switch_appeal": SwitchingAppeal,
    "approve": Signing,
    "approve_and_publish": Signing,
    "request_changes": RequestingChanges,
    "submit": Changing,
    "schedule": Scheduling,
    "embargo": Embargoing,
    "publish_unreviewed": PublishingUnreviewed,
    "object_to_emergency": Objecting,
    "propose_retraction": ProposingRetraction,
    "confirm_retraction": ConfirmingRetraction,
    "take_down": TakingDown,
    "reinstate": Reinstating,
    "propose_blank": ProposingBlank,
    "confirm_blank": ConfirmingBlank,
}


def form_of(name, article, now, data=None, public=None):
    """The form of verb `name` for `article`, as shown, or with what was posted. `public` saves asking for it again."""
    return FORMS.get(name, VerbForm)(data, name=name, article=article, now=now, public=public)
