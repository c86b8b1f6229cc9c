"""The forms of the people and project pages. They parse; the rules stand in the verbs, whose refusals come back into the form."""

from typing import Any

from allauth.account import forms as sign_in
from django import forms
from django.utils.translation import gettext_lazy as _

from annotation import access, accounts
from annotation.accounts import PASSWORD_MAX, SCOPES
from annotation.errors import DomainError
from annotation.models import Protocol, Role

ROLE_WORDS = {
    Role.LABELLER: _("labels solutions, and sees nothing else"),
    Role.REVIEWER: _("labels, and sees what others labelled"),
    Role.RESEARCHER: _("also queues work, runs rounds and downloads datasets"),
    Role.ADMIN: _("also imports data, invites people and changes the settings"),
}
SCOPE_WORDS = {
    "label": _("claim work and submit labels"),
    "read": _("read projects, rounds and models"),
    "export": _("freeze and download datasets"),
    "train": _("start, cancel and retry rounds"),
    "admin": _("import data and manage people"),
}


class PlainForm(forms.Form):
    """A form that takes in what a verb refused; pages draw it by `annotation/fields.html`."""

    def refused(self, error: DomainError) -> None:
        """Show a verb's refusal beside the fields that it names, or above the form."""
        known = [found for found in error.errors if found.field in self.fields]
        for found in known:
            self.add_error(found.field, found.message)
        if not known:
            self.add_error(None, error.message)


class EndsTokens(forms.Form):
    """Added to the sign-in package's forms for a new password: who changes it because somebody knew it can end everything at once."""

    revoke_tokens = forms.BooleanField(required=False, label=_("Revoke my API tokens, too"))
    user: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not (self.user and access.own_tokens(user=self.user)):
            del self.fields["revoke_tokens"]

    def save(self) -> None:
        super().save()  # type: ignore[misc]  # of the package's form behind this one
        if self.cleaned_data.get("revoke_tokens"):
            for token in access.own_tokens(user=self.user):
                accounts.revoke_token(token=token, actor=self.user)


class ChangePasswordForm(EndsTokens, sign_in.ChangePasswordForm):  # type: ignore[misc]  # the package is untyped
    pass


class ResetPasswordForm(EndsTokens, sign_in.ResetPasswordKeyForm):  # type: ignore[misc]
    pass


class ProjectForm(PlainForm):
    name = forms.CharField(max_length=120, label=_("Name"), help_text=_("What people see."))
    slug = forms.CharField(
        max_length=60,
        label=_("Short name"),
        help_text=_(
            "Stands in addresses and commands: lower-case letters, digits and hyphens, as in “algebra-2”. It stays."
        ),
    )
    protocol = forms.ChoiceField(
        required=False,
        label=_("What people do"),
        choices=[
            (Protocol.WHOLE_SOLUTION, _("Whole solution: they grade the steps of a finished solution")),
            (Protocol.STEP_BY_STEP, _("Step by step: they build a solution from next steps that they rate")),
        ],
        widget=forms.RadioSelect,
        initial=Protocol.WHOLE_SOLUTION,
        help_text=_("It cannot be changed later."),
    )
    instructions = forms.CharField(
        required=False,
        label=_("Instructions"),
        strip=False,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=_("What labellers read before they start; $…$ is mathematics. You can change it later."),
    )

    def clean_protocol(self) -> str:
        return self.cleaned_data["protocol"] or Protocol.WHOLE_SOLUTION


class SettingsForm(PlainForm):
    name = forms.CharField(max_length=120, label=_("Name"))
    instructions = forms.CharField(
        required=False,
        label=_("Instructions"),
        strip=False,
        widget=forms.Textarea(attrs={"rows": 14}),
        help_text=_("What labellers read before they start and one key away at the desk; $…$ is mathematics."),
    )
    paused = forms.BooleanField(
        required=False,
        label=_("Paused"),
        help_text=_("Nobody is handed new work. What is on somebody's desk can still be submitted."),
    )


def role_choices() -> list[tuple[str, str]]:
    return [(role.value, f"{role.label}: {ROLE_WORDS[role]}") for role in Role]


class InviteForm(PlainForm):
    email = forms.EmailField(label=_("E-mail address"), widget=forms.EmailInput(attrs={"autocomplete": "off"}))
    role = forms.ChoiceField(choices=role_choices, label=_("Role"), widget=forms.RadioSelect, initial=Role.LABELLER)


class RoleForm(PlainForm):
    role = forms.ChoiceField(choices=Role.choices)


class JoinForm(PlainForm):
    name = forms.CharField(max_length=120, label=_("Your name"), widget=forms.TextInput(attrs={"autocomplete": "name"}))
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        max_length=PASSWORD_MAX,
        help_text=_("Ten characters or more, and not one of the well-known ones."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )


def scope_choices() -> list[tuple[str, str]]:
    return [(scope, f"{scope}: {SCOPE_WORDS[scope]}") for scope in SCOPES]


class TokenForm(PlainForm):
    name = forms.CharField(max_length=120, label=_("Name"), help_text=_("What it is for, so that you know it again."))
    scopes = forms.MultipleChoiceField(
        choices=scope_choices,
        widget=forms.CheckboxSelectMultiple,
        label=_("What it may do"),
        help_text=_("Never more than you may do yourself."),
    )
    days = forms.IntegerField(min_value=1, max_value=366, initial=90, label=_("Ends after (days)"))


class FirstBatchForm(PlainForm):
    count = forms.IntegerField(min_value=1, max_value=1_000_000, label=_("How many solutions"))
    labels_each = forms.IntegerField(min_value=1, max_value=20, initial=1, label=_("Labels for each"))
    seed = forms.IntegerField(
        min_value=0,
        max_value=2**31 - 1,
        initial=1,
        label=_("Seed"),
        help_text=_("The same pool and seed give the same batch."),
    )
    name = forms.CharField(
        max_length=200, required=False, label=_("Name"), help_text=_("Optional; the numbers above if left empty.")
    )


def status_of(form: forms.Form) -> dict[str, Any]:
    """The status keyword of `render` for a page with this form: 400 once something in it was refused."""
    return {"status": 400} if form.errors else {}
