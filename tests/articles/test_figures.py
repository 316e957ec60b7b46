"""A picture in the text: one form to store it in, and what is drawn in its place."""

from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from articles.body import blocks
from articles.content import sanitise
from articles.figures import Figure, drawn, figures, pictures_of

KEY, OTHER = str(uuid4()), str(uuid4())
PIER = (
    f'<figure data-picture="{KEY}" data-alt="The pier" data-caption="At low tide" data-credit="Photo: Ana"></figure>'
)


def test_a_figure_is_stored_in_one_form_whatever_order_it_came_in():
    typed = f'<figure data-credit="Photo: Ana" data-caption="At  low\ntide" data-alt="The pier" data-picture="{KEY.upper()}">'
    assert sanitise(typed) == PIER
    assert sanitise(PIER) == PIER


def test_a_figure_keeps_nothing_but_its_picture_and_its_words():
    typed = f'<figure data-picture="{KEY}" class="x" onclick="x()" data-alt=""><img src="https://example.org/x.png"></figure>'
    assert sanitise(typed) == f'<figure data-picture="{KEY}"></figure>'


def test_the_words_in_a_figure_that_names_no_picture_stay():
    assert sanitise('<figure data-picture="no key"><figcaption>The pier</figcaption></figure>') == "<p>The pier</p>"
    assert sanitise("<figure><img src='x.png'></figure>") == ""


def test_a_figure_never_swallows_the_paragraphs_around_it():
    written = sanitise(f"<p>One</p>{PIER}Two <figure data-picture='{OTHER}'></figure> three")
    assert written == f'<p>One</p>{PIER}<p>Two</p><figure data-picture="{OTHER}"></figure><p>three</p>'
    assert [figure.picture for figure in figures(written)] == [KEY, OTHER]


@given(st.text(), st.text())
def test_whatever_is_said_of_a_picture_comes_back_and_breaks_nothing(alt, caption):
    once = sanitise(Figure(KEY, alt, caption).html)
    assert sanitise(once) == once
    assert len(blocks(once)) == len(figures(once)) == 1
    (figure,) = figures(sanitise(Figure(KEY, "", 'a > b & "c" <i>').html))
    assert figure.caption == 'a > b & "c" <i>'


def test_what_is_drawn_stands_in_its_place_and_may_be_nothing():
    body = f'<p>One</p>{PIER}<p>Two</p><figure data-picture="{OTHER}"></figure>'
    assert drawn(body, lambda figure: figure.caption) == "<p>One</p>At low tide<p>Two</p>"


def test_the_pictures_of_a_content_are_the_one_on_top_and_those_in_its_text_each_once():
    assert pictures_of({"lead_picture": OTHER, "body": PIER * 2}) == [OTHER, KEY]
    assert pictures_of({"lead_picture": None, "body": None}) == []
