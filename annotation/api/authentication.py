"""Who asks: a browser session (with CSRF) or a bearer token with scopes. A request without either is 401, never a default."""

from typing import TYPE_CHECKING, Any

from django.middleware.csrf import get_token
from django.utils.translation import gettext
from rest_framework import authentication, exceptions, permissions
from rest_framework.request import Request

from annotation import access, accounts
from annotation.models import ApiToken, User

if TYPE_CHECKING:  # REST framework loads this module while it loads its views
    from rest_framework.views import APIView


class CsrfFailed(exceptions.PermissionDenied):
    default_code = "csrf"


class BearerAuthentication(authentication.BaseAuthentication):
    """`Authorization: Bearer TOKEN`. It stands first, so that a request with no credentials is answered 401."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        header = authentication.get_authorization_header(request).decode("latin-1")
        scheme, _, secret = header.partition(" ")
        if scheme.lower() != "bearer":
            return None
        token = accounts.token_for(secret=secret.strip())
        if token is None:
            raise exceptions.AuthenticationFailed("This token is not valid, has expired, or was revoked.")
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class OtherAccount(exceptions.AuthenticationFailed):
    default_code = "other_account"


class SessionAuthentication(authentication.SessionAuthentication):
    """A page that stays open says whose it is in `X-Account`: work begun by one person must not be taken for that of the next
    one who signs in to the same browser."""

    def authenticate(self, request: Request) -> tuple[User, Any] | None:
        found: tuple[User, Any] | None = super().authenticate(request)
        meant = request.headers.get("X-Account")
        if found is not None and meant is not None and meant != str(found[0].pk):
            raise OtherAccount("Somebody else has signed in to this browser since.", code="other_account")
        return found

    def enforce_csrf(self, request: Request) -> None:
        try:
            super().enforce_csrf(request)
        except exceptions.PermissionDenied as error:
            get_token(request._request)  # so that the refusal itself carries the cookie to try again with
            raise CsrfFailed(
                "The CSRF token is missing or old. Read the cookie again and repeat the request.", code="csrf"
            ) from error


class LacksSecondFactor(exceptions.PermissionDenied):
    """Of a session alone: a token is no password that may be guessed or stolen at a sign-in."""

    default_code = "lacks_second_factor"


class HasScope(permissions.BasePermission):
    """Signed in and, with a token, in scope. A view names its scopes: `scopes = {"GET": "read", "POST": "train"}`.

    A method that a view does not name is refused to tokens. Which rows a person may touch is `annotation/access.py`'s business.
    """

    def has_permission(self, request: Request, view: "APIView") -> bool:
        if not isinstance(request.user, User):
            return False
        if not isinstance(request.auth, ApiToken):
            if access.lacks_second_factor(user=request.user):
                raise LacksSecondFactor(gettext("Your role needs a second factor. Set one up on the account's page."))
            return True
        scopes: dict[str, str] = getattr(view, "scopes", {})
        needed: Any = scopes.get("GET" if request.method in ("HEAD", "OPTIONS") else str(request.method))
        return needed is not None and needed in request.auth.scopes
