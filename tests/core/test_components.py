"""Components say what they show, escape what they are given, and fail on what they do not know."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import brotli
import pytest
from django import forms
from django.conf import settings
from django.core.paginator import Paginator
from django.http import QueryDict
from django.template import Context, Engine, engines
from django.test import RequestFactory
from django.utils import translation
from django.utils.translation import gettext_lazy

from core import worldmap
from core.templatetags import components
from core.templatetags.components import CRITERIA, LEVELS, with_query

EVIL = '<script>alert("x")</script>'
CSS = settings.BASE_DIR / "static" / "css"
TEMPLATES = settings.BASE_DIR / "templates"


@pytest.fixture(autouse=True)
def english():
    """Whatever language an earlier test asked a page in."""
    with translation.override("en"):
        yield


def render(source: str, **context: object) -> str:
    return engines["django"].from_string(source).render(context)


def words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


# --- Marks


def test_an_unknown_icon_fails_instead_of_printing_nothing():
    with pytest.raises(KeyError):
        render('{% icon "serach" %}')


def test_an_icon_is_hidden_and_turns_round_only_when_told():
    assert 'class="ico" viewBox="0 0 20 20" aria-hidden="true"' in render('{% icon "clock" %}')
    assert 'class="ico flip"' in render('{% icon "arrow" "flip" %}')


@pytest.mark.parametrize("code", LEVELS)
def test_a_level_is_a_hidden_glyph_and_its_word(code):
    html = render("{% level code %}", code=code)

    assert words(html) == str(LEVELS[code][0])
    assert html.count('aria-hidden="true"') == 1
    assert f"level-{code}" in html


def test_glyphs_of_levels_differ_in_shape_or_word_not_in_colour_alone():
    shapes = {(str(word), on, ring, struck) for word, _full, on, ring, struck in LEVELS.values()}

    assert len(shapes) == len(LEVELS)


def test_an_unknown_level_fails():
    with pytest.raises(KeyError):
        render('{% level "excellent" %}')


def test_the_strip_says_every_score_and_mirrors_on_right_to_left_pages():
    html = render("{% strip scores %}", scores=[4, 3, 2, 1, 0, None])

    assert (
        'aria-label="Scores: Relevance 4, Results 3, Verifiability 2, Transferability 1,'
        ' Sustainability 0, Inclusion not scored; each out of 4"'
    ) in html
    assert 'class="strip flip"' in html


def test_the_strip_hatches_what_is_below_the_pass_line():
    html = render("{% strip scores %}", scores=[2, 1, 2, 2, 2, 2])

    assert re.findall(r'<path class="low" d="([^"]+)"', html) == ["M22 29v-7"]


def test_six_scores_are_expected_unless_each_is_named():
    with pytest.raises(ValueError, match="argument"):
        render("{% strip scores %}", scores=[2] * 7)
    assert "Speed 2" in render("{% strip scores %}", scores=[("Speed", 2)] * 7)


def test_the_seal_has_a_spoke_per_criterion_and_is_not_mirrored():
    html = render("{% seal scores %}", scores=[4, 3, 2, 1, 0, 2])

    assert html.count('<rect class="t"') == len(CRITERIA) == 6
    assert "flip" not in html
    assert re.findall(r"<text[^>]*>([^<]+)", html) == [str(c) for c in CRITERIA]


@pytest.mark.parametrize(("criteria", "drawn"), [(4, False), (5, True), (8, True), (9, False)])
def test_a_seal_is_drawn_for_five_to_eight_criteria(criteria, drawn):
    html = render("{% seal scores %}", scores=[(f"C{i}", 3) for i in range(criteria)])

    assert bool(html) is drawn


def test_pictures_write_numbers_for_machines_in_every_language():
    with translation.override("fr"):
        html = render("{% meter 2.5 %}")

    assert 'aria-label="2,5 ' in html
    assert "M78 10h18" in html


# --- Records


def test_a_record_escapes_everything_it_is_given():
    row = {
        "ref": EVIL,
        "title": EVIL,
        "url": '/x"><script>',
        "summary": EVIL,
        "meta": [EVIL, (EVIL, '"><script>')],
        "level": "documented",
        "scores": None,
    }

    html = render("{% record row %}", row=row)

    assert "<script>" not in html
    assert html.count("&lt;script&gt;alert") == 5


def test_a_record_in_another_language_says_so():
    row = {
        "ref": "S-1",
        "title": "Banques de lait",
        "url": "/",
        "summary": "Du lait.",
        "lang": "fr",
        "meta": [],
        "level": "validated",
        "scores": [3] * 6,
    }

    html = render("{% record row heading=2 %}", row=row)

    assert '<h2><a href="/" lang="fr" dir="auto">Banques de lait</a></h2>' in html
    assert '<p class="sum" lang="fr" dir="auto">Du lait.</p>' in html


def test_crumbs_take_a_list_or_labels_and_addresses():
    from_list = render("{% crumbs items %}", items=[("Solutions", "/s/"), ("S-1", "")])
    from_words = render('{% crumbs "Solutions" "/s/" "S-1" %}')

    assert from_list == from_words
    assert '<span aria-current="page">S-1</span>' in from_list
    assert words(from_list) == "Home Solutions S-1"


def test_crumbs_take_a_translated_label_for_one_label():
    assert words(render("{% crumbs here %}", here=gettext_lazy("Home"))) == "Home Home"


def page(number: int, of: int) -> object:
    return Paginator(range(of * 20), 20).page(number)


def test_the_pager_keeps_the_query_and_leaves_out_distant_pages():
    query = QueryDict("q=milk&sector=a&sector=b&page=7")

    html = render("{% pager page query %}", page=page(7, 20), query=query)

    assert re.findall(r'href="([^"]+)"', html) == [
        "?q=milk&amp;sector=a&amp;sector=b&amp;page=6",
        "?q=milk&amp;sector=a&amp;sector=b",
        "?q=milk&amp;sector=a&amp;sector=b&amp;page=6",
        "?q=milk&amp;sector=a&amp;sector=b&amp;page=8",
        "?q=milk&amp;sector=a&amp;sector=b&amp;page=20",
        "?q=milk&amp;sector=a&amp;sector=b&amp;page=8",
    ]
    assert words(html) == "Previous Page 1 … Page 6 Page 7 Page 8 … Page 20 Next 20 a page"


def test_the_pager_is_silent_about_a_single_page():
    assert render("{% pager page query %}", page=page(1, 1), query=QueryDict("")) == "\n"


def test_a_changed_query_starts_at_its_first_page():
    request = RequestFactory().get("/?sector=a&sector=b&sort=title&page=4")
    template = engines["django"].from_string('{% query_string sort="date" %}')

    assert template.render({}, request) == "?sector=a&amp;sector=b&amp;sort=date"


def test_a_query_with_nothing_left_is_still_an_address():
    assert with_query(QueryDict("page=2"), page=None) == "?"
    assert with_query(QueryDict("a=1"), a=["x", "y z"]) == "?a=x&a=y+z"


def test_chips_escape_and_name_what_they_remove():
    html = render("{% chips items '/' %}", items=[("Sector", EVIL, "?a=1&b=2")])

    assert "<script>" not in html
    assert 'href="?a=1&amp;b=2"' in html
    assert words(html).startswith("Showing: Sector &lt;script&gt;")
    assert "remove this filter" in html


def test_no_chips_no_row():
    assert render("{% chips items '/' %}", items=[]).strip() == ""


def test_a_long_facet_folds_what_is_neither_first_nor_ticked():
    options = [(f"v{i}", f"Option {i}", 12 - i, i == 11) for i in range(12)]

    html = render(
        "{% facet_group group limit=4 %}",
        group={"key": "sector", "name": "Sector", "options": options},
    )
    shown, folded = html.split("<details", 1)

    assert re.findall(r'value="(v\d+)"', shown) == ["v0", "v1", "v2", "v3", "v11"]
    assert 'value="v11" checked' in shown
    assert "7 more" in words(folded)
    assert 'width="100%"' in shown


def test_an_option_nobody_chose_stays_and_is_greyed():
    html = render(
        "{% facet_group g %}", g={"key": "k", "name": "N", "options": [("a", "A", 0, False)]}
    )

    assert '<label class="facet facet-0">' in html
    assert 'width="0%"' in html


# --- Text


@pytest.mark.parametrize(
    ("precision", "expected"),
    [
        ("year", '<time datetime="2013">2013</time>'),
        ("month", '<time datetime="2013-06">June 2013</time>'),
        ("day", '<time datetime="2013-06-03">3 June 2013</time>'),
        ("", '<time datetime="2013-06-03">3 June 2013</time>'),
    ],
)
def test_a_date_is_told_as_far_as_it_is_known(precision, expected):
    assert (
        render("{% when day precision %}", day=dt.date(2013, 6, 3), precision=precision) == expected
    )


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ("2012", "2012"),
        ("2012-07", "July 2012"),
        ("2012-07-10", "10 July 2012"),
        ("", "Not stated"),
    ],
)
def test_a_partial_date_is_told_as_far_as_it_goes(known, expected):
    html = render("{% when known %}", known=known)

    assert words(html) == expected
    assert not known or f'datetime="{known}"' in html


def test_an_instant_names_its_zone():
    instant = dt.datetime(2013, 6, 3, 14, 2, tzinfo=dt.UTC)

    assert words(render("{% when at %}", at=instant)) == "3 June 2013, 14:02 UTC"


def test_a_date_follows_the_language():
    with translation.override("fr"):
        assert words(render("{% when day %}", day=dt.date(2013, 6, 3))) == "3 juin 2013"


def test_an_unknown_precision_fails():
    with pytest.raises(ValueError, match="century"):
        render("{% when day 'century' %}", day=dt.date(2013, 6, 3))


@pytest.mark.parametrize(
    ("language", "expected"),
    [("fr", "Mexique"), ("zh-hans", "墨西哥"), ("ru", "Mexico"), ("en", "Mexico")],
)
def test_names_follow_the_language_and_fall_back_to_english(language, expected):
    names = {"en": "Mexico", "fr": "Mexique", "zh": "墨西哥", "ru": ""}

    with translation.override(language):
        assert render("{{ names|localized }}", names=names) == expected


def test_a_missing_fact_is_said_to_be_missing():
    html = render(
        "{% facts pairs %}", pairs=[("Cost", None), ("Staff", 0), ("Languages", ["a", "b"])]
    )

    assert words(html) == "Cost Not stated Staff 0 Languages a b"


def test_the_empty_state_can_stand_inside_a_loop():
    box = '{% nothing "None" %}<p>{{ x }}</p>{% endnothing %}'
    source = "{% for x in xs %}" + box + "{% empty %}-{% endfor %}"

    assert words(render(source, xs=[1, 2])) == "None 1 None 2"


def test_a_note_interrupts_only_when_it_answers_something():
    assert "role" not in render('{% note "stop" %}Late.{% endnote %}')
    assert 'role="alert"' in render('{% note "stop" live=True %}Not saved.{% endnote %}')
    with pytest.raises(KeyError):
        render('{% note "loud" %}x{% endnote %}')


def test_block_components_escape_variables_inside_them():
    html = render('{% note "ok" title=title %}{{ text }}{% endnote %}', title=EVIL, text=EVIL)

    assert "<script>" not in html
    assert html.count("&lt;script&gt;") == 2


# --- Forms


class Sample(forms.Form):
    """One field of each shape."""

    title = forms.CharField(max_length=20, help_text="In a few words.")
    change = forms.CharField(max_length=10, widget=forms.Textarea(attrs={"data-q": True}))
    who = forms.ChoiceField(choices=[("we", "We did"), ("no", "Nobody")], widget=forms.RadioSelect)
    who.option_hints = {"no": "You can still submit."}
    agree = forms.BooleanField(label="I agree")
    site = forms.URLField(required=False, assume_scheme="https")


def attribute(html: str, tag: str, name: str, attr: str) -> str | None:
    found = re.search(rf'<{tag}[^>]*\bname="{name}"[^>]*>', html)
    assert found, f"no {tag} {name}"
    value = re.search(rf'\b{attr}="([^"]*)"', found.group())
    return value.group(1) if value else None


def test_a_field_is_joined_to_its_hint_its_limit_and_its_error():
    form = Sample({"change": "far too long a text"})

    html = render("{{ form.title.as_field_group }}{{ form.change.as_field_group }}", form=form)

    for tag, name in (("input", "title"), ("textarea", "change")):
        described = (attribute(html, tag, name, "aria-describedby") or "").split()
        assert described, name
        assert all(f'id="{part}"' in html for part in described)
    assert (
        attribute(html, "input", "title", "aria-describedby") == "id_title_helptext id_title_error"
    )
    assert (
        attribute(html, "textarea", "change", "aria-describedby")
        == "id_change_count id_change_error"
    )
    assert attribute(html, "input", "title", "aria-invalid") == "true"
    assert '<span class="vh">Error: </span>' in html


def test_a_sound_field_claims_no_error():
    html = render("{{ form.title.as_field_group }}", form=Sample())

    assert "aria-invalid" not in html
    assert "field-bad" not in html
    assert "_error" not in html


def test_a_text_area_tells_its_limit_and_never_cuts_off():
    empty = render("{{ form.change.as_field_group }}", form=Sample())
    full = render("{{ form.change.as_field_group }}", form=Sample({"change": "x" * 12}))

    assert "maxlength" not in empty
    assert "Up to 10 characters" in words(empty)
    assert "12 of 10 characters" in words(full)
    assert "x" * 12 in full


def test_a_question_is_set_large_and_its_marker_stays_out_of_the_page():
    html = render("{{ form.change.as_field_group }}", form=Sample())

    assert '<label for="id_change" class="q">' in html
    assert "data-q" not in html


def test_radio_buttons_are_a_fieldset_with_hints():
    html = render("{{ form.who.as_field_group }}", form=Sample({}))

    assert html.count("<fieldset") == html.count("<legend") == 1
    assert 'aria-describedby="id_who_error"' in html
    assert "aria-invalid" not in html
    assert re.findall(r'<label class="opt" for="(id_who_\d)"', html) == ["id_who_0", "id_who_1"]
    assert "<small>You can still submit.</small>" in html


def test_only_optional_fields_are_marked_and_a_form_may_leave_it():
    form = Sample()
    assert "(optional)" in words(render("{{ form.site.as_field_group }}", form=form))
    assert "(optional)" not in words(render("{{ form.title.as_field_group }}", form=form))
    form.mark_optional = False
    assert "(optional)" not in words(render("{{ form.site.as_field_group }}", form=form))


def test_what_was_typed_comes_back_escaped():
    html = render("{{ form }}", form=Sample({"title": EVIL, "change": EVIL}))

    assert "<script>" not in html
    assert html.count("&lt;script&gt;") == 2


def test_the_error_summary_links_to_each_control():
    form = Sample({"site": "not an address"})

    html = render("{% error_summary form %}", form=form)

    assert "There are 5 things to fix" in words(html)
    targets = re.findall(r'href="#([^"]+)"', html)
    assert targets == ["id_title", "id_change", "id_who_0", "id_agree", "id_site"]
    whole = render("{{ form }}", form=form)
    assert all(f'id="{target}"' in whole for target in targets)
    assert 'role="alert"' in html
    assert 'tabindex="-1"' in html


def test_the_error_summary_counts_one_in_the_singular_and_escapes():
    html = render("{% error_summary extra=extra %}", extra=[(EVIL, "x"), (EVIL, "x")])

    assert words(html).startswith("There is 1 thing to fix")
    assert "<script>" not in html


def test_the_error_summary_reaches_into_formsets():
    formset = forms.formset_factory(Sample, extra=0)(
        {"form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "0", "form-0-title": "A"}
    )

    html = render("{% error_summary formset %}", formset=formset)

    assert re.findall(r'href="#([^"]+)"', html) == [
        "id_form-0-change",
        "id_form-0-who_0",
        "id_form-0-agree",
    ]


def test_there_is_no_summary_without_errors():
    assert render("{% error_summary form %}", form=Sample()) == ""


def test_steps_name_the_current_one_and_refuse_unknown_states():
    html = render(
        "{% steps items %}",
        items=[("Name", "/1", "done", ""), ("Problem", "/2", "now", "2 to fix")],
    )

    assert html.count('aria-current="step"') == 1
    assert 'href="/2"' not in html
    with pytest.raises(ValueError, match="half"):
        render("{% steps items %}", items=[("Name", "/1", "half", "")])


# --- Map


def test_the_projection_is_equal_earth_centred_on_eleven_east():
    """Against the projection's published extent: 2.7066 by 1.3174 radii either way."""
    centre, radius = (782, 403), 305.8365

    assert worldmap.project(11, 0) == centre
    assert worldmap.project(190.9999, 0)[0] == round(centre[0] + 2.70663 * radius)
    assert worldmap.project(11, 90)[1] == round(403.467 - 1.31736 * radius)
    east, west = worldmap.project(51, -30), worldmap.project(-29, -30)
    assert east[1] == west[1] > centre[1]
    assert abs((east[0] - 782.2882) + (west[0] - 782.2882)) <= 1


def test_dots_of_one_name_at_one_place_are_added_up():
    dots = worldmap.arrange(
        [
            worldmap.Dot("Mexico", "/mx", 284, 258, 2),
            worldmap.Dot("Mexico", "/mx", 286, 259, 1, pilot=True),
        ]
    )

    assert [(dot.label, dot.count, dot.pilot) for dot in dots] == [("Mexico", 3, True)]


def test_dots_and_names_do_not_cover_each_other():
    places = [("Singapore", 103.8, 1.3), ("Malaysia", 101.7, 3.1), ("Indonesia", 106.8, -6.2)]
    dots = worldmap.arrange(
        worldmap.Dot(name, "/", *worldmap.project(lon, lat)) for name, lon, lat in places * 2
    )

    assert len(dots) == 3
    for i, one in enumerate(dots):
        for other in dots[i + 1 :]:
            apart = ((one.x - other.x) ** 2 + (one.y - other.y) ** 2) ** 0.5
            assert apart >= one.radius + other.radius
    assert len({dot.name_at for dot in dots}) == 3


def test_every_dot_is_a_link_with_a_name():
    points = [
        {
            "label": "Fiji & co",
            "url": "/x?a=1&b=2",
            "lon": 178,
            "lat": -18,
            "count": 1,
            "pilot": False,
        },
        {"label": "Nigeria", "url": "/ng", "lon": 8, "lat": 9, "count": 0, "pilot": True},
    ]

    html = render("{% world_map points %}", points=points)

    assert '<a href="/x?a=1&amp;b=2" aria-label="Fiji &amp; co: 1 hub">' in html
    assert '<a href="/ng" aria-label="Nigeria: pilot">' in html
    assert 'role="group"' in html


# --- The whole system


def test_every_component_is_in_the_index_of_the_module():
    listed = set(re.findall(r"\b[a-z_]+\b", components.__doc__ or ""))

    names = set(components.register.tags) | set(components.register.filters)
    assert names <= listed


def html_templates() -> list[Path]:
    return [path for path in TEMPLATES.rglob("*.html") if "emails" not in path.parts]


def written(path: Path) -> str:
    """What a template writes itself, without the arguments of its tags (``one=…``)."""
    return re.sub(r"{%.*?%}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)


@pytest.mark.parametrize(
    "forbidden",
    [
        r"\sstyle\s*=",
        r"<style\b",
        r"\son[a-z]+\s*=",
        r"<script(?![^>]*\bsrc=)(?![^>]*application/(?:ld\+)?json)",
        r"javascript:",
    ],
)
def test_no_page_carries_inline_style_or_script(forbidden):
    offenders = [
        str(path.relative_to(TEMPLATES))
        for path in html_templates()
        if re.search(forbidden, written(path), re.IGNORECASE)
    ]

    assert offenders == []


@pytest.mark.parametrize("name", ["hub.css", "desk.css"])
def test_stylesheets_know_no_left_or_right(name):
    physical = re.compile(
        r"(?:^|[;{\s])(?:(?:margin|padding|border)-(?:left|right|top|bottom)[a-z-]*"
        r"|left|right|top|bottom|width|height|(?:min|max)-(?:width|height))\s*:"
        r"|text-align:\s*(?:left|right)|float:\s*(?:left|right)"
    )
    text = re.sub(r"/\*.*?\*/", "", (CSS / name).read_text(encoding="utf-8"), flags=re.DOTALL)
    text = re.sub(r"@(?:media|container)[^{]+", "", text)

    assert physical.findall(text) == []


def test_the_stylesheet_fits_its_share_of_the_page_budget():
    assert len(brotli.compress((CSS / "hub.css").read_bytes(), quality=11)) <= 13 * 1024


def test_the_error_page_of_last_resort_needs_nothing():
    bare = Engine(dirs=[str(TEMPLATES)], libraries={}, builtins=[])

    html = bare.get_template("500.html").render(Context())

    assert "Something broke on our side" in html
    assert Path(CSS / "hub.css").exists()
