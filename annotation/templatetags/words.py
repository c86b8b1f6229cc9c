"""Words within sentences, and sentences that workers stored, for templates."""

from django import template
from django.utils.html import format_html

from annotation.retelling import retold
from annotation.words import midsentence

register = template.Library()
register.filter("midsentence", midsentence)


@register.filter
def termed(text: object) -> str:
    """A choice written as `Term: what it means`, in two lines; any other as it is."""
    term, colon, meaning = str(text).partition(": ")
    return format_html("<strong>{}</strong><small>{}</small>", term, meaning) if colon else str(text)


#: What begins something that is drawn, and what ends it.
_DRAWN = (("\\(", "\\)"), ("\\[", "\\]"), ("\\begin{", "\\end{"), ("[asy]", "[/asy]"))


@register.filter
def excerpt(text: str, most: int) -> str:
    """The first `most` characters, less the formula in which they would end: half of one cannot be drawn."""
    if len(text) <= most:
        return text
    whole = text[: most - 1]
    for opens, closes in _DRAWN:
        while whole.count(opens) > whole.count(closes):
            whole = whole[: whole.rfind(opens)]
    for dollars in ("$$", "$"):
        if whole.count(dollars) % 2:
            whole = whole[: whole.rfind(dollars)]
    return f"{(whole.strip() or text[: most - 1]).rstrip()}…"


@register.filter("retold")
def _retold(text: object) -> str:
    return retold(str(text))
