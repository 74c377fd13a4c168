"""The icon set: one drawing per name, on a 20 px grid with a 1.6 px stroke.

Icons always stand beside a word, so they are hidden from assistive technology. Use them through
the ``icon`` template tag; an unknown name raises there, so a misspelling fails in the first test.
"""

from __future__ import annotations

ICONS: dict[str, str] = {
    "search": '<circle cx="8.5" cy="8.5" r="5.5"/><path d="m13 13 5 5"/>',
    "lang": '<circle cx="10" cy="10" r="7.5"/>'
    '<path d="M2.5 10h15M10 2.5c5 4.5 5 10.5 0 15M10 2.5c-5 4.5-5 10.5 0 15"/>',
    "display": '<circle cx="10" cy="10" r="7"/>'
    '<path d="M10 3a7 7 0 0 1 0 14z" fill="currentColor"/>',
    "user": '<circle cx="10" cy="6.5" r="3.5"/><path d="M3 18c.5-4 3-6 7-6s6.5 2 7 6"/>',
    "people": '<circle cx="7" cy="7" r="3"/><path d="M1.5 17c.4-3.6 2.3-5 5.5-5s5.1 1.4 5.5 5'
    'M12.5 4.2a3 3 0 0 1 0 5.6M15 12.4c2.1.5 3.2 2 3.5 4.6"/>',
    "arrow": '<path d="M3 10h13M11 5l5 5-5 5"/>',
    "back": '<path d="M17 10H4M9 5l-5 5 5 5"/>',
    "up": '<path d="M10 17V4M5 9l5-5 5 5"/>',
    "dash": '<path d="M4 10h12"/>',
    "plus": '<path d="M4 10h12M10 4v12"/>',
    "x": '<path d="m5 5 10 10M15 5 5 15"/>',
    "check": '<path d="m3.5 10.5 4 4 9-9"/>',
    "filter": '<path d="M2 5h16M5 10h10M8 15h4"/>',
    "doc": '<path d="M4.5 2.5h7l4 4v11h-11zM11.5 2.5v4h4"/><path d="M7 11h6M7 14h6"/>',
    "data": '<path d="M3 17V9M8 17V3M13 17v-6M18 17H2"/>',
    "video": '<path d="M2.5 5h10v10h-10zM12.5 9l5-3v8l-5-3"/>',
    "audio": '<path d="M3 8v4h3l5 4V4L6 8zM14 7c1.5 2 1.5 4 0 6"/>',
    "clock": '<circle cx="10" cy="10" r="7.5"/><path d="M10 5.5V10l3 2"/>',
    "cal": '<path d="M3 4.5h14v13H3zM3 8.5h14M7 2v4M13 2v4"/>',
    "bell": '<path d="M4 14.5c1.5-1.5 1-4 1.5-6 .6-2.5 2-4 4.5-4s4 1.5 4.5 4'
    'c.5 2 0 4.5 1.5 6zM8.5 17.5h3"/>',
    "mail": '<path d="M2.5 4.5h15v11h-15zM3 5l7 6 7-6"/>',
    "reply": '<path d="M8 5 3 10l5 5M3 10h9c3 0 5 2 5 6"/>',
    "flag": '<path d="M4.5 18V3h10l-2 3.5 2 3.5h-10"/>',
    "warn": '<path d="M10 2.5 18.5 17h-17zM10 8v4.5M10 14.5v.5"/>',
    "stop": '<circle cx="10" cy="10" r="7.5"/><path d="M10 5.5v6M10 13.7v.6"/>',
    "info": '<circle cx="10" cy="10" r="7.5"/><path d="M10 9v5.5M10 5.7v.6"/>',
    "late": '<circle cx="10" cy="10" r="7.5"/><path d="m6.5 10.5 2.5 2.5 4.5-5M15 2l3 3"/>',
    "down": '<path d="M10 3v10M5.5 9l4.5 4.5L14.5 9M3 17h14"/>',
    "link": '<path d="M8 12l4-4M9 6l2-2c3-3 7.5 1.5 4.5 4.5l-2 2'
    'M11 14l-2 2C6 19 1.5 14.5 4.5 11.5l2-2"/>',
    "star": '<path d="M10 2.5v15M3.5 6.25l13 7.5M16.5 6.25l-13 7.5"/>',
    "pin": '<path d="M10 18C6 13 4.5 10.5 4.5 8a5.5 5.5 0 0 1 11 0c0 2.5-1.5 5-5.5 10z"/>'
    '<circle cx="10" cy="8" r="1.8"/>',
    "pct": '<circle cx="10" cy="10" r="7.5"/><path d="M10 2.5v7.5l6 4.5"/>',
    "lock": '<path d="M4.5 9h11v8.5h-11zM6.5 9V6.5a3.5 3.5 0 0 1 7 0V9"/>',
    "edit": '<path d="M3.5 16.5V13L13 3.5l3.5 3.5L7 16.5zM11 5.5 14.5 9"/>',
    "history": '<path d="M3 10a7 7 0 1 0 2.2-5.1L3 7M3 2.5V7h4.5M10 6v4.2l3 1.8"/>',
    "print": '<path d="M5.5 7V2.5h9V7M5.5 14.5h-3V7h15v7.5h-3M5.5 11.5h9v6h-9z"/>',
    "exit": '<path d="M8 3H3v14h5M8 10h9M13 6l4 4-4 4"/>',
}
