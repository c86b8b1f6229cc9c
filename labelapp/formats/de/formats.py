"""German."""

DATE_FORMAT = "j. F Y"
DATETIME_FORMAT = "j. N Y, H:i"
# To the second, with its zone.
LONG_DATETIME_FORMAT = "j. F Y, H:i:s T"
