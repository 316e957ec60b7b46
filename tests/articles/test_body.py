from articles.body import blocks, leading_to, place_for_a_sentence

PARAGRAPH = "<p>" + "word " * 60 + "</p>"
SHORT = "<p>Just a few words here.</p>"


def test_blocks_are_the_outermost_elements_and_lose_nothing():
    html = "<p>One<br>two <a href='/x'>three</a></p>\n<ul><li><p>a</p></li><li><p>b</p></li></ul><hr><h2>End</h2>"
    assert [block.strip()[:4] for block in blocks(html)] == ["<p>O", "<ul>", "<hr>", "<h2>"]
    assert "".join(blocks(html)) == html


def test_the_sentence_stands_after_the_paragraph_nearest_to_45_percent():
    assert place_for_a_sentence([PARAGRAPH] * 20) == 9


def test_a_short_story_is_left_alone():
    html = PARAGRAPH * 7
    assert leading_to(html, "#appeal", "Help", "en") == html


def test_the_sentence_never_follows_a_heading_a_picture_a_list_or_a_quote():
    for other in (
        "<h2>Heading</h2>",
        "<figure></figure>",
        "<ul><li>item</li></ul>",
        "<blockquote><p>q</p></blockquote>",
    ):
        parts = [PARAGRAPH] * 9 + [other] + [PARAGRAPH] * 10
        place = place_for_a_sentence(parts)
        assert parts[place - 1] == PARAGRAPH


def test_the_sentence_does_not_come_between_a_paragraph_and_what_it_announces():
    parts = [PARAGRAPH] * 9 + ["<ul><li>item</li></ul>"] + [PARAGRAPH] * 10
    assert parts[place_for_a_sentence(parts)] == PARAGRAPH


def test_at_least_three_blocks_follow_the_sentence():
    parts = [f"<p>{'word ' * words}</p>" for words in (100, 130, 130, 100)]
    assert place_for_a_sentence(parts) is None
    assert place_for_a_sentence([*parts, SHORT]) == 2


def test_no_place_near_the_middle_means_no_sentence():
    one_long_list = "<ul><li>" + "word " * 900 + "</li></ul>"
    assert place_for_a_sentence([SHORT] * 3 + [one_long_list] + [SHORT] * 4) is None


def test_the_sentence_is_one_link_in_the_newsrooms_language():
    html = leading_to(PARAGRAPH * 20, "#appeal", "Fish & chips", "en")
    link = '<p class="leads-down" lang="en" dir="ltr"><a href="#appeal">Fish &amp; chips</a></p>'
    assert html.count("leads-down") == 1
    assert html == PARAGRAPH * 9 + link + PARAGRAPH * 11
