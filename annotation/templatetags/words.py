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


@register.filter("retold")
def _retold(text: object) -> str:
    return retold(str(text))
