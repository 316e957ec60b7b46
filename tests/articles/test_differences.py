"""What an editor is shown of a change: all of it, by paragraph and by word."""

from itertools import pairwise
from random import Random
from time import process_time

import pytest
from django.utils.html import conditional_escape
from hypothesis import given
from hypothesis import strategies as st

from articles.alignment import opcodes, pairs
from articles.content import sanitise
from articles.differences import ADDED, CHANGED, REMOVED, SAME, blocks, compare, folded, marked


def kinds(old, new):
    return [(change.kind, "".join(token.text for token in change.block.tokens)) for change in compare(old, new)]


def html(old, new):
    """As a template prints it: what is not marked as safe would be escaped."""
    return [conditional_escape(change.html) for change in compare(old, new)]


def test_equal_bodies_have_no_change():
    body = "<p>One.</p><h2>Two</h2><ul><li><p>Three</p></li></ul>"
    assert kinds(body, body) == [(SAME, "One."), (SAME, "Two"), (SAME, "Three")]


def test_a_paragraph_put_in_between_is_added_and_the_others_stand():
    assert kinds("<p>One.</p><p>Two.</p>", "<p>One.</p><p>New.</p><p>Two.</p>") == [
        (SAME, "One."),
        (ADDED, "New."),
        (SAME, "Two."),
    ]


def test_a_paragraph_taken_out_is_removed():
    assert kinds("<p>One.</p><p>Two.</p>", "<p>Two.</p>") == [(REMOVED, "One."), (SAME, "Two.")]


def test_within_a_changed_paragraph_only_the_words_that_changed_are_marked():
    old, new = "<p>The council votes on Monday.</p>", "<p>The council votes on Tuesday.</p>"
    assert html(old, new) == ["The council votes on <del>Monday</del><ins>Tuesday</ins>."]


def test_words_that_changed_side_by_side_are_marked_as_one():
    old, new = "<p>It cost two million dollars in all.</p>", "<p>It cost three billion euros in all.</p>"
    assert html(old, new) == ["It cost <del>two million dollars</del><ins>three billion euros</ins> in all."]


def test_the_space_between_what_stood_there_and_what_was_added_stands_before_the_mark():
    assert html("<p>Books for the</p>", "<p>Books for the branch</p>") == ["Books for the <ins>branch</ins>"]
    assert marked("Pier closes", "Pier closes early today") == "Pier closes <ins>early today</ins>"


def test_a_space_that_is_all_that_was_added_is_marked():
    assert marked("Pier,closed", "Pier, closed") == "Pier,<ins> </ins>closed"


def test_paragraphs_with_little_in_common_are_one_gone_and_one_new():
    old = "<p>The pier closes on Monday for repairs.</p>"
    new = "<p>Nobody could say who had ordered the paint.</p>"
    assert [change.kind for change in compare(old, new)] == [REMOVED, ADDED]


def test_paragraphs_of_the_same_words_in_another_order_are_one_gone_and_one_new():
    words = "bridge road pier council vote money school library".split()
    changes = compare(one_paragraph(words), one_paragraph(words[::-1]))
    assert [change.kind for change in changes] == [REMOVED, ADDED]


def test_the_right_paragraphs_are_paired_when_one_was_put_before():
    old = "<p>The pier closes on Monday.</p>"
    new = "<p>Something else entirely happened here.</p><p>The pier closes on Friday.</p>"
    assert [change.kind for change in compare(old, new)] == [ADDED, CHANGED]


def test_a_long_paragraph_is_found_again_among_others_with_as_many_common_words():
    words = {of: [*["the", "of", "and", "a"] * 35, *(f"{of}{n}" for n in range(140))] for of in "abc"}
    first, second, put_before = (f"<p>{' '.join(Random(of).sample(words[of], k=280))}</p>" for of in words)
    changed = first.replace("a7 ", "another ")
    assert [change.kind for change in compare(first + second, put_before + changed)] == [ADDED, CHANGED, REMOVED]


def test_a_link_that_leads_elsewhere_is_shown_with_both_targets():
    old = '<p>Read <a href="https://a.example/">the plan</a>.</p>'
    new = '<p>Read <a href="https://b.example/">the plan</a>.</p>'
    (changed,) = html(old, new)
    assert "(https://a.example/)" in changed.partition("<ins>")[0]
    assert "(https://b.example/)" in changed.partition("<ins>")[2]


def test_a_new_link_says_where_it_leads():
    (new,) = html("", '<p>Read <a href="https://a.example/">the plan</a>.</p>')
    assert "(https://a.example/)" in new


def test_a_word_that_became_bold_is_a_change():
    assert html("<p>A very loud bang.</p>", "<p>A <strong>very</strong> loud bang.</p>") == [
        "A <del>very</del><ins><strong>very</strong></ins> loud bang."
    ]


def test_a_paragraph_that_became_a_heading_is_a_change():
    (change,) = compare("<p>What comes next</p>", "<h2>What comes next</h2>")
    assert (change.kind, change.block.name) == (CHANGED, "Heading")
    assert "Paragraph → Heading" in change.html


def test_a_list_that_became_numbered_is_a_change():
    assert [c.kind for c in compare("<ul><li><p>One</p></li></ul>", "<ol><li><p>One</p></li></ol>")] == [CHANGED]


def test_a_picture_with_another_caption_is_a_change():
    old = '<figure data-picture="1" data-caption="The old pier"></figure>'
    new = '<figure data-picture="1" data-caption="The new pier"></figure>'
    assert [change.kind for change in compare(old, new)] == [CHANGED]


def test_what_somebody_typed_stays_text():
    assert marked("", "<b>&amp;") == "<ins>&lt;b&gt;&amp;amp;</ins>"
    assert html("", "<p>1 &lt; 2 &amp; <script>x</script></p>") == ["1 &lt; 2 &amp; x"]


def test_words_that_moved_from_a_figures_alt_text_to_its_caption_are_a_change():
    old = '<figure data-picture="1" data-alt="The old pier"></figure>'
    new = '<figure data-picture="1" data-caption="The old pier"></figure>'
    (change,) = compare(old, new)
    assert change.kind == CHANGED
    assert "Alt text: <del>The old pier</del><ins>missing<br>Caption: The old pier</ins>" in change.html


def test_plain_texts_are_marked_by_word():
    assert marked("Pier closes", "Pier reopens") == "Pier <del>closes</del><ins>reopens</ins>"


def test_long_runs_without_a_change_are_folded():
    old = "".join(f"<p>Paragraph {n}.</p>" for n in range(9))
    new = old.replace("Paragraph 4.", "Paragraph four.")
    assert [(hidden, len(run)) for hidden, run in folded(compare(old, new))] == [(True, 3), (False, 3), (True, 3)]


@given(
    st.lists(st.sampled_from(["<p>One two.</p>", "<p>One three.</p>", "<h2>Two</h2>", "<ul><li>x</li></ul>"])),
    st.data(),
)
def test_nothing_is_lost_on_the_way_from_old_to_new(old, data):
    new = data.draw(st.permutations(old).map(lambda parts: [*parts[: len(parts) // 2], "<p>New two.</p>"]))
    old, new = sanitise("".join(old)), sanitise("".join(new))
    changes = compare(old, new)
    assert [change.block for change in changes if change.kind != REMOVED] == blocks(new)
    gone = sum(change.kind != ADDED for change in changes)
    assert gone == len(blocks(old))


def test_a_picture_in_place_of_another_is_shown_as_two_pictures_and_never_as_a_key():
    old = '<figure data-picture="1" data-alt="The old pier" data-caption="On Monday"></figure>'
    (change,) = compare(old, old.replace('"1"', '"2"'))
    assert (change.kind, change.pictures) == (CHANGED, [(REMOVED, "1"), (ADDED, "2")])
    assert change.html == "Alt text: The old pier<br>Caption: On Monday"


def test_the_picture_beside_its_changed_words_is_shown_once():
    old = '<figure data-picture="1" data-alt="The old pier at low tide"></figure>'
    (change,) = compare(old, old.replace("low", "high"))
    assert (change.pictures, change.html) == (
        [(SAME, "1")],
        "Alt text: The old pier at <del>low</del><ins>high</ins> tide",
    )
    assert [c.pictures for c in compare(old, "<p>Words</p>")] == [[(REMOVED, "1")], []]


# --- Long texts: readers ask for their differences, so none may keep a process for long --------------------------------


def one_paragraph(words):
    return f"<p>{' '.join(words)}</p>"


def test_within_a_paragraph_of_a_thousand_words_only_those_that_changed_are_marked():
    words = [f"word{n}" if n % 3 else "the" for n in range(1000)]
    later = [*words[:100], "one", *words[101:500], "more", *words[500:900], *words[901:]]
    (change,) = compare(one_paragraph(words), one_paragraph(later))
    assert change.html.count("<del>") + change.html.count("<ins>") == 4
    for mark in ("<del>word100</del><ins>one</ins>", "<ins>more </ins>", "<del> the</del>"):
        assert mark in change.html


def of_few_words(chance):
    return one_paragraph(chance.choices("abcd", k=3000))


def of_many_words(chance):
    return one_paragraph(chance.choices([f"w{n}" for n in range(700)], k=3000))


def of_paragraphs_that_share_their_words(chance):
    return "".join(
        one_paragraph(["u0", *chance.choices("ab", k=49), "u1", *chance.choices("ab", k=49)]) for _ in range(63)
    )


def of_many_paragraphs_between_those_that_stay(chance):
    parts = [[one_paragraph(chance.choices("ab", k=4)) for _ in range(60)] for _ in range(60)]
    return "".join(f"{''.join(part)}<p>stays {n}</p>" for n, part in enumerate(parts))


@pytest.mark.parametrize(
    "text",
    [of_few_words, of_many_words, of_paragraphs_that_share_their_words, of_many_paragraphs_between_those_that_stay],
)
def test_long_texts_are_compared_in_no_time(text):
    chance = Random(1)
    old, new = text(chance), text(chance)
    begun = process_time()
    compare(old, new)
    assert process_time() - begun < 1


def test_a_paragraph_that_ends_in_forty_thousand_breaks_is_read_in_no_time():
    begun = process_time()
    (block,) = blocks(f"<p>w{'<br>' * 40_000}</p>")
    assert process_time() - begun < 1
    assert [token.text for token in block.tokens] == ["w"]


def test_a_thousand_paragraphs_that_are_alike_are_paired_by_their_order_in_no_time():
    chance = Random(1)
    old, new = ([f"<p>the pier closes {chance.randrange(4)}</p>" for _ in range(1000)] for _ in range(2))
    begun = process_time()
    changes = compare("".join(old), "".join(new))
    assert process_time() - begun < 1
    assert [change.kind for change in changes] == [SAME if a == b else CHANGED for a, b in zip(old, new, strict=True)]
    assert {"<ins>" in change.html for change in changes if change.kind == CHANGED} == {True}
    assert {"<ins>" in change.html for change in changes if change.kind == SAME} == {False}


@given(*[st.lists(st.integers(0, 60), max_size=200) for _ in range(2)])
def test_what_two_texts_have_in_common_is_in_both_and_in_order(old, new):
    common = pairs(old, new)
    assert [old[i] for i, _ in common] == [new[j] for _, j in common]
    assert all(i < i_next and j < j_next for (i, j), (i_next, j_next) in pairwise(common))
    steps = opcodes(old, new)
    assert [n for _, i, i_end, _, _ in steps for n in range(i, i_end)] == list(range(len(old)))
    assert [n for _, _, _, j, j_end in steps for n in range(j, j_end)] == list(range(len(new)))
