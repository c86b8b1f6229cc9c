"""A15-A22: every address × method × role against the reviewed table, and canaries that must never reach a labeller."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from annotation import accounts, queue
from annotation.models import Handout, Membership, Project, Role, User
from tests.attacks import stage as theatre
from tests.attacks.stage import Stage
from tests.attacks.walk import (
    METHODS,
    ROLES,
    Table,
    addresses,
    ask,
    is_shadowed,
    lines_of,
    observe,
    path_of,
    read_table,
    rows,
)
from tests.factories import label

ALL = bool(os.environ.get("LABELAPP_TEST_ALL"))
# What may be asked without an account: signing in, a forgotten password, an invitation, and whether the server lives.
OPEN_ADDRESSES = {
    "health/live/",
    "health/ready/",
    "accounts/login/",
    "accounts/inactive/",
    "accounts/password/reset/",
    "accounts/password/reset/done/",
    "accounts/password/reset/key/done/",
    "accounts/^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
    "invitations/<str:secret>/",
    "language/",
}
# Words that would tell a labeller what must stay hidden, were they keys of an answer.
HIDDEN_KEYS = (
    "score", "scores", "prm_score", "orm_score", "rating_probs", "verifier_score", "priority", "verdict", "verdict_strict",
    "verdict_symbolic", "published_correct", "gold", "gold_first_errors", "is_quality_control", "is_initial_screening",
    "generator", "solution", "external_id", "labeller", "labeller_name", "email",
)  # fmt: skip


@pytest.fixture
def stage(db: None, settings: Any, tmp_path: Path) -> Stage:
    settings.DATA_DIR = tmp_path
    settings.MEDIA_ROOT = tmp_path / "files"
    settings.ACCOUNT_RATE_LIMITS = (
        False  # a walk asks thousands of times; that there are limits is another test's business
    )
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.MD5PasswordHasher"
    ]  # ten accounts a stage, and no time to lose
    return theatre.build()


def test_a15_the_reviewed_table_has_a_row_for_each_address_and_for_nothing_else(stage: Stage) -> None:
    reviewed, there = set(read_table()), set(rows(stage))
    missing = sorted({address for _, address in there - reviewed})
    assert not missing, f"no row in role_table.txt (python -m tests.attacks.walk writes it, you review it): {missing}"
    gone = sorted({address for _, address in reviewed - there})
    assert not gone, f"rows in role_table.txt for addresses that are gone: {gone}"


@pytest.mark.parametrize("role", ROLES)
def test_a15_every_address_answers_each_role_as_the_reviewed_table_says(stage: Stage, role: str) -> None:
    reviewed = read_table()
    turn = ROLES.index(role)
    asked = [
        row for n, row in enumerate(rows(stage)) if ALL or not is_without(reviewed, *row) or n % len(ROLES) == turn
    ]
    seen = observe(stage, role, asked)
    wrong = [
        f"{m} {a}: {seen[m, a]}, reviewed {reviewed[m, a][role]}" for m, a in seen if seen[m, a] != reviewed[m, a][role]
    ]
    assert not wrong, f"as {role}:\n" + "\n".join(wrong)


def test_a15_the_table_refuses_strangers_whatever_was_reviewed() -> None:
    """Rules that hold whoever reviewed: nothing open but the sign-in, a shut-out admin is a stranger, no address breaks."""
    table = read_table()
    for (method, address), statuses in table.items():
        assert max(statuses.values()) < 500, (method, address)
        assert statuses["disabled"] == statuses["anonymous"], (method, address)
        tells_methods_alone = method == "OPTIONS" and address.startswith("accounts/")
        if address not in OPEN_ADDRESSES and not tells_methods_alone:
            assert statuses["anonymous"] in (302, 401, 404, 405), (method, address)
        if "<" in address and address not in OPEN_ADDRESSES and method != "OPTIONS":
            assert statuses["outsider"] in (404, 405) or "2fa" in address, (method, address)
            assert statuses["operator"] in (404, 405) or "2fa" in address, (method, address)


def test_a14_a_required_second_factor_stands_before_every_address(stage: Stage, settings: Any) -> None:
    """What stays open is what is open without an account, and what leads to a second factor or out."""
    settings.REQUIRE_SECOND_FACTOR = True
    client, table = stage.client("admin"), read_table()
    asked = [
        (method, address)
        for method, address in rows(stage)
        if not (address.startswith(("accounts/", *OPEN_ADDRESSES)) or method == "OPTIONS")
        and not is_without(table, method, address)
    ]
    assert len(asked) > 100
    opened = []
    for method, address in asked:
        answer = ask(client, method, path_of(address, stage.parameters))
        led_there = answer.status_code == 302 and answer.headers["Location"] == "/accounts/2fa/"
        if not led_there and answer.status_code not in (403, 404):
            opened.append((method, address, answer.status_code))
    assert opened == []


def test_a15_no_page_changes_anything_by_get(stage: Stage) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    # Signing in and out touches the session; an own labeller row may be made at the first visit.
    harmless = ("django_session", "SAVEPOINT", "annotation_labeller", "last_used_at")
    client = stage.client("admin")
    for address in addresses():
        path = path_of(address, stage.parameters)
        with CaptureQueriesContext(connection) as captured:
            ask(client, "GET", path)
        writes = [q["sql"] for q in captured if q["sql"].split(" ", 1)[0] in ("INSERT", "UPDATE", "DELETE")]
        assert not [sql for sql in writes if not any(word in sql for word in harmless)], path


def is_without(table: Table, method: str, address: str) -> bool:
    """Whether the address has no such method, which even an admin is told. Half of all rows: by default each is asked by one role."""
    return table.get((method, address), {}).get("admin") == 405


def shown(answer: Any) -> str:
    """All that an answer carries: body, headers, cookies."""
    headers = "\n".join(f"{name}: {value}" for name, value in answer.headers.items())
    return "\n".join([answer.body.decode("utf-8", "replace"), headers, answer.cookies.output()])


# Enough for lists to answer in full, and what peers have been talked into telling.
QUERY = "?project=algebra&fields=*&expand=solution,scores&include=all"


def leaks(
    stage: Stage, role: str, own: set[str], *, methods: Sequence[str] = METHODS, under: tuple[str, ...] = ("",)
) -> list[str]:
    """Where a canary shows to this role, over every address that begins so and every method, with own and with others' ids."""
    client, found, table = stage.client(role), [], read_table()
    others = stage.parameters | {
        "claim_id": stage.parameters["claim_of_colleague"],
        "annotation_id": stage.parameters["annotation_of_colleague"],
    }
    for address in (address for address in addresses() if address.startswith(under)):
        for path in dict.fromkeys(path_of(address, parameters) for parameters in (stage.parameters, others)):
            for method in methods:
                if not ALL and is_without(table, method, address):
                    continue
                query = "?format=prm800k" if "export" in address else QUERY
                text = shown(ask(client, method, path + query))
                found += [f"{method} {address}: {n}" for n, c in stage.canaries.items() if c in text and n not in own]
    return sorted(set(found))


OWN = {"note-labeller"}
# A submission changes what these answer; by default the others are asked behind it alone.
BEFORE = ("",) if ALL else ("api/v1/claims/", "api/v1/annotations/", "api/v1/projects/", "projects/<slug:slug>/label/")


@pytest.mark.parametrize("role", ["anonymous", "outsider"])
def test_a17_a18_no_canary_reaches_a_stranger(stage: Stage, role: str) -> None:
    assert leaks(stage, role, set()) == []


@pytest.mark.long
def test_a17_a18_no_canary_reaches_a_labeller_before_or_after_submitting(stage: Stage) -> None:
    assert leaks(stage, "labeller", OWN, under=BEFORE) == []
    theatre.submit(Handout.objects.get(pk=stage.parameters["claim_of_labeller"]), "note of mine")
    assert leaks(stage, "labeller", OWN) == []


def test_a17_the_canaries_do_show_where_they_may(stage: Stage) -> None:
    """The control: an oracle that never cries proves nothing."""
    found = " ".join(leaks(stage, "admin", set(), methods=["GET"]))
    for name in ("email", "name", "invited", "batch"):
        assert f": {name}" in found


def test_a17_the_oracle_cries_when_a_score_is_put_into_a_claim(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def careless(claim: Handout) -> dict[str, Any]:
        return {"id": claim.pk, "model": claim.work_item.verifier_score}

    monkeypatch.setattr("annotation.api.labelling.claim_shown", careless)
    assert "POST api/v1/projects/<slug:slug>/claims/: verifier-score" in leaks(stage, "labeller", OWN, methods=["POST"])


def test_a18_no_answer_of_a_whole_visit_at_the_desk_holds_a_canary(stage: Stage) -> None:
    client = stage.client("labeller")
    first, second = (found["id"] for found in post(client, "/api/v1/projects/algebra/claims/").json()["claims"])
    draft = client.put(f"/api/v1/claims/{first}/draft/", {"version": 0, "draft": {}}, content_type="application/json")
    steps = ["We add.", "So it is $5$."]
    submission = {"client_key": str(theatre.uuid4()), "label": label(1, 1, steps=steps)}
    done = post(client, f"/api/v1/claims/{first}/submission/", submission)
    again = post(client, f"/api/v1/claims/{first}/submission/", submission)
    mine = client.get("/api/v1/annotations/mine/?project=algebra")
    amendment = {"client_key": str(theatre.uuid4()), "label": label(1, -1, steps=steps)}
    amended = post(client, f"/api/v1/annotations/{done.json()['receipt']['annotation']}/amendments/", amendment)
    given_back = client.delete(f"/api/v1/claims/{second}/")
    answers = [draft, done, again, mine, amended, given_back]
    assert [answer.status_code for answer in answers] == [200, 201, 200, 200, 201, 204]
    assert len(mine.json()["results"]) == 2
    for answer in answers:
        answer.body = answer.content
        assert [name for name, canary in stage.canaries.items() if canary in shown(answer) and name not in OWN] == []


def post(client: Any, path: str, body: Any = None) -> Any:
    return client.post(path, body or {}, content_type="application/json")


def test_a18_gold_and_plain_items_are_answered_in_the_same_shape(stage: Stage) -> None:
    project = Project.objects.get(slug="algebra")
    client = stage.client("labeller")
    gold = client.post("/api/v1/projects/algebra/claims/").json()["claims"]
    for held in Handout.objects.filter(labeller__user=stage.users["labeller"], work_item__state="open"):
        queue.release(handout=held)
    project.work_items.filter(state="open").update(is_quality_control=False, verifier_score=None, priority=0)
    plain = client.post("/api/v1/projects/algebra/claims/").json()["claims"]
    assert len(gold) == len(plain) == 2
    assert [sorted(claim) for claim in gold] == [sorted(claim) for claim in plain]


def test_a18_no_hidden_word_is_a_key_of_a_labellers_answer(stage: Stage) -> None:
    client = stage.client("labeller")
    found = set()
    for address in addresses():
        path = path_of(address, stage.parameters)
        if not path.startswith("/api/v1/") or path == "/api/v1/schema/":
            continue
        for method in METHODS:
            found |= {(path, key) for key in keys_of(ask(client, method, path + QUERY)) if key in HIDDEN_KEYS}
    assert not found


def keys_of(answer: Any) -> set[str]:
    if not answer.body or "json" not in answer.headers.get("Content-Type", ""):
        return set()
    todo, keys = [answer.json()], set()
    while todo:
        value = todo.pop()
        if isinstance(value, dict):
            keys |= value.keys()
            todo += value.values()
        elif isinstance(value, list):
            todo += value
    return keys


def test_a16_anothers_claim_annotation_and_token_are_404_whoever_asks(stage: Stage) -> None:
    claim, annotation = stage.parameters["claim_of_colleague"], stage.parameters["annotation_of_colleague"]
    asked = [
        ("PUT", f"/api/v1/claims/{claim}/draft/"),
        ("DELETE", f"/api/v1/claims/{claim}/"),
        ("POST", f"/api/v1/claims/{claim}/submission/"),
        ("POST", f"/api/v1/annotations/{annotation}/amendments/"),
        ("DELETE", f"/api/v1/tokens/{stage.parameters['token_id']}/"),
        ("POST", f"/account/tokens/{stage.parameters['token_id']}/revoke/"),
    ]
    for role in ("outsider", "operator", "labeller", "reviewer", "researcher", "admin"):
        client = stage.client(role)
        for method, path in asked:
            assert ask(client, method, path).status_code == 404, (role, method, path)


def test_a20_odd_methods_and_a_browsers_accept_header_get_no_page_of_an_object(stage: Stage) -> None:
    client = stage.client("labeller")
    client.defaults["HTTP_ACCEPT"] = "text/html,application/xhtml+xml,*/*;q=0.1"
    for address in addresses():
        path = path_of(address, stage.parameters)
        assert ask(client, "HEAD", path).body == b"", path
        if path.startswith("/api/v1/") and path != "/api/v1/docs/":
            for method in ("GET", "OPTIONS", "POST", "PATCH"):
                answer = ask(client, method, path)
                assert "text/html" not in answer.headers.get("Content-Type", ""), (method, path)
                assert method not in ("OPTIONS", "PATCH") or b"We add." not in answer.body, (method, path)


UNNAMED_FILTERS = (
    "user__password__startswith=argon2", "labeller__user__email__startswith=c", "ordering=user__token", "search=canary",
    "project__memberships__user=1", "_connector=OR", "solution__verdict=wrong", "id__in=1,2,3",
)  # fmt: skip


def test_a21_lists_take_no_filter_that_they_do_not_name(stage: Stage) -> None:
    client = stage.client("labeller")
    for path in ("/api/v1/annotations/mine/?project=algebra", "/api/v1/projects/?", "/api/v1/tokens/?"):
        plain = client.get(path)
        for query in UNNAMED_FILTERS:
            filtered = client.get(f"{path}&{query}")
            assert filtered.status_code == 400 or filtered.content == plain.content, (path, query)


RISE = {
    "role": "admin", "is_operator": True, "is_staff": True, "is_superuser": True, "is_active": True, "user": 1, "id": 1,
    "project": "geometry", "score": 1.0, "gold": [], "created_at": "2000-01-01T00:00:00Z", "labeller": 1, "work_item": 1,
}  # fmt: skip


def test_a22_a23_no_write_of_a_labeller_takes_rights_or_fields_that_are_not_theirs(stage: Stage) -> None:
    client = stage.client("labeller")
    before = _rights()
    for address in addresses():
        path = path_of(address, stage.parameters)
        if is_shadowed(address, path) or path == "/accounts/logout/":
            continue
        for method in ("post", "put", "patch"):
            form = {name: str(value) for name, value in RISE.items()}
            if path.startswith("/api/"):
                getattr(client, method)(path, RISE, content_type="application/json")
            elif method == "post":
                client.post(path, form)
            assert _rights() == before, (method, path)


def _rights() -> tuple[list[Any], list[Any]]:
    people = list(User.objects.order_by("pk").values_list("pk", "email", "is_active", "is_operator"))
    return people, list(Membership.objects.order_by("pk").values_list("pk", "user_id", "project_id", "role"))


def test_a10_a_token_is_refused_outside_its_scope_at_every_address(stage: Stage) -> None:
    """An admin's token of one scope: whatever its owner may do, an address of another scope answers 403."""
    from django.urls import resolve

    paths = [path_of(address, stage.parameters) for address in addresses()]
    views = {path: view for path in paths if hasattr(view := getattr(resolve(path).func, "view_class", None), "scopes")}
    refused = 0
    for scope in accounts.SCOPES:
        _, secret = accounts.issue_token(user=stage.users["admin"], name="x", scopes=[scope])
        client = stage.client("anonymous")
        client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {secret}"
        for path, view in views.items():
            for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
                if hasattr(view, method.lower()) and view.scopes.get(method) != scope:
                    assert ask(client, method, path).status_code == 403, (scope, method, path)
                    refused += 1
    assert refused > 4 * len(views)


def test_every_api_view_names_a_scope_for_each_method_it_has() -> None:
    from django.urls import get_resolver

    def views(patterns: list[Any]) -> Any:
        for found in patterns:
            yield from views(found.url_patterns) if hasattr(found, "url_patterns") else [found.callback]

    for callback in views(get_resolver().url_patterns):
        view = getattr(callback, "view_class", None)
        if view is None or not view.__module__.startswith(("annotation.", "activelearning.")):
            continue
        methods = {m.upper() for m in ("get", "post", "put", "patch", "delete") if hasattr(view, m)}
        assert methods == set(view.scopes), view
        assert set(view.scopes.values()) <= set(accounts.SCOPES), view


def test_the_table_reads_back_as_it_was_written() -> None:
    table = read_table()
    rows = lines_of(table)
    assert len(table) == len(set(table))
    assert all(any(method in line for line in rows) for method, _ in table)
    assert {role for statuses in table.values() for role in statuses} == set(ROLES)
    assert set(Role.values) < set(ROLES)
