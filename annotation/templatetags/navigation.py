"""What the page shell needs to know: this person's rights in the project of the page, and which tab is the current one."""

from dataclasses import dataclass

from django import template
from django.template.context import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString

from annotation import access
from annotation.models import Project, Role, User

register = template.Library()


@dataclass(frozen=True, slots=True)
class Rights:
    """One person's role in one project, as the questions that a template asks. No role: every answer is no."""

    role: Role | None

    @property
    def label(self) -> bool:
        return self.role in access.LABELLING

    @property
    def read(self) -> bool:
        return self.role in access.READING

    @property
    def research(self) -> bool:
        return self.role in access.RESEARCH

    @property
    def administer(self) -> bool:
        return self.role in access.ADMINISTRATION


@register.simple_tag(takes_context=True)
def rights_here(context: Context) -> Rights:
    """The rights of the person asking in the page's `project`; none where the page has no project or nobody is signed in."""
    project, user = context.get("project"), getattr(context.get("request"), "user", None)
    if not isinstance(project, Project) or not isinstance(user, User):
        return Rights(None)
    return Rights(access.role_in(user=user, project=project))


@register.simple_tag(takes_context=True)
def tab(context: Context, url: str, label: str, exact: bool = False) -> SafeString:
    """A tab, marked as the current page on its own page and (unless `exact`) on those below it."""
    here: str = context["request"].path
    current = here == url or (not exact and here.startswith(url))
    return format_html(
        '<a href="{}"{}>{}</a>', url, format_html(' aria-current="{}"', "page") if current else "", label
    )
