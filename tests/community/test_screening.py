"""What goes out at once, what a moderator reads first, and how trust follows from facts.

Every text is made up.
"""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
from django.core import signing
from django.utils import timezone, translation

from accounts.models import User
from community.choices import PostState, SanctionKind, Trust
from community.forms.trap import SALT, Trapped
from community.models import Decision, Discussion, Member, Post, Sanction, UsefulMark
from community.models.members import forget_member
from community.operations import discussing, moderating
from community.queue import waiting_for
from community.screening import (
    AN_HOUR,
    digest_of,
    is_hard_to_read,
    links_in,
    meaning_of,
    renew_trust,
    standing_of,
    trust_of,
)
from core.errors import DomainError
from tests.community.factories import make_discussion, make_member, make_post
from tests.factories import make_user

pytestmark = pytest.mark.django_db
NOW = timezone.now()


def days_ago(n: float) -> dt.datetime:
    return timezone.now() - dt.timedelta(days=n)


def said(user: User, discussion: Discussion, ages: list[float], state: str = "shown") -> list[Post]:
    """Posts of so many days ago, put there without asking the screen."""
    last = discussion.posts.order_by("-number").first()
    number = last.number if last else 0
    rows = Post.objects.bulk_create(
        Post(
            discussion=discussion,
            number=number + n,
            author=user,
            body=f"<p>Said {n}</p>",
            state=state,
            written_at=days_ago(age),
            shown_at=days_ago(age) if state != PostState.HELD else None,
        )
        for n, age in enumerate(ages, 1)
    )
    Discussion.objects.filter(pk=discussion.pk).update(last_number=number + len(rows))
    return rows


def joined(user: User, days: float, trust: str = Trust.NEW) -> None:
    Member.objects.filter(user=user).update(joined_at=days_ago(days), trust=trust)
    forget_member(user)


@pytest.fixture
def discussion() -> Discussion:
    return make_discussion()


@pytest.fixture
def moderator() -> User:
    return make_user(is_staff=True)


# --- Trust -----------------------------------------------------------------------------------

#: Ages of posts shown, of posts hidden, marks of known members, measures with their age, days as
#: a member: and the level that follows.
MANY = [60, 50, 40, 30, 20, 15, 14, 13, 12, 11, 10, 9]
EXAMPLES: dict[str, tuple[list[float], list[float], int, list[tuple[str, float]], int, Trust]] = {
    "nothing yet": ([], [], 0, [], 1, Trust.NEW),
    "two posts on two days": ([2, 1], [], 0, [], 9, Trust.NEW),
    "three posts on one day": ([1, 1, 1], [], 0, [], 9, Trust.NEW),
    "three posts on two days": ([2, 1, 1], [], 0, [], 9, Trust.KNOWN),
    "many posts no one marked": (MANY, [], 4, [], 90, Trust.KNOWN),
    "many posts, marked by five": (MANY, [], 5, [], 90, Trust.TRUSTED),
    "many posts, marked, here a week": (MANY, [], 5, [], 7, Trust.KNOWN),
    "trusted with one hidden post": (MANY, [8], 5, [], 90, Trust.KNOWN),
    "trusted with two hidden posts": (MANY, [8, 7], 5, [], 90, Trust.NEW),
    "known with one hidden post": ([9, 8, 7], [6], 0, [], 30, Trust.NEW),
    "three good posts since the hidden one": ([9, 8, 7, 3, 2, 1], [6], 0, [], 30, Trust.KNOWN),
    "hidden long ago": ([9, 8, 7], [300], 0, [], 400, Trust.KNOWN),
    "trusted and warned": (MANY, [], 5, [("warning", 5)], 90, Trust.KNOWN),
    "known and warned": ([9, 8, 7], [], 0, [("warning", 5)], 30, Trust.NEW),
    "warned long ago": (MANY, [], 5, [("warning", 300)], 400, Trust.TRUSTED),
    "checked again": (MANY, [], 5, [("checked", 300)], 400, Trust.NEW),
    "banned long ago": (MANY, [], 5, [("ban", 300)], 400, Trust.NEW),
}


@pytest.mark.parametrize("case", EXAMPLES)
def test_trust_follows_from_facts(case: str, discussion: Discussion) -> None:
    shown, hidden, marks, measures, days, expected = EXAMPLES[case]
    user = make_member(trust=Trust.NEW)
    joined(user, days)
    posts = said(user, discussion, shown)
    said(user, discussion, hidden, PostState.HIDDEN)
    for n in range(marks):
        UsefulMark.objects.create(post=posts[n % len(posts)], user=make_member())
    for kind, age in measures:
        Sanction.objects.create(user=user, kind=kind, ground="spam", decided_at=days_ago(age))

    assert trust_of(user) == expected
    renew_trust(user)
    assert renew_trust(user) is None
    assert Member.objects.get(user=user).trust == expected


def test_marks_of_new_members_and_what_was_undone_count_for_nothing(
    discussion: Discussion, moderator: User
) -> None:
    user = make_member(trust=Trust.NEW)
    joined(user, 90)
    posts = said(user, discussion, MANY)
    for post in posts[:6]:
        UsefulMark.objects.create(post=post, user=make_member(trust=Trust.NEW))
    lifted = Sanction.objects.create(user=user, kind="ban", ground="spam", lifted_at=NOW)

    assert trust_of(user) == Trust.KNOWN
    assert lifted.lifted_at


def test_trust_changes_in_the_operation_that_changes_the_facts(
    discussion: Discussion, moderator: User
) -> None:
    user = make_member(trust=Trust.NEW)
    said(user, discussion, [3, 2])

    def level() -> str:
        return Member.objects.get(user=user).trust

    third = make_post(discussion, by=user)
    assert (third.state, level()) == (PostState.SHOWN, Trust.KNOWN)
    decision = moderating.decide(third, "hide", by=moderator, ground="spam", reason="Sold pumps")
    assert level() == Trust.NEW
    moderating.decide(third, "restore", by=moderator)
    decision.refresh_from_db()
    assert (level(), decision.undone_at is not None) == (Trust.KNOWN, True)
    measure = moderating.sanction(user, "warning", by=moderator, ground="spam", reason="Again")
    assert level() == Trust.NEW
    moderating.lift(measure, by=moderator)
    assert level() == Trust.KNOWN


def test_a_mark_of_the_fifth_known_member_makes_somebody_trusted(discussion: Discussion) -> None:
    user = make_member(trust=Trust.KNOWN)
    joined(user, 90, Trust.KNOWN)
    posts = said(user, discussion, MANY)
    for n in range(5):
        assert Member.objects.get(user=user).trust == Trust.KNOWN
        discussing.mark_useful(posts[n], by=make_member(), useful=True)

    assert Member.objects.get(user=user).trust == Trust.TRUSTED
    assert Member.objects.get(user=user).trusted_since


def test_what_is_missing_is_said_in_words(discussion: Discussion) -> None:
    user = make_member(trust=Trust.NEW)
    said(user, discussion, [2, 1])

    assert standing_of(user).missing() == ["1 more post that is shown."]
    said(user, discussion, [1])
    missing = standing_of(user).missing()
    assert "5 more known members who find a post of yours useful." in missing
    assert all(str(meaning_of(trust)) for trust in Trust)


@pytest.mark.parametrize("n", [1, 12])
def test_standing_costs_the_same_however_much_was_written(
    n: int, discussion: Discussion, django_assert_num_queries: Any
) -> None:
    user = make_member()
    said(user, discussion, [float(age) for age in range(1, n + 1)])
    with django_assert_num_queries(5):
        standing_of(user)


# --- Genuine and not --------------------------------------------------------------------------

GENUINE = [
    "We asked the users who pays for the pump. They pay by the bucket.",
    "In our district the committee meets every market day.",
    "Has anybody tried to keep the records on paper first?",
    "The second year was harder than the first: two members left.",
    "Our mistake was to train one person only.",
    "Thank you, this helps.",
    "We changed the tariff in 2019 and lost a third of the users.",
    "What did the ministry say about the budget line?",
    "I work in a small hub with four people. How do you find peers?",
    "The report was read by nobody until we made it one page.",
    "Nous avons demandé aux usagers qui paie la pompe.",
    "El comité se reúne los domingos después de la misa.",
    "سألنا المستخدمين من يدفع ثمن المضخة",
    "我们问了用户谁为水泵付钱,他们按桶付费,每个月结算一次。",
    "เราถามผู้ใช้ว่าใครจ่ายค่าปั๊มน้ำ พวกเขาจ่ายเป็นถัง ทุกเดือนเราประชุมกัน",
    "हमने उपयोगकर्ताओं से पूछा कि पंप के लिए कौन भुगतान करता है।",
    "Мы спросили пользователей, кто платит за насос.",
    "Tulikutana na watumiaji kila mwezi kwa mwaka mmoja.",
    "Our handbook is at https://wells.example/handbook and free to use.",
    "You can write to me at kim@valley.example about the form.",
    "The figures: 14 wells, 9 working, 3 under repair, 2 given up.",
    "Yes.",
    "We did the same in the north, with a different result: costs doubled.",
    "Is there a template for the agreement with the municipality?",
    "@ana-b asked about repairs; ours take eleven days on average.",
    "It failed. The reason was that the spare parts came from abroad.",
    "How long did your pilot run before you counted anything?",
    "We lend the tools for a week against a signature. Two of forty were lost.",
    "My first post here: I keep a register of 300 springs in the hills.",
    "Beginner's question: what is meant by demand-driven exchange?",
]
SPAM = [
    "Cheap pills https://pills.example/buy now",
    "Visit www.best-casino.example and win",
    "Best loans at loans-4-you.com call today",
    "WhatsApp me +1 555 010 7788 for investment",
    "Earn 5000 a week, telegram @quick_money",
    "Click <a href='https://click.example/x'>here</a> for a prize",
    "Buy followers at follower dot com",
    "Rolex watches rolex[dot]shop 80% off",
    "Write to deals@cheap.example for a list",
    "FREE!!!!!!!!!!!!!!!!!!!!!!!!!!! tickets",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "Zalgo e" + "\u0301\u0302\u0303\u0304" * 5 + " text",
    "x" * 200,
    "Hot offers http://1.example http://2.example http://3.example",
    "Nice post! See bit.ly.click/3x and share",
    "I was poor until http://rich.example changed my life",
    "SEO services, mail seo@rank.example",
    "Crypto doubling: send to wallet via t.me",
    "Essay writing at essays24.online, top grades",
    "Forex signals, phone (555) 010-2233-44",
    "Погашу кредит на kredit-24.ru",
    "Meilleur casino sur www.casino.example",
    "Compra barato en tienda.shop",
    "Replica bags http://bags.example",
    "Join my channel wechat id 55501",
    "Get visa fast at visa-now.info",
    "Limited offer https://offer.example/?ref=5",
    "Herbal cure, order +44 20 7946 0000",
    "My page hxxp but also http://real.example",
    "Lucky draw: lucky.xyz",
]


@pytest.mark.parametrize("place", range(len(GENUINE)))
def test_a_genuine_first_post_reaches_a_moderator_and_its_author_sees_it(
    place: int, discussion: Discussion, moderator: User
) -> None:
    author = make_member(trust=Trust.NEW)

    post = make_post(discussion, by=author, body=f"<p>{GENUINE[place]}</p>")

    assert post.state == PostState.HELD
    assert post.held_because
    assert ("post", post.pk) in [row[:2] for row in waiting_for(moderator)]
    assert post in discussion.posts.readable_by(author)
    assert post.text_for(author)
    assert not post.text_for(make_member())


@pytest.mark.parametrize("place", range(len(SPAM)))
def test_spam_reaches_no_reader_unread(place: int, discussion: Discussion) -> None:
    stranger, settled = make_member(trust=Trust.NEW), make_member(trust=Trust.NEW)
    # The second had one harmless post released before.
    said(settled, discussion, [1])

    for author in (stranger, settled):
        post = make_post(discussion, by=author, body=f"<p>{SPAM[place]}</p>")
        assert post.state == PostState.HELD, SPAM[place]
        assert post.held_because


def test_after_the_first_release_plain_posts_go_out_at_once(
    discussion: Discussion, moderator: User
) -> None:
    author = make_member(trust=Trust.NEW)
    first = make_post(discussion, by=author)
    assert make_post(discussion, by=author).state == PostState.HELD

    moderating.decide(first, "release", by=moderator)

    plain = [text for text in GENUINE if not links_in(text) and "@valley" not in text]
    assert make_post(discussion, by=author, body=plain[0]).state == PostState.SHOWN
    linked = make_post(discussion, by=author, body="<p>See https://wells.example</p>")
    assert (linked.state, linked.held_because) == (PostState.HELD, "links from a new member")


def test_why_a_post_waits_is_kept_for_readers_of_every_language(discussion: Discussion) -> None:
    with translation.override("ar"):
        held = make_post(discussion, by=make_member(trust=Trust.NEW))

    assert held.held_because == "first post of a new member"


def test_a_refused_first_post_leaves_the_next_one_held(
    discussion: Discussion, moderator: User
) -> None:
    author = make_member(trust=Trust.NEW)
    said(author, discussion, [2])
    bad = make_post(discussion, by=author, body="<p>See https://wells.example</p>")
    moderating.decide(bad, "refuse", by=moderator, ground="spam", reason="Only a link")

    assert make_post(discussion, by=author).state == PostState.HELD


def test_the_same_text_within_a_day_is_held_whoever_sends_it_and_however_it_is_set(
    discussion: Discussion,
) -> None:
    text = (
        "Our valley has the best pumps of all valleys and everybody should come and see the pumps"
    )
    make_post(discussion, body=f"<p>{text}</p>")

    again = make_post(discussion, body=f"<p><strong>{text.upper()}</strong></p>")
    assert (again.state, again.held_because) == (
        PostState.HELD,
        "the same text was posted within a day",
    )
    Post.objects.exclude(digest="").update(written_at=days_ago(1.1))
    assert make_post(discussion, body=f"<p>{text}</p>").state == PostState.SHOWN


def test_short_words_everybody_says_and_what_one_took_back_may_be_said_again(
    discussion: Discussion,
) -> None:
    text = (
        "Our committee met on market day and decided to ask the users first, then the municipality."
    )
    author = make_member()
    mine = make_post(discussion, by=author, body=text)
    discussing.move_post(mine, "withdraw_post", by=author)

    assert make_post(discussion, by=author, body=text).state == PostState.SHOWN
    assert make_post(discussion, body="<p>Thank you.</p>").state == PostState.SHOWN
    assert make_post(discussion, body="<p>Thank you.</p>").state == PostState.SHOWN
    assert digest_of("<p>Thank you.</p>") == ""


def test_known_members_may_link_and_many_links_are_read_first(discussion: Discussion) -> None:
    few = " ".join(f"https://wells.example/{n}" for n in range(5))
    many = " ".join(f"https://wells.example/{n}" for n in range(6))
    trusted = make_member(trust=Trust.TRUSTED)

    assert make_post(discussion, body=f"<p>{few}</p>").state == PostState.SHOWN
    assert make_post(discussion, body=f"<p>{many}</p>").held_because == "many links"
    assert make_post(discussion, by=trusted, body=f"<p>{many} x</p>").state == PostState.SHOWN


def test_writing_that_stacks_marks_or_joins_words_is_no_noise() -> None:
    for text in (*GENUINE[10:18], "བོད་སྐད་ཀྱི་ཚིག་", "בְּרֵאשִׁית בָּרָא", "wow!!! 1000000"):
        assert not is_hard_to_read(text), text
    assert is_hard_to_read("e" + "\u0301" * 5000)


def test_a_member_who_is_checked_again_is_held_whatever_they_send(discussion: Discussion) -> None:
    author = make_member(trust=Trust.TRUSTED)
    Sanction.objects.create(user=author, kind=SanctionKind.CHECKED, ground="spam", reason="x")
    forget_member(author)

    assert make_post(discussion, by=author).held_because == "contributions are checked again"


# --- How many ------------------------------------------------------------------------------------


@pytest.mark.parametrize("trust", list(Trust))
def test_one_more_than_an_hour_takes_is_refused_with_the_time_it_goes_on(
    trust: Trust, discussion: Discussion, monkeypatch: pytest.MonkeyPatch
) -> None:
    author = make_member(trust=trust)
    said(author, discussion, [1 / 48] * AN_HOUR[trust])
    noon = timezone.now()

    with pytest.raises(DomainError) as refusal:
        make_post(discussion, by=author)

    assert refusal.value.code == "rate"
    assert str(AN_HOUR[trust]) in str(refusal.value)
    assert "UTC" in str(refusal.value)
    monkeypatch.setattr(timezone, "now", lambda: noon + dt.timedelta(minutes=31))
    assert make_post(discussion, by=author).pk


def test_changes_are_counted_by_themselves(discussion: Discussion) -> None:
    author = make_member()
    said(author, discussion, [1 / 48] * (AN_HOUR[Trust.KNOWN] - 1))
    post = make_post(discussion, by=author)

    for n in range(AN_HOUR[Trust.KNOWN] - 1):
        discussing.change_post(post, by=author, body=f"<p>Version {n}</p>", base=n)
    with pytest.raises(DomainError) as refusal:
        discussing.change_post(post, by=author, body="<p>One more</p>", base=n + 1)
    assert refusal.value.code == "rate"
    post.refresh_from_db()
    assert post.revision == n + 1


def test_a_shown_post_that_gets_a_link_is_read_first_and_the_same_text_is_no_repetition(
    discussion: Discussion,
) -> None:
    author = make_member(trust=Trust.NEW)
    said(author, discussion, [1])
    text = (
        "We asked the users who pays for the pump, and they told us: we do, by the bucket, daily."
    )
    post = make_post(discussion, by=author, body=text)
    assert post.state == PostState.SHOWN

    post = discussing.change_post(post, by=author, body=f"<p>{text}</p>!", base=0)
    assert post.state == PostState.SHOWN
    post = discussing.change_post(post, by=author, body="See https://wells.example", base=1)
    assert (post.state, post.held_because) == (PostState.HELD, "links from a new member")


# --- What forms notice ----------------------------------------------------------------------------


def trapped(**data: str) -> Trapped:
    return Trapped(data)


def began(seconds: int) -> str:
    return signing.dumps(int(timezone.now().timestamp()) - seconds, salt=SALT)


def test_forms_notice_programs_and_never_people() -> None:
    assert trapped(website="http://x", began=began(60)).noticed()
    assert trapped(began=began(1)).noticed()
    assert not trapped(began=began(30)).noticed()
    assert not trapped(began=began(90_000)).noticed()
    assert not trapped().noticed()
    assert not trapped(began="forged").noticed()
    first = trapped(began=began(30))
    assert str(first.data["began"]) in str(first.trap)


def test_what_a_form_noticed_holds_a_new_member_and_drops_nothing(discussion: Discussion) -> None:
    author = make_member(trust=Trust.NEW)
    said(author, discussion, [1])

    post = discussing.write_post(
        discussion, by=author, body="Quick", form_key=uuid.uuid4(), noticed="sent within seconds"
    )
    known = discussing.write_post(
        discussion, by=make_member(), body="Fast", form_key=uuid.uuid4(), noticed="sent within"
    )

    assert (post.state, post.held_because) == (PostState.HELD, "sent within seconds")
    assert known.state == PostState.SHOWN
    assert not Decision.objects.exists()
