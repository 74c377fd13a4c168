"""What the posts of a discussion look like to the browser: nothing anybody typed becomes markup."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from accounts.models import Audience
from community.models import Post
from tests.community.factories import make_discussion, make_member, make_post

if TYPE_CHECKING:
    from django.test import Client

pytestmark = pytest.mark.django_db
HOSTILE = '<b onclick="x">&\'"</b>'


def test_names_places_and_quotations_are_words_and_no_markup(client: Client) -> None:
    author = make_member()
    author.name = HOSTILE
    author.save()
    profile = author.profile
    profile.organisation, profile.name_audience = HOSTILE, Audience.PUBLIC
    profile.audiences = {"organisation": Audience.PUBLIC}
    profile.save()
    discussion = make_discussion(by=author)
    second = make_post(discussion, reply_to=discussion.posts.get())
    Post.objects.filter(pk=second.pk).update(quote=HOSTILE)

    page = client.get(discussion.get_absolute_url()).content.decode()

    assert "<b onclick" not in page
    assert page.count("&lt;b onclick=&quot;x&quot;&gt;&amp;&#x27;&quot;&lt;/b&gt;") == 4


def test_each_post_has_its_number_its_address_and_the_ways_of_a_stranger(client: Client) -> None:
    discussion = make_discussion()
    second = make_post(discussion)

    page = client.get(discussion.get_absolute_url()).content.decode()

    item = re.search(r'<li class="post" id="p2" value="2">.*?</li>', page, re.DOTALL)
    assert item is not None
    links = re.findall(r'href="([^"]+)"', item[0].partition("<footer>")[2])
    root = f"/community/posts/{second.uid}/"
    assert links == [second.get_absolute_url(), f"/community/flag/post/{second.uid}/"], root
    assert "csrfmiddlewaretoken" not in item[0]
    assert "csrftoken" not in client.cookies


def test_what_was_withdrawn_leaves_its_number_and_why(client: Client) -> None:
    discussion = make_discussion()
    second = make_post(discussion, body="<p>Never mind.</p>")
    second.withdraw_post(by=second.author)

    page = client.get(discussion.get_absolute_url()).content.decode()

    assert Post.objects.get(pk=second.pk).state == "withdrawn"
    assert (
        '<li class="post post-gap" id="p2" value="2">Its author withdrew this post.'
        ' <span class="num">#2</span></li>' in page
    )
    assert "Never mind." not in page
