"""The posts of a discussion as HTML, drawn without a template: a page holds fifty of them.

What repeats from post to post (words, icons, days, people) is worked out once for a page. Every
text that somebody typed is escaped here; the posts' own text comes cleaned (``threads.body_html``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.html import conditional_escape as escaped
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from community.choices import PostState
from core.plaintext import comma
from core.templatetags.components import icon, when

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable

    from community.models import Post
    from community.people import Seen
    from community.threads import Answered, Line

#: What stands in an address until it is known of which post.
ANY = "any"


class Drawing:
    """Draws the posts of one page for one reader.

    ``stay`` keeps a link on this page; ``token`` is the reader's own against forged forms;
    ``insight`` and ``moderate`` give what else stands with a post, where something does.
    """

    def __init__(
        self,
        *,
        stay: str,
        token: object,
        insight: Callable[[Line], str],
        moderate: Callable[[Line], str],
    ) -> None:
        self.stay, self._token = escaped(stay), token
        self.insight, self.moderate = insight, moderate
        self.flag_url = reverse("community:flag", args=["post", ANY])
        self.reply = icon("reply", "flip") + escaped(_("Reply"))
        self.useful = icon("check") + escaped(_("Useful"))
        self.link = icon("link") + escaped(_("Link"))
        self.edit = icon("edit") + escaped(_("Edit"))
        self.withdraw = icon("x") + escaped(_("Withdraw"))
        self.flag = escaped(_("Flag"))
        self._days: dict[dt.date, str] = {}
        self._heads: dict[int, tuple[str, str]] = {}

    @cached_property
    def token(self) -> str:
        """Asked for only where a form is: whoever gets one gets a cookie, too."""
        return escaped(str(self._token))

    def post(self, line: Line) -> SafeString:
        """One post, as an item of the list."""
        post = line.post
        number = post.number
        place = f'id="p{number}" value="{number}"'
        cls = "post post-in" if line.is_in else "post"
        if line.gap:
            gap, number_told = escaped(line.gap), f'<span class="num">#{number}</span>'
            return _safe(f'<li class="{cls} post-gap" {place}>{gap} {number_told}</li>')
        if line.told:
            cls += " post-held"
        picture, who = self._head(line.seen)
        told = f'<p class="told note note-wait">{escaped(line.told)}</p>\n' if line.told else ""
        answered = self._answered(line.answered, post) if line.answered else ""
        return _safe(
            f'<li class="{cls}" {place}>{picture}<header>{who}{self._about(line)}</header>\n'
            f'{told}{answered}<div class="prose" dir="auto">{line.html}</div>\n'
            f"{self.insight(line)}<footer>{self._ways(line)}</footer></li>"
        )

    def _head(self, seen: Seen | None) -> tuple[str, str]:
        """The square with initials, and the name with what is known of the person."""
        known = self._heads.get(id(seen))
        if known is not None or seen is None:
            return known or ("", "")
        name = f"<bdi>{escaped(seen.name)}</bdi>"
        who = (
            f'<a class="who" href="{escaped(seen.url)}">{name}</a>'
            if seen.url
            else f'<span class="who">{name}</span>'
        )
        if seen.organisation or seen.country:
            between = comma() if seen.organisation and seen.country else ""
            organisation = f"<bdi>{escaped(seen.organisation)}</bdi>"
            who += f'<span class="muted">{organisation}{between}{escaped(seen.country)}</span>'
        initials = escaped(seen.initials)
        picture = f'<span class="av" aria-hidden="true"><bdi>{initials}</bdi></span>'
        self._heads[id(seen)] = picture, who
        return picture, who

    def _about(self, line: Line) -> str:
        """When it was written, whether it was changed, and whether it is new to the reader."""
        post, number = line.post, f'<span class="vh"> #{line.post.number}</span>'
        told = f'<a href="{line.url}" rel="bookmark">{self._day(post.written_at)}{number}</a>'
        if post.edited_at:
            word = escaped(_("edited"))
            told += f'<a class="muted" href="{line.url}history/">{word}</a>'
        if line.is_new:
            word = escaped(_("New"))
            told += f'<span class="tag">{word}</span>'
        return told

    def _day(self, moment: dt.datetime) -> str:
        day = timezone.localtime(moment).date()
        if day not in self._days:
            self._days[day] = when(day, "day")
        return self._days[day]

    def _answered(self, answered: Answered, post: Post) -> str:
        url = escaped(answered.url)
        if answered.gone:
            words = escaped(_("In reply to another post."))
            return (
                f'<p class="quote-ref"><a href="{url}">{words}</a> {escaped(answered.gone)}</p>\n'
            )
        told = _("In reply to <bdi>%(name)s</bdi>") % {"name": escaped(answered.name)}
        number = f'<span class="vh"> #{answered.number}</span>'
        quote = f'<br><q dir="auto">{escaped(post.quote)}</q>' if post.quote else ""
        return f'<p class="quote-ref"><a href="{url}">{told}{number}</a>{quote}</p>\n'

    def _ways(self, line: Line) -> str:
        """What this reader can do with the post."""
        post, url = line.post, line.url
        number = f'<span class="vh"> #{post.number}</span>'
        ways = []
        if line.may_reply:
            ways.append(f'<a href="?{self.stay}reply={post.uid}#reply">{self.reply}{number}</a>')
        count = f' <span class="num">{post.useful}</span>'
        if line.may_mark:
            says, pressed = ("no", "true") if line.is_marked else ("yes", "false")
            ways.append(
                f'<form method="post" action="{url}useful/">'
                f'<input type="hidden" name="csrfmiddlewaretoken" value="{self.token}">'
                f'<input type="hidden" name="useful" value="{says}">'
                f'<button aria-pressed="{pressed}">{self.useful}{count}</button></form>'
            )
        elif post.useful:
            ways.append(f'<span class="still">{self.useful}{count}</span>')
        if line.is_shown:
            ways.append(f'<a href="{url}">{self.link}{number}</a>')
        if line.may_change:
            ways.append(f'<a href="{url}edit/">{self.edit}</a>')
            ways.append(f'<a href="{url}withdraw/">{self.withdraw}</a>')
        if post.state == PostState.SHOWN and not line.is_own:
            which = escaped(_("post %(number)d") % {"number": post.number})
            flag_url = self.flag_url.replace(ANY, post.uid)
            ways.append(
                f'<a href="{flag_url}" rel="nofollow">{self.flag}'
                f'<span class="vh">: {which}</span></a>'
            )
        return "".join(ways) + self.moderate(line)


def _safe(html: str) -> SafeString:
    return mark_safe(html)  # noqa: S308 (all that somebody typed was escaped or cleaned before)
