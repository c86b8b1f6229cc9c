"""English: the day before the month, 24 hours, so that nobody takes 5/6 for another day."""

DATE_FORMAT = "j F Y"
DATETIME_FORMAT = "j M Y, H:i"
# To the second, with its zone.
LONG_DATETIME_FORMAT = "j F Y, H:i:s T"
