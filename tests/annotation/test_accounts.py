"""Accounts, tokens, sessions and invitations: what gives a right, and that it ends when it should."""

import json
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any
from urllib.parse import urlsplit

import pytest
from allauth.mfa.totp.internal import auth as totp
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from annotation import access, accounts, membership
from annotation.errors import Conflict, InvalidInput, NotFound
from annotation.models import ApiToken, AuditEntry, Invitation, Membership, Project, Role, User

PASSWORD = "correct horse battery"


def sign_in(client: Client, user: User, password: str = PASSWORD) -> Any:
    return client.post(reverse("account_login"), {"login": user.email, "password": password})


def actions() -> list[str]:
    return list(AuditEntry.objects.order_by("pk").values_list("action", flat=True))


def bearer(client: Client, secret: str) -> int:
    return client.get("/api/v1/projects/", headers={"authorization": f"Bearer {secret}"}).status_code


def test_two_spellings_of_an_address_are_one_account(db: None) -> None:
    accounts.create_account(email="Ada@Example.org")
    with pytest.raises(Conflict) as refused:
        accounts.create_account(email=" ada@example.ORG ")
    assert refused.value.code == "email_taken"


@pytest.mark.parametrize("email", ["", "nobody", "a@b", "two words@example.org", "a\n@example.org"])
def test_what_is_no_address_makes_no_account(db: None, email: str) -> None:
    with pytest.raises(InvalidInput):
        accounts.create_account(email=email)
    assert not User.objects.exists()


def test_a_generated_password_signs_in_and_differs_every_time(db: None) -> None:
    ada, password = accounts.create_account(email="ada@example.org")
    _, other = accounts.create_account(email="bob@example.org")
    assert password != other
    assert sign_in(Client(), ada, password).status_code == 302
    assert sign_in(Client(), ada, other).status_code == 200


@pytest.mark.parametrize("password", ["short", "password123", "x" * 129, "correct\0horse battery", "ada@example.org"])
def test_weak_long_and_odd_passwords_are_refused(password: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        accounts.check_password(password, user=User(email="ada@example.org"))
    assert {found.field for found in refused.value.errors} == {"password"}


def test_signing_out_kills_the_session_on_the_server(labeller: User) -> None:
    client = Client()
    sign_in(client, labeller)
    stolen = client.cookies["sessionid"].value
    client.post(reverse("account_logout"))
    replay = Client()
    replay.cookies["sessionid"] = stolen
    assert replay.get("/").status_code == 302
    assert replay.get("/api/v1/projects/").status_code == 401


def test_signing_in_makes_a_new_session_id_and_kills_the_old_one(labeller: User) -> None:
    client = Client()
    session = client.session
    session["planted"] = "x"
    session.save()
    planted = session.session_key
    sign_in(client, labeller)
    assert client.cookies["sessionid"].value != planted
    replay = Client()
    replay.cookies["sessionid"] = planted
    assert replay.get("/").status_code == 302


def test_changing_the_password_ends_the_other_sessions(labeller: User) -> None:
    here, elsewhere = Client(), Client()
    sign_in(here, labeller)
    sign_in(elsewhere, labeller)
    new = "a quite different one"
    body = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    assert here.post(reverse("account_change_password"), body).status_code == 302
    assert elsewhere.get("/").status_code == 302
    assert sign_in(Client(), labeller).status_code == 200
    assert sign_in(Client(), labeller, new).status_code == 302


@pytest.mark.parametrize("revoked", [True, False])
@pytest.mark.parametrize("forgotten", [True, False])
def test_a_new_password_ends_the_tokens_where_their_owner_says_so(
    labeller: User, forgotten: bool, revoked: bool
) -> None:
    client, new = Client(), "a quite different one"
    if forgotten:
        client.post(reverse("account_reset_password"), {"email": labeller.email})
        link = next(word for word in mail.outbox[0].body.split() if "/password/reset/key/" in word)
        page = client.get(urlsplit(link).path).headers["Location"]
    else:
        sign_in(client, labeller)
        page = reverse("account_change_password")
    assert b"revoke_tokens" not in client.get(page).content  # there is none
    secrets = [accounts.issue_token(user=labeller, name=name, scopes=["read"])[1] for name in ("a", "b")]
    assert b"Revoke my API tokens, too" in client.get(page).content
    body = {"oldpassword": PASSWORD, "password1": new, "password2": new, **({"revoke_tokens": "on"} if revoked else {})}
    refused = client.post(page, {**body, "password2": "another"})
    assert (refused.status_code, {bearer(Client(), secret) for secret in secrets}) == (200, {200})
    assert client.post(page, body).status_code == 302
    assert sign_in(Client(), labeller, new).status_code == 302
    assert [bearer(Client(), secret) for secret in secrets] == ([401, 401] if revoked else [200, 200])
    assert actions().count("token.revoked") == (2 if revoked else 0)


def test_a_disabled_account_is_refused_at_its_next_request_by_session_and_by_token(labeller: User) -> None:
    client = Client()
    sign_in(client, labeller)
    _, secret = accounts.issue_token(user=labeller, name="script", scopes=["read"])
    assert (client.get("/").status_code, bearer(Client(), secret)) == (200, 200)
    accounts.set_active(user=labeller, active=False)
    assert client.get("/api/v1/projects/").status_code == 401
    assert (client.get("/").status_code, bearer(Client(), secret)) == (302, 401)
    assert not sign_in(Client(), labeller).wsgi_request.user.is_authenticated
    accounts.set_active(user=labeller, active=True)
    assert bearer(Client(), secret) == 200
    assert actions()[-2:] == ["account.disabled", "account.enabled"]


def test_a_revoked_and_an_expired_token_are_refused(labeller: User) -> None:
    revoked, revoked_secret = accounts.issue_token(user=labeller, name="a", scopes=["read"])
    expired, expired_secret = accounts.issue_token(user=labeller, name="b", scopes=["read"])
    assert (bearer(Client(), revoked_secret), bearer(Client(), expired_secret)) == (200, 200)
    accounts.revoke_token(token=revoked, actor=labeller)
    ApiToken.objects.filter(pk=expired.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert (bearer(Client(), revoked_secret), bearer(Client(), expired_secret)) == (401, 401)


def test_a_token_is_stored_as_its_hash_alone(labeller: User) -> None:
    token, secret = accounts.issue_token(user=labeller, name="script", scopes=["read"])
    row = ApiToken.objects.filter(pk=token.pk).values().get()
    assert secret not in json.dumps(row, default=str)
    assert row["secret_sha256"] == accounts.secret_sha256(secret)
    assert secret not in json.dumps(list(AuditEntry.objects.values()), default=str)


def test_a_token_in_the_address_is_not_accepted(labeller: User) -> None:
    _, secret = accounts.issue_token(user=labeller, name="script", scopes=["read"])
    for name in ("token", "access_token", "Authorization", "api_key"):
        assert Client().get("/api/v1/projects/", {name: f"Bearer {secret}"}).status_code == 401


@pytest.mark.parametrize("scopes", [[], ["root"], ["read", "root"]])
def test_unknown_scopes_make_no_token(labeller: User, scopes: list[str]) -> None:
    with pytest.raises(InvalidInput):
        accounts.issue_token(user=labeller, name="x", scopes=scopes)
    assert not ApiToken.objects.exists()


def test_a_token_opens_no_page(admin: User, project: Project) -> None:
    _, secret = accounts.issue_token(user=admin, name="x", scopes=list(accounts.SCOPES))
    answer = Client().get(f"/projects/{project.slug}/people/", headers={"authorization": f"Bearer {secret}"})
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/accounts/login/")


def invitation_path(link: str) -> str:
    return link[link.index("/invitations/") :]


def test_an_invitation_makes_an_account_in_the_role_it_names_once(project: Project, admin: User) -> None:
    _, link = membership.invite(project=project, email="New@Example.org", role="researcher", actor=admin)
    client = Client()
    answer = client.post(
        invitation_path(link), {"name": "Nia", "password": PASSWORD, "role": "admin", "email": "x@y.org"}
    )
    assert answer.headers["Location"] == "/projects/algebra/"
    joined = Membership.objects.get(user__email="new@example.org")
    assert (joined.role, joined.project, joined.user.name) == ("researcher", project, "Nia")
    assert client.get("/projects/algebra/queue/").status_code == 200
    assert Client().get(invitation_path(link)).status_code == 404
    assert Client().post(invitation_path(link), {"name": "Eve", "password": PASSWORD}).status_code == 404
    assert "member.invited" in actions()
    assert "member.joined" in actions()


def test_a_refused_password_leaves_the_invitation_open(project: Project) -> None:
    _, link = membership.invite(project=project, email="new@example.org", role="labeller")
    answer = Client().post(invitation_path(link), {"name": "Nia", "password": "password123"})
    assert answer.status_code == 400
    assert b"too common" in answer.content
    assert not User.objects.filter(email="new@example.org").exists()
    assert Client().get(invitation_path(link)).status_code == 200


def test_an_expired_a_withdrawn_and_a_replaced_invitation_do_not_work(project: Project, admin: User) -> None:
    old, old_link = membership.invite(project=project, email="a@example.org", role="labeller")
    Invitation.objects.filter(pk=old.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    gone, gone_link = membership.invite(project=project, email="b@example.org", role="labeller")
    membership.withdraw(invitation=gone, actor=admin)
    _, first_link = membership.invite(project=project, email="c@example.org", role="labeller")
    _, second_link = membership.invite(project=project, email="c@example.org", role="reviewer")
    for link in (old_link, gone_link, first_link):
        assert Client().get(invitation_path(link)).status_code == 404
    assert Client().get(invitation_path(second_link)).status_code == 200


def test_an_invitation_for_an_account_is_taken_by_that_account_alone(
    project: Project, labeller: User, signed_in: Any
) -> None:
    guest, _ = accounts.create_account(email="guest@example.org", password=PASSWORD)
    _, link = membership.invite(project=project, email="guest@example.org", role="reviewer")
    path = invitation_path(link)
    assert b"Sign in to join" in Client().get(path).content
    assert Client().post(path, {"name": "Eve", "password": PASSWORD}).status_code == 200
    assert signed_in(labeller).post(path).status_code == 409
    assert Membership.objects.get(user=labeller).role == "labeller"
    assert not Membership.objects.filter(user=guest).exists()
    assert signed_in(guest).post(path).status_code == 302
    assert Membership.objects.get(user=guest).role == "reviewer"


def test_one_link_opened_twice_at_once_makes_one_member(project: Project) -> None:
    invitation, link = membership.invite(project=project, email="new@example.org", role="labeller")
    secret = link.rstrip("/").rsplit("/", 1)[1]
    first, second = membership.invitation_for(secret=secret), membership.invitation_for(secret=secret)
    membership.accept_as_new(invitation=first, name="Nia", password=PASSWORD)
    with pytest.raises((Conflict, NotFound)):
        membership.accept_as_new(invitation=second, name="Eve", password=PASSWORD)
    assert Membership.objects.filter(project=project).count() == 1
    invitation.refresh_from_db()
    assert invitation.accepted_at is not None


def test_a_member_is_not_invited_again(project: Project, labeller: User) -> None:
    with pytest.raises(Conflict) as refused:
        membership.invite(project=project, email=labeller.email.upper(), role="admin")
    assert refused.value.code == "already_member"


def test_a_project_keeps_an_admin(project: Project, admin: User, member: Any) -> None:
    only = Membership.objects.get(user=admin)
    for change in (
        lambda: membership.remove(membership=only, actor=admin),
        lambda: membership.change_role(membership=only, role="labeller", actor=admin),
    ):
        with pytest.raises(Conflict) as refused:
            change()
        assert refused.value.code == "last_admin"
    second = member(Role.ADMIN, name="second")
    membership.change_role(membership=only, role="labeller", actor=second)
    assert Membership.objects.get(user=admin).role == "labeller"
    change_entry = AuditEntry.objects.get(action="member.role_changed")
    assert (change_entry.actor, change_entry.data["before"], change_entry.data["role"]) == (second, "admin", "labeller")


@pytest.mark.parametrize(
    "address", ["signup/", "email/", "confirm-email/", "confirm-email/abc/", "login/code/confirm/", "password/set/"]
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_nobody_makes_an_account_or_an_address_for_themselves(
    labeller: User, signed_in: Any, address: str, method: str
) -> None:
    body = {"email": "eve@example.org", "password1": PASSWORD, "password2": PASSWORD, "action_add": ""}
    for client in (Client(), signed_in(labeller)):
        assert getattr(client, method)(f"/accounts/{address}", body).status_code == 404
    assert User.objects.count() == 1


def test_the_reset_link_is_built_from_the_configured_address_and_works_once(labeller: User, settings: Any) -> None:
    settings.PUBLIC_URL = "https://labels.example.org"
    settings.ALLOWED_HOSTS = ["*"]
    client = Client(headers={"host": "evil.example"})
    client.post(reverse("account_reset_password"), {"email": labeller.email})
    text = mail.outbox[0].body
    assert "evil.example" not in text + mail.outbox[0].subject
    link = next(
        word for word in text.split() if word.startswith("https://labels.example.org/accounts/password/reset/key/")
    )
    path = link.removeprefix("https://labels.example.org")
    visitor, new = Client(), "a quite different one"
    form = visitor.get(path).headers["Location"]
    assert visitor.post(form, {"password1": new, "password2": new}).status_code == 302
    assert sign_in(Client(), labeller, new).status_code == 302
    assert b"invalid" in Client().get(path, follow=True).content


def test_a_reset_says_the_same_whether_the_account_exists(labeller: User) -> None:
    def answer(email: str) -> tuple[int, str]:
        found = Client().post(reverse("account_reset_password"), {"email": email})
        return found.status_code, found.headers["Location"]

    assert answer(labeller.email) == answer("nobody@example.org")
    assert "accounts/signup" not in mail.outbox[1].body


def test_create_account_prints_the_password_once_and_gives_the_role(project: Project) -> None:
    out = StringIO()
    call_command(
        "create_account", "Ada@example.org", "--role", "reviewer", "--project", "algebra", "--json", stdout=out
    )
    made = json.loads(out.getvalue())
    assert (made["email"], made["role"], made["project"]) == ("ada@example.org", "reviewer", "algebra")
    ada = User.objects.get(email="ada@example.org")
    assert ada.check_password(made["password"])
    assert Membership.objects.get(user=ada).role == "reviewer"


def test_create_account_adds_a_known_account_to_a_project_without_touching_its_password(project: Project) -> None:
    ada, password = accounts.create_account(email="ada@example.org")
    out = StringIO()
    call_command(
        "create_account", "ada@example.org", "--role", "labeller", "--project", "algebra", "--json", stdout=out
    )
    assert json.loads(out.getvalue())["password"] is None
    ada.refresh_from_db()
    assert ada.check_password(password)
    assert Membership.objects.get(user=ada).role == "labeller"


def test_create_account_makes_an_operator_who_may_create_projects(db: None) -> None:
    out = StringIO()
    call_command("create_account", "root@example.org", "--operator", stdout=out)
    assert User.objects.get().is_operator
    assert "Password (shown once): " in out.getvalue()


@pytest.mark.parametrize("arguments", [["--role", "labeller"], ["--project", "algebra"], []])
def test_create_account_refuses_half_a_right(project: Project, arguments: list[str]) -> None:
    with pytest.raises(CommandError) as refused:
        call_command("create_account", "ada@example.org", *arguments)
    assert refused.value.returncode == 2


def test_create_account_names_a_project_that_does_not_exist(db: None) -> None:
    with pytest.raises(CommandError, match="no project nowhere"):
        call_command("create_account", "ada@example.org", "--role", "labeller", "--project", "nowhere")
    assert not User.objects.exists()


def test_set_account_disables_and_enables(labeller: User) -> None:
    call_command("set_account", labeller.email, "--disable", stdout=StringIO())
    labeller.refresh_from_db()
    assert not labeller.is_active
    call_command("set_account", labeller.email, "--enable", stdout=StringIO())
    labeller.refresh_from_db()
    assert labeller.is_active


def code_now(secret: str) -> str:
    return totp.format_hotp_value(totp.hotp_value(secret, next(totp.yield_hotp_counters_from_time())))


def with_second_factor(user: User) -> tuple[Client, list[str]]:
    """A signed-in client of an account that has just set up an authenticator app, and its recovery codes."""
    client = Client()
    sign_in(client, user)
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    form = client.get(reverse("mfa_activate_totp")).context["form"]
    answer = client.post(reverse("mfa_activate_totp"), {"code": code_now(form.secret)})
    assert answer.headers["Location"] == reverse("mfa_view_recovery_codes")
    return client, client.get(reverse("mfa_view_recovery_codes")).context["unused_codes"]


def test_with_a_second_factor_the_password_alone_opens_nothing(admin: User) -> None:
    client, _ = with_second_factor(admin)
    assert "Protect this account" not in client.get("/").content.decode()
    thief = Client()
    assert sign_in(thief, admin).headers["Location"] == reverse("mfa_authenticate")
    assert thief.get("/").status_code == 302
    assert thief.get("/api/v1/projects/").status_code == 401
    assert thief.post(reverse("mfa_authenticate"), {"code": "000000"}).status_code == 200
    assert thief.get("/").status_code == 302


@pytest.mark.parametrize("role", list(Role))
def test_where_a_second_factor_is_required_the_powerful_do_nothing_without_one(
    member: Callable[..., User], role: Role, settings: Any
) -> None:
    settings.REQUIRE_SECOND_FACTOR = True
    user, client = member(role), Client()
    _, secret = accounts.issue_token(user=user, name="script", scopes=["read"])
    sign_in(client, user)
    page, answer = client.get("/"), client.get("/api/v1/projects/")
    assert bearer(Client(), secret) == 200
    if role not in access.RESEARCH:
        assert (page.status_code, answer.status_code) == (200, 200)
        return
    assert (page.status_code, page.headers["Location"]) == (302, reverse("mfa_index"))
    assert (answer.status_code, answer.json()["code"]) == (403, "lacks_second_factor")
    assert b"Your role needs a second factor." in client.get(reverse("mfa_index")).content
    client, _ = with_second_factor(user)
    assert (client.get("/").status_code, client.get("/api/v1/projects/").status_code) == (200, 200)
    call_command("set_account", user.email, "--forget-second-factor", stdout=StringIO())
    assert client.get("/").status_code == 302
    assert actions()[-1] == "account.second_factor_forgotten"
    assert sign_in(Client(), user).headers["Location"] == "/"


def test_an_operator_needs_a_second_factor_where_it_is_required(settings: Any, db: None) -> None:
    operator, _ = accounts.create_account(email="operator@example.org", password=PASSWORD, is_operator=True)
    client = Client()
    sign_in(client, operator)
    assert client.get("/projects/new/").status_code == 200
    settings.REQUIRE_SECOND_FACTOR = True
    assert client.get("/projects/new/").headers["Location"] == reverse("mfa_index")


def test_a_recovery_code_signs_in_once(admin: User) -> None:
    _, codes = with_second_factor(admin)
    for expected in (200, 302):
        client = Client()
        sign_in(client, admin)
        client.post(reverse("mfa_authenticate"), {"code": codes[0]})
        assert client.get("/").status_code == expected


def test_ten_wrong_passwords_throttle_the_account_from_that_address_alone(labeller: User) -> None:
    for _ in range(10):
        assert sign_in(Client(), labeller, "wrong password").status_code == 200
    throttled = sign_in(Client(), labeller)
    assert (throttled.status_code, throttled.headers["Retry-After"]) == (429, "900")
    assert b"Too many wrong passwords came from this network address. Wait 15 minutes" in throttled.content
    elsewhere = Client(REMOTE_ADDR="203.0.113.9")
    assert sign_in(elsewhere, labeller).status_code == 302


def test_a_room_full_of_people_signs_in_from_one_address_within_a_minute_and_a_flood_does_not(labeller: User) -> None:
    answers = [sign_in(Client(), labeller) for _ in range(121)]
    assert {answer.status_code for answer in answers[:-1]} == {302}
    assert (answers[-1].status_code, answers[-1].headers["Retry-After"]) == (429, "60")
    assert b"Wait a minute, then try again." in answers[-1].content
