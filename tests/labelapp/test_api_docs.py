"""The API's page: every operation and every shape of the schema stands on it, and what it links to is there."""

import re
from collections.abc import Callable

import pytest
from django.test import Client
from drf_spectacular.generators import SchemaGenerator

from annotation.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def page(labeller: User, signed_in: Callable[[User], Client]) -> str:
    return signed_in(labeller).get("/api/v1/docs/").content.decode()


def test_every_operation_stands_on_the_page_with_what_it_is_for(page: str) -> None:
    paths = SchemaGenerator().get_schema(public=True)["paths"]
    operations = [(path, method, found) for path, methods in paths.items() for method, found in methods.items()]
    assert len(operations) > 20
    for path, method, found in operations:
        assert f"<b>{method.upper()}</b> {path}</code>" in page
        assert found["description"].split("\n")[0][:20].replace("'", "&#x27;") in page


def test_every_shape_stands_on_the_page_and_every_link_to_one_leads_there(page: str) -> None:
    shapes = set(SchemaGenerator().get_schema(public=True)["components"]["schemas"])
    assert set(re.findall(r'id="shape-(\w+)"', page)) == shapes
    linked = set(re.findall(r'href="#shape-(\w+)"', page))
    assert linked
    assert linked <= shapes


def test_the_page_is_for_people_of_this_installation(client: Client) -> None:
    assert client.get("/api/v1/docs/").status_code == 302
