"""Words within sentences, and sentences that workers stored, for templates."""

from django import template

from annotation.retelling import retold
from annotation.words import midsentence

register = template.Library()
register.filter("midsentence", midsentence)


@register.filter("retold")
def _retold(text: object) -> str:
    return retold(str(text))
