"""Rich text: what may stay, one spelling, and the way to plain text and back."""

from __future__ import annotations

import re

import pytest
from django import forms
from django.http import QueryDict
from django.template import Context, Template
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.richtext import RichTextField, clean, from_text, length, rich, to_text
from core.text import plain

LINK = 'rel="noopener nofollow ugc"'


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("plain words", "<p>plain words</p>"),
        ("<p>a <b>b</b> <i>c</i></p>", "<p>a <strong>b</strong> <em>c</em></p>"),
        ("<h1>One</h1><h6>Six</h6>", "<h3>One</h3><h4>Six</h4>"),
        ("<div>a<div>b</div></div>", "<p>a</p><p>b</p>"),
        ("a<br><br>b<br>c", "<p>a</p><p>b<br>c</p>"),
        ("<ul><li>a<ol><li>b</ol><li>c</ul>", "<ul><li>a<ol><li>b</li></ol></li><li>c</li></ul>"),
        ("<ul><li><p>a</p><p>b</p></ul>", "<ul><li>a<br>b</li></ul>"),
        ("<li>stray", "<ul><li>stray</li></ul>"),
        ("<blockquote>said</blockquote>", "<blockquote><p>said</p></blockquote>"),
        ("<p>one <b>two </b>three</p>", "<p>one <strong>two</strong> three</p>"),
        ("<p> </p><p>&nbsp;</p><p>x</p>", "<p>x</p>"),
        ("<p>a&nbsp;<b>b</b>&nbsp; c&nbsp;</p>", "<p>a <strong>b</strong> c</p>"),
        ("«&nbsp;mot&nbsp;», 5&nbsp;km", "<p>«&nbsp;mot&nbsp;», 5&nbsp;km</p>"),
        ("a &lt;b&gt; &amp; c", "<p>a &lt;b&gt; &amp; c</p>"),
        ('<p style="color:red" class="x" onclick="y()">t</p>', "<p>t</p>"),
        (
            '<a href="https://a.test/x?y=1&amp;z=2" target="_blank">w</a>',
            f'<p><a href="https://a.test/x?y=1&amp;z=2" {LINK}>w</a></p>',
        ),
        ('<a href="mailto:a@b.test">m</a>', f'<p><a href="mailto:a@b.test" {LINK}>m</a></p>'),
        (
            "see https://a.test/b_(c), and www.a.test",
            f'<p>see <a href="https://a.test/b_(c)" {LINK}>https://a.test/b_(c)</a>,'
            " and www.a.test</p>",
        ),
        ("turn \u202eback\u2066 x\u0007", "<p>turn back x</p>"),
        ("نص \u200fعربي", "<p>نص \u200fعربي</p>"),
    ],
)
def test_html_becomes_its_one_spelling(typed, kept):
    assert clean(typed) == kept


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<svg onload=alert(1)><a xlink:href='javascript:alert(1)'>x</a></svg>",
        "<math><mi xlink:href='data:x'>x</mi></math>",
        "<iframe src='https://evil.test'></iframe>",
        "<style>@import 'https://evil.test'</style>",
        "<a href='javascript:alert(1)'>x</a>",
        "<a href='jav&#x09;ascript:alert(1)'>x</a>",
        "<a href=' javascript:alert(1)'>x</a>",
        "<a href='JaVaScRiPt:alert(1)'>x</a>",
        "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
        "<a href='vbscript:x'>x</a>",
        "<a href='//evil.test'>x</a>",
        "<a href='/desk/'>x</a>",
        "<a href='https:evil'>x</a>",
        "<a href='https:///evil'>x</a>",
        "<a href='http://[::1'>x</a>",
        "<a href='mailto:'>x</a>",
        "<a href='https://a.test/\"onclick=\"x'>x</a>",
        "<a href='https://a.test/<b>'>x</a>",
        "<form action='https://evil.test'><input name=x><button>go</button></form>",
        "<p><noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
        "<!--><img src=x onerror=alert(1)>-->",
        "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1>'>",
        "<base href='https://evil.test'><link rel=stylesheet href=x><meta http-equiv=refresh>",
    ],
)
def test_nothing_active_and_nothing_remote_survives(hostile):
    kept = clean(hostile)
    tags = set(re.findall(r"<(/?\w+[^>]*)>", kept))
    assert tags <= {"p", "/p", "br"}
    assert clean(kept) == kept
    assert from_text(hostile) == clean(from_text(hostile))
    allowed = r"</?(p|br|a|ul|ol|li|strong|em)( href=\"https?://[^\"<> ]+\" rel=\"[a-z ]+\")?>"
    assert re.sub(allowed, "", from_text(hostile)).count("<") == 0


@pytest.mark.parametrize("heap", ["<ul><li>", "<b>", "<blockquote>", "<div><i>", "<a href=x>"])
def test_heaps_of_tags_are_read_as_their_text_and_quickly(heap):
    assert clean(heap * 6000 + "word") == "<p>word</p>"


PIECES = [
    "<p>", "</p>", "<b>", "</b>", "<i>", "</i>", "<ul>", "</ul>", "<ol>", "<li>", "</ol>",
    "<blockquote>", "</blockquote>", "<br>", "<h1>", "</h1>", "<h4>", "<a href='https://x.test/(a)'>",
    "<a href='mailto:a@b.c'>", "</a>", " ", "\n", "a", "b c", "*", "_", "**", "[x]", "(y)", "- ",
    "1. ", "2. ", "7. ", "> ", "# ", "\\", "&amp;", "&lt;b&gt;", "!", "é", "س", "\u202e",
    "https://a.test/d_e*f.", "•", "&nbsp;", '"', "'", "<script>x</script>", "<div>", "&", "<", "`",
]  # fmt: skip


@settings(
    max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
@given(st.lists(st.sampled_from(PIECES), max_size=25))
def test_cleaning_twice_changes_nothing_and_words_travel_to_plain_text_and_back(parts):
    once = clean("".join(parts))
    assert clean(once) == once
    back = from_text(to_text(once))
    assert clean(back) == back
    assert plain(back).strip() == plain(once).strip()


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("One.\n\nTwo\nlines.", "<p>One.</p><p>Two<br>lines.</p>"),
        ("- a\n- b\n  - c", "<ul><li>a</li><li>b<ul><li>c</li></ul></li></ul>"),
        ("• a\n• b", "<ul><li>a</li><li>b</li></ul>"),
        ("Steps:\n1. a\n2. b", "<p>Steps:</p><ol><li>a</li><li>b</li></ol>"),
        ("2013. A good year.", "<p>2013. A good year.</p>"),
        ("1. a\n\nbetween\n\n2. b", "<ol><li>a</li></ol><p>between</p><p>2. b</p>"),
        ("**x** and *y*", "<p><strong>x</strong> and <em>y</em></p>"),
        ("### Head\n> said", "<h3>Head</h3><blockquote><p>said</p></blockquote>"),
        ("[w](https://a.test)", f'<p><a href="https://a.test" {LINK}>w</a></p>'),
        ("[w](javascript:x)", "<p>[w](javascript:x)</p>"),
        ("snake_case, 5 * 3 * 2, #tag, ---", "<p>snake_case, 5 * 3 * 2, #tag, ---</p>"),
        ("<b>not html</b> &amp;", "<p>&lt;b&gt;not html&lt;/b&gt; &amp;amp;</p>"),
        ("    four spaces", "<p>four spaces</p>"),
        ("  \n ", ""),
    ],
)
def test_plain_text_is_read_as_people_write_mails(typed, kept):
    assert from_text(typed) == kept


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>a</p><p>b<br>c</p>", "a\n\nb\nc"),
        ("<ul><li>a<ol><li>b</li></ol></li></ul>", "- a\n  1. b"),
        ("<p>snake_case</p>", "snake_case"),
        ("<p>- no list</p>", "\\- no list"),
        ("<ol><li>a</li></ol><p>2. b</p>", "1. a\n\n2\\. b"),
        ("<blockquote><p>a</p><p>b</p></blockquote>", "> a\n>\n> b"),
        ("<p>* <strong>a</strong> [b]</p>", "\\* **a** \\[b\\]"),
    ],
)
def test_html_becomes_text_that_reads_back_the_same(html, text):
    assert to_text(html) == text
    assert from_text(text) == clean(html)


def test_the_length_is_what_a_reader_sees():
    assert length("<p>ab <strong>cd</strong></p><ul><li>e</li></ul>") == len("ab cd\ne")


def test_the_filter_cleans_what_was_stored_before():
    template = Template("{{ value|rich }}")
    shown = template.render(Context({"value": "<p>a</p><script>x</script><img src=y>"}))
    assert shown == "<p>a</p>"
    assert rich(None) == ""


# --- The form field ---------------------------------------------------------------------


class Form(forms.Form):
    story = RichTextField(max_length=20, required=False)


def posted(**data: str) -> Form:
    query = QueryDict(mutable=True)
    query.update(data)
    return Form(query)


def test_text_and_html_are_told_apart_by_the_companion():
    plain_form = posted(story="<b>x</b>")
    html_form = posted(story="<b>x</b>", **{"story-format": "html"})
    assert plain_form.is_valid()
    assert html_form.is_valid()
    assert plain_form.cleaned_data == {"story": "<p>&lt;b&gt;x&lt;/b&gt;</p>"}
    assert html_form.cleaned_data == {"story": "<p><strong>x</strong></p>"}


def test_too_long_is_refused_with_both_numbers_and_the_text_stays():
    form = posted(story="x" * 21)
    assert form.errors == {"story": ["Shorten this to 20 characters. It has 21 now."]}
    assert "x" * 21 in str(form["story"])


def test_markup_does_not_count_against_the_limit():
    form = posted(story="<p><strong>" + "x" * 20 + "</strong></p>", **{"story-format": "html"})
    assert form.is_valid()


@pytest.mark.parametrize("size", [300, 100_000])
def test_far_too_long_is_refused_before_it_is_read(size):
    form = posted(story="*" * size, **{"story-format": "html"})
    assert form.errors == {"story": [f"Shorten this to 20 characters. It has {size} now."]}
    assert str(form["story"])


@pytest.mark.parametrize("broken", ["a\x00b", "a\ud800b"])
def test_what_no_database_stores_is_refused_at_the_field(broken):
    form = posted(story=broken)
    assert form.errors == {
        "story": ["This text contains characters that are not text. Type it again."]
    }


def test_a_saved_text_is_shown_as_plain_text_with_its_html_for_the_editor():
    shown = str(Form(initial={"story": "<p>a <strong>b</strong></p>"})["story"])
    assert "a **b**</textarea>" in shown
    assert 'data-html="&lt;p&gt;a &lt;strong&gt;b&lt;/strong&gt;&lt;/p&gt;"' in shown
    assert '<input type="hidden" name="story-format" value="text">' in shown


def test_unchanged_text_is_no_change():
    field = RichTextField()
    assert not field.has_changed("<p>a <strong>b</strong></p>", "<p>a <b>b</b></p>")
    assert field.has_changed("<p>a</p>", "<p>b</p>")
