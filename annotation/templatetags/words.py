"""Words within sentences, for templates."""

from django import template

from annotation.words import midsentence

register = template.Library()
register.filter("midsentence", midsentence)
