"""The API's only body parser: strict JSON, at most 4 MB, refused with the field where it goes wrong."""

from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from rest_framework.parsers import BaseParser

from annotation.errors import FieldError, InvalidInput, TooLarge
from annotation.formats.strict_json import StrictJSONError, loads


class StrictJSONParser(BaseParser):
    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        # DRF reads the stream itself, past Django's own limit on bodies, so the limit is kept here.
        body = stream.read(settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
        if len(body) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise TooLarge(f"The request body is over {settings.DATA_UPLOAD_MAX_MEMORY_SIZE} bytes.")
        try:
            value = loads(body) if body else {}
        except StrictJSONError as error:
            raise InvalidInput(
                "The request body is not valid JSON.", errors=[FieldError(error.field, error.reason)]
            ) from error
        if not isinstance(value, dict):
            raise InvalidInput("The request body must be a JSON object.")
        return value
