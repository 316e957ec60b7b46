import unicodedata
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from articles import body, content
from articles.models import Article, Publication


def a_content(**changes):
    return {"headline": "Pier closes", "body": "<p>At noon.</p>", "section": 1, **changes}


@given(st.text())
def test_sanitising_twice_changes_nothing_more(html):
    once = content.sanitise(html)
    assert content.sanitise(once) == once


@given(st.dictionaries(st.sampled_from(content.TEXTS), st.text()))
def test_cleaning_twice_changes_nothing_more(values):
    once = content.clean(values)
    assert content.clean(once) == once


@pytest.mark.parametrize(
    ("html", "left"),
    [
        ("<p onclick=alert(1)>a</p>", "<p>a</p>"),
        ("<p>a<script>alert(1)</script></p>", "<p>a</p>"),
        ("<p><a href='javascript:alert(1)'>a</a></p>", "<p><a>a</a></p>"),
        ("<p>a<img src=x onerror=alert(1)></p>", "<p>a</p>"),
        ("<h1>a</h1><h4>b</h4>", "<h2>a</h2><h3>b</h3>"),
        ("<p style='color:red' class=x>a</p>", "<p>a</p>"),
        ("<p><a href='/about/ethics/'>a</a></p>", '<p><a href="/about/ethics/">a</a></p>'),
        ("<p><a href='example.org/minutes.pdf'>a</a></p>", '<p><a href="https://example.org/minutes.pdf">a</a></p>'),
        ("<p><a href='//example.org'>a</a></p>", '<p><a href="https://example.org">a</a></p>'),
        ("<p><a href='mailto:ana@example.org'>a</a></p>", '<p><a href="mailto:ana@example.org">a</a></p>'),
        ("<p><a href='#notes'>a</a></p>", '<p><a href="#notes">a</a></p>'),
        ("<p><a href='budget 2027'>a</a></p>", "<p><a>a</a></p>"),
        ("<p></p>", ""),
        ("<p>&nbsp;\u200b<br></p><ul><li></li></ul>", ""),
        ("<hr>", "<hr>"),
    ],
)
def test_a_body_keeps_only_what_the_editor_makes(html, left):
    assert content.sanitise(html) == left


def test_a_figure_may_name_a_picture():
    html = f'<figure data-picture="{uuid4()}" data-alt="The pier"></figure>'
    assert content.sanitise(html) == html
    assert content.sanitise('<p>a</p><figure data-picture="7f0c">Words</figure>') == "<p>a</p><p>Words</p>"


@pytest.mark.parametrize(
    ("html", "left"),
    [
        ("One.\r\n\r\nTwo\r\nand half.", "<p>One.</p><p>Two\nand half.</p>"),
        ("5 < 6 & so on", "<p>5 &lt; 6 &amp; so on</p>"),
        ("One <strong>and\n\ntwo</strong>.", "<p>One <strong>and</strong></p><p><strong>two</strong>.</p>"),
        ("a<p>b</p>c<hr><em>d</em>", "<p>a</p><p>b</p><p>c</p><hr><p><em>d</em></p>"),
        ("<div>a</div><div>b<br>c</div>", "<p>a</p><p>b<br>c</p>"),
        ("<p>a</p>\n\n<p>b\n\nc</p>", "<p>a</p>\n\n<p>b\n\nc</p>"),
        ("<li>a</li><li>b</li>", "<p>a</p><p>b</p>"),
        (
            "<ul>a<li>b</li><p>c</p><hr></ul>",
            "<ul><li><p>a</p></li><li><p>b</p></li><li><p>c</p></li><li><hr></li></ul>",
        ),
        ("<ul><ol><li>a</li></ol></ul>", "<ul><li><ol><li><p>a</p></li></ol></li></ul>"),
        ("<blockquote>a</blockquote>", "<blockquote><p>a</p></blockquote>"),
        ("<a href='/about/'><p>a</p></a>", '<p><a href="/about/">a</a></p>'),
        ("<table><tr><td>a</td><td>b</td></tr></table>", "<p>a</p><p>b</p>"),
        ("<TABLE><caption>a</caption><tr><th>b<th>c<tfoot><tr><td>d</table>", "<p>a</p><p>b</p><p>c</p><p>d</p>"),
        ("<tr><td class='x'>a</td><td>b</td></tr>", "<p>a</p><p>b</p>"),
        ("<p>a</p><main><aside>b</aside>c</main>", "<p>a</p><p>b</p><p>c</p>"),
    ],
)
def test_every_word_of_a_body_stands_in_a_block(html, left):
    assert content.sanitise(html) == left


@pytest.mark.parametrize(("start", "end"), [("<blockquote>", "</blockquote>"), ("<ul><li>", "</li></ul>")])
def test_quotes_and_lists_lie_in_one_another_six_deep_at_most(start, end):
    six = f"{start * 6}<p>deep</p>{end * 6}"
    assert content.sanitise(six) == six
    assert content.sanitise(f"{start * 30}deep{end * 30}") == six


BITS = "a &amp;nbsp; &lt; \n\n \u200b <p> </p> <li> </li> <ul> </ul> <ol> <blockquote> </blockquote> <em> </em> <h2> </h2>"
MORE = "<a\u00a0href='/x'> </a> <strong> <h1> </h1> <div> </div> <figure> <hr> <br> <table> <td> <!-- & < </figure>"


@given(st.lists(st.sampled_from([bit.replace("\u00a0", " ") for bit in f"{BITS} {MORE}".split(" ")]), max_size=30))
def test_whatever_is_posted_becomes_whole_at_once(bits):
    once = content.sanitise("".join(bits))
    assert content.sanitise(once) == once
    assert not [part for part in body.blocks(once) if part.strip() and not part.lstrip().startswith("<")]


@pytest.mark.parametrize("unseen", ["\u200b", "\u200d \ufeff", "\u00a0\u2028", "\u00ad"])
def test_what_nobody_sees_is_empty(unseen):
    assert content.clean(a_content(headline=unseen))["headline"] == ""
    assert content.clean(a_content(body=f"<p>{unseen}</p>"))["body"] == ""


def test_the_hash_does_not_depend_on_spelling_order_or_empty_values():
    composed = a_content(headline="Café", topics=[2, 1])
    decomposed = {**a_content(topics=[1, 2], kicker=""), "headline": unicodedata.normalize("NFD", "Café")}
    assert content.digest(composed) == content.digest(decomposed)


@pytest.mark.parametrize("name", content.FIELDS)
def test_every_field_is_signed(name):
    other = {"byline": [{"author": 1, "role": ""}], "topics": [3], "section": 9, "lead_picture": "7f0c"}
    assert content.digest(a_content()) != content.digest(a_content(**{name: other.get(name, "other")}))


def test_kind_and_note_are_signed_with_the_words():
    assert content.digest(a_content(), kind="typo") != content.digest(a_content(), kind="correction")
    assert content.digest(a_content(), kind="typo") != content.digest(a_content())


def test_a_slug_is_made_of_whole_words_of_any_script():
    assert content.make_slug("Über die Brücke") == "über-die-brücke"
    long = content.make_slug("word " * 40)
    assert len(long) <= content.SLUG_LENGTH
    assert long.endswith("word")


@given(st.text() | st.text(alphabet="aΣ_-हि\u0301\u0302ᄀ각İ❤\ufe0f ", max_size=100))
def test_a_slug_made_of_a_slug_is_that_slug_and_a_valid_address(headline):
    slug = content.make_slug(headline)
    assert content.make_slug(slug) == slug
    assert len(slug) <= content.SLUG_LENGTH
    if slug:
        Article._meta.get_field("slug").clean(slug, None)


def test_a_slug_that_is_cut_ends_with_a_letter():
    assert content.make_slug("a" * 79 + "_b") == "a" * 79
    assert content.make_slug("a" * 70 + "_-" + "b" * 20) == "a" * 70


def test_a_slug_keeps_the_signs_that_some_scripts_write_their_vowels_with():
    assert content.make_slug("हिन्दी में समाचार") == "हिन्दी-में-समाचार"
    assert content.make_slug("கடல் அரிப்பு!") == "கடல்-அரிப்பு"
    assert content.make_slug("I ❤️ the pier") == "i-the-pier"


@pytest.mark.parametrize("slug", ["two words", "a/b", "a.b", "❤️", "a\u200db"])
def test_what_is_no_address_is_refused(slug):
    with pytest.raises(ValidationError, match="letters"):
        Article._meta.get_field("slug").clean(slug, None)


def test_an_unknown_field_is_refused():
    with pytest.raises(ValueError, match="colour"):
        content.clean(a_content(colour="red"))


def test_working_copy_and_public_version_have_every_signed_field():
    for model in (Article, Publication):
        names = {field.name for field in model._meta.get_fields()}
        assert set(content.FIELDS) - {"byline"} <= names
        assert "bylines" in names
