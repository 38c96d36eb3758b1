"""Every check that there is: its name, whether it stops an edition, and why it matters."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Check:
    """One check. `blocking`: what it finds stops an edition, and nobody can override it.

    `why` says in plain words why it matters to readers; `group` is what pages list it under.
    """

    name: str
    title: str
    blocking: bool
    why: str
    group: str


_STOPS, _ADVICE = True, False


def _group(group: str, *rows: tuple[str, str, bool, str]) -> tuple[Check, ...]:
    return tuple(Check(name, title, blocking, why, group) for name, title, blocking, why in rows)


CHECKS = (
    *_group(
        "Who writes, and how to object",
        ("unsubscribe", "Unsubscribe link", _STOPS, "The law gives every reader a way to object, in the HTML and in the plain text."),
        ("identity", "Who writes", _STOPS, "The law asks every message to say who sends it."),
        ("sender", "A sender people recognise", _ADVICE, "People open what comes from a name they know, and want to be able to answer it."),
    ),
    *_group(
        "Subject and preview",
        ("subject-empty", "Subject is not empty", _STOPS, "An email without a subject looks like spam, and is treated so."),
        ("subject-length", "Subject length", _ADVICE, "Phones show about 60 characters; the end of a longer subject is not seen. Judged with the longest value of the audience."),
        ("preview", "Preview text", _ADVICE, "Inboxes show it beside the subject. Without one they show whatever comes first, and of a long one only the beginning."),
    ),
    *_group(
        "The copy is finished",
        ("to-be-written", "Nothing left to be written", _STOPS, "A new file says in [[ ]] what its author has to put there; nobody may be sent that."),
    ),
    *_group(
        "What is printed about the reader",
        ("missing-value", "Missing values", _STOPS, "A reader whose detail is not known would see a gap, such as “Dear ,”."),
        ("slot-bytes", "Size of one reader’s values", _STOPS, "SendGrid refuses a message with more than 10,000 bytes of values for one reader; we stop well before."),
    ),
    *_group(
        "Links",
        ("link-unsafe", "Links are safe", _STOPS, "Only https and mailto links are sent. Anything else may lead readers, or their details, astray."),
        ("link-known-bad", "No shortened or known bad links", _STOPS, "A shortener hides where a link leads, and mail filters distrust messages with one."),
        ("link-look-alike", "No look-alike addresses", _STOPS, "An address that only looks like one our readers trust is how people are tricked. It may be a slip of the pen."),
        ("link-reach", "Links answer", _ADVICE, "A link that leads to an error wastes the reader’s time. Looked at only when asked, since a website may be down for a moment."),
        ("link-empty", "Every link has text", _STOPS, "Somebody who listens to the message hears nothing where the link is."),
        ("link-text", "Link text says where it leads", _ADVICE, "People who use a screen reader often hear the links alone, one after the other."),
        ("link-count", "Not too many links", _ADVICE, "Readers do not know what to choose, and mail filters take long lists of links for spam."),
    ),
    *_group(
        "The email’s HTML",
        ("html-valid", "The HTML is valid", _STOPS, "Each mail program mends broken HTML in its own way, and some show nothing of it."),
        ("support", "Mail programs understand it", _ADVICE, "Mail programs leave out what they do not know. Held against a list of our own of what is widely taken."),
        ("html-size", "Size of the HTML", _STOPS, "Gmail cuts a message off after 102 KB, and the unsubscribe link with it."),
        ("line-length", "Length of lines", _STOPS, "Mail servers may break or refuse a line over 998 bytes."),
        ("hidden-text", "No hidden text", _STOPS, "Text that readers cannot see is what spammers do, and filters look for it."),
    ),
    *_group(
        "Reading it in every way",
        ("language", "Its language is said", _STOPS, "A screen reader needs to know which language to speak."),
        ("title", "It has a title", _STOPS, "A screen reader and a browser’s tab say it first."),
        ("headings", "One main heading, and the others in order", _ADVICE, "People who listen find their way by headings, from the one of level 1 down."),
        ("alt-text", "Images have text", _STOPS, "Many people see no images: they listen, or their mail program leaves images out."),
        ("alt-words", "The text of an image is of use", _ADVICE, "A file’s name, or “image of”, says nothing about what the image shows."),
        ("contrast-light", "Contrast, light", _STOPS, "Text must stand out from its ground by 4.5 to 1, and large text by 3 to 1. Worked out from the colours of the finished email."),
        ("contrast-dark", "Contrast, dark", _STOPS, "The same, for people whose device shows light text on a dark ground."),
    ),
    *_group(
        "Plain text",
        ("text-empty", "The plain text is not empty", _STOPS, "Some people and programs read only the plain text."),
        ("text-links", "The plain text has the same links", _STOPS, "Whoever reads the plain text must be able to do the same things."),
        ("text-leftovers", "Nothing of the writing’s marks is left", _STOPS, "Tags, entities, template code and broken links would be read as they stand."),
    ),
    *_group(
        "Words",
        ("reading-age", "Reading age", _ADVICE, "The NHS writes for a reading age of 9 to 11. It is faster to read for everybody. Worked out from the length of words and sentences; names that readers know count as short."),
        ("reading-age-high", "Reading age, far too high", _ADVICE, "Over 14, many readers give up. This should be mended before anybody approves it."),
        ("words", "Words to avoid", _ADVICE, "Some words hurt or lump people together; others are harder than they need be."),
        ("spam", "What spam looks like", _ADVICE, "Capital letters, strings of exclamation marks, talk of money and images with little text send a message to junk."),
        ("look-alike-letters", "No letters that look like others", _ADVICE, "A word that mixes alphabets looks right and is not: screen readers stumble and filters suspect it."),
        ("hidden-letters", "No letters that cannot be seen", _STOPS, "Letters that print nothing or turn text about can make a message say something else than it shows."),
    ),
)  # fmt: skip
"""Every check, in the order in which pages list them."""

BY_NAME = {one.name: one for one in CHECKS}
