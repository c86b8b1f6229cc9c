"""Words within sentences."""

from django.utils.translation import get_language


def midsentence(label: object) -> str:
    """A label as it stands inside a sentence. English lowers its first letter; German keeps the capitals of its nouns."""
    text = str(label)
    return text if (get_language() or "").startswith("de") else text[:1].lower() + text[1:]
