"""What keeps a story from review, what only warns, and in which words. No database."""

import pytest

from articles.checklist import POINTS, Known, Level, about, checklist, minimum, problems
from articles.content import clean, digest

PICTURE = "8a6e0804-2bd0-4672-b79d-d97027f9071a"
OTHER = "0b0d3c7e-51f4-4a0c-8f43-3b5a4f1f2d11"


def words(**changes):
    return clean(
        {
            "headline": "Pier closes for repairs",
            "standfirst": "Nobody fishes there until spring.",
            "body": "<p>The pier will close on Monday.</p>",
            "section": 1,
            "byline": [{"author": 1, "role": ""}],
            **changes,
        }
    )


def wrong(content, known=None):
    """The names of what is not in order, each once."""
    return list(dict.fromkeys(item.name for item in checklist(content, known or Known()) if not item.passed))


def item(name, content, known=None):
    return next(item for item in checklist(content, known or Known()) if item.name == name)


def figure(picture=PICTURE, **said):
    attributes = "".join(f' data-{name}="{value}"' for name, value in said.items())
    return f'<figure data-picture="{picture}"{attributes}></figure>'


def test_a_story_in_order_has_nothing_to_do():
    assert wrong(words()) == []
    assert problems(words()) == []


LEVELS = [
    ("headline", {"headline": ""}, "block", False),
    ("section", {"section": None}, "block", False),
    ("byline", {"byline": []}, "block", True),
    ("standfirst", {"standfirst": ""}, "warn", False),
    ("alt text", {"lead_picture": PICTURE, "lead_credit": "Photo: Ana"}, "block", True),
    ("credit", {"lead_picture": PICTURE, "lead_alt": "The pier"}, "block", True),
    ("pictures' alt texts", {"body": figure(credit="Photo: Ana")}, "block", True),
    ("pictures' credits", {"body": figure(alt="The pier")}, "block", True),
    ("TK", {"body": "<p>TK</p>"}, "block", True),
    ("headings", {"body": "<h3>Who pays</h3><p>All.</p>"}, "warn", False),
]


@pytest.mark.parametrize(("name", "changes", "level", "may_be_waived"), LEVELS)
def test_each_point_has_its_level_and_says_whether_it_may_be_waived(name, changes, level, may_be_waived):
    content = words(**changes)
    found = item(name, content)
    assert wrong(content) == [name]
    assert (found.level, found.may_be_waived) == (level, may_be_waived)
    assert problems(content) == ([found.problem] if level == "block" else [])


def test_every_point_of_the_table_is_tried_here():
    elsewhere = {"links", "legal check", "legal check of these words"}
    assert {point.name for point in POINTS} == {row[0] for row in LEVELS} | elsewhere


def test_an_emergency_needs_what_cannot_be_waived_and_no_more():
    empty = words(headline="", section=None, byline=[], standfirst="", body="<p>TK</p>")
    assert minimum(empty) == [item("headline", empty).problem, item("section", empty).problem]
    assert minimum(words(byline=[], body="<p>TK</p>")) == []


# --- TK ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["TK", "the TK councillors", "TKTK", "TK name", "(TK)", "TK_NAME", "by TK.", "über TK"]
)
def test_to_come_is_found_as_a_word_of_its_own(text):
    assert wrong(words(body=f"<p>{text}</p>")) == ["TK"]


@pytest.mark.parametrize("text", ["ATKINS", "TKO", "TKTKO", "Atk", "tk", "TK1", "ÄTK", "T K"])
def test_to_come_is_not_found_inside_words(text):
    assert wrong(words(body=f"<p>{text}</p>")) == []


TEXTS = ["kicker", "headline", "standfirst", "lead_alt", "lead_caption", "lead_credit", "share_title", "share_text"]


@pytest.mark.parametrize("name", TEXTS)
def test_to_come_is_found_in_every_text_field(name):
    assert wrong(words(**{name: "Photo: TK"})) == ["TK"]


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ("<p>One.</p><h2>Next</h2><p>The TK</p>", "paragraph 2: “The TK”"),
        ("<h2>TK</h2>", "a heading: “TK”"),
        ("<ul><li>One</li><li>TK</li></ul>", "a list: “One TK”"),
        ("<blockquote><p>One</p><p>TK</p></blockquote>", "a quote: “One TK”"),
        ("<p>The <strong>T</strong>K &amp; Co</p>", "paragraph 1: “The TK & Co”"),
        ("<p>One<br>TK<br>three</p>", "paragraph 1: “One TK three”"),
        (f"<p>One</p>{figure(alt='A', caption='TK', credit='C')}", "the caption of picture 1: “TK”"),
    ],
)
def test_to_come_says_where_it_stands(body, where):
    assert item("TK", words(body=body)).problem == f"“TK” stands in {where}. Write what was to come."


def test_to_come_is_quoted_with_the_words_around_it():
    body = "<p>On Monday evening all of the TK councillors of this small town voted against it.</p>"
    assert "“…evening all of the TK councillors of this…”" in item("TK", words(body=body)).problem


def test_of_many_to_come_three_are_quoted_and_the_rest_is_counted():
    found = item("TK", words(headline="TK", body="<p>TK a</p><p>TK b</p><p>TK c</p><p>TK d</p>")).problem
    assert found.count("“TK") == 4  # the sign itself, and three places
    assert "; and 2 more." in found


def test_to_come_in_a_role_of_the_byline_is_found():
    assert wrong(words(byline=[{"author": 1, "role": "photographs by TK"}])) == ["TK"]


def test_an_address_that_a_link_leads_to_is_no_text():
    assert wrong(words(body='<p><a href="https://example.org/TK/">here</a></p>')) == []


# --- Pictures ------------------------------------------------------------------------------------------------------------


def test_every_picture_of_the_text_is_named_by_its_place():
    body = figure(alt="A", credit="C") + figure(OTHER, credit="C") + figure("1" + OTHER[1:], alt="A")
    found = [found for found in checklist(words(body=body)) if not found.passed]
    assert [found.label for found in found] == ["alt text of picture 2", "credit of picture 3"]
    assert found[0].problem == "Picture 2 in the text has no alt text. Say in a sentence what it shows."


def test_without_pictures_in_the_text_nothing_is_said_of_them():
    names = [found.name for found in checklist(words())]
    assert not [name for name in names if name.startswith("pictures'")]


def test_a_waiver_is_for_one_picture_wherever_it_stands():
    known = Known(waivers={item("pictures' credits", words(body=figure(alt="A"))).key: "a waiver"})
    assert problems(words(body=figure(alt="A")), known) == []
    assert problems(words(lead_picture=PICTURE, lead_alt="A"), known) == []
    assert problems(words(body=figure(OTHER, alt="A")), known) != []


# --- Headings, links, law ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "is_wrong"),
    [("<h2>A</h2><h3>B</h3>", False), ("<h3>B</h3><h2>A</h2>", True), ("<h2>A</h2>", False), ("<p>A</p>", False)],
)
def test_a_subheading_before_any_heading_is_a_jump(body, is_wrong):
    assert (wrong(words(body=body)) == ["headings"]) == is_wrong


def test_dead_links_are_named():
    found = item("links", words(), Known(dead_links=("/cost/", "/topics/tide/")))
    assert found.problem == "No page of ours answers at “/cost/”; “/topics/tide/”. Correct or remove the link."
    assert (found.passed, found.blocks) == (False, False)


def test_a_legal_check_that_is_required_blocks_and_cannot_be_waived():
    known = Known(legal="required", legal_words="Tomas asked for a legal check.", waivers={"legal check": "a waiver"})
    assert problems(words(), known) == ["Tomas asked for a legal check. An editor records it when it is done."]


def test_a_legal_check_of_these_words_is_in_order():
    known = Known(legal="done", legal_words="Checked by Dr. Weiss.", legal_sha256=digest(words()))
    assert wrong(words(), known) == []
    assert item("legal check", words(), known).passed


def test_a_legal_check_of_other_words_warns_and_says_of_which():
    known = Known(legal="done", legal_words="Checked by Dr. Weiss.", legal_sha256=digest(words(headline="Before")))
    found = item("legal check of these words", words(), known)
    assert found.problem.startswith("Checked by Dr. Weiss. The words have changed since.")
    assert (found.passed, problems(words(), known)) == (False, [])


def test_what_no_rule_needs_is_not_listed():
    assert not [found for found in checklist(words()) if found.name.startswith("legal")]


# --- Waivers -------------------------------------------------------------------------------------------------------------


def test_only_what_may_be_waived_is_let_pass_by_a_waiver():
    content = words(headline="", byline=[])
    known = Known(waivers={"headline": "a waiver", "byline": "a waiver"})
    assert problems(content, known) == [item("headline", content).problem]
    assert (item("byline", content, known).state, item("headline", content, known).state) == ("waived", "to do")


def test_a_warning_knows_no_waiver():
    assert item("standfirst", words(standfirst=""), Known(waivers={"standfirst": "a waiver"})).state == "worth a look"


def test_a_key_fits_its_column_and_can_be_said():
    keys = [found.key for found in checklist(words(lead_picture=PICTURE, body=figure(OTHER) + "<p>TK</p>"))]
    assert max(map(len, keys)) <= 40
    assert (about(f"credit:{PICTURE}"), about("TK")) == ("credit", "TK")
    assert {point.level for point in POINTS} == set(Level)
