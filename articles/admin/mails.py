"""Which mails a person gets, and the newsroom's mails that were left unfinished."""

from django.contrib import admin, messages
from django.http import Http404, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils import timezone

from articles import mails
from articles.models import Article, MailSwitch, StaffMail
from articles.models.article import roles_of
from articles.models.mail import CANNOT_BE_SWITCHED_OFF, FOR_EDITORS_ALONE
from articles.workflow import EDITORS
from outbox.untyped import NothingTyped

from .pages import page


def your_mails(request):
    """Each kind of mail with a tick box; a mail that cannot be switched off is named without one."""
    roles = roles_of(request.user)
    if not roles:
        raise Http404("There is no such page.")
    kinds = [kind for kind in StaffMail.Kind if roles & EDITORS or kind not in FOR_EDITORS_ALONE]
    free = [kind for kind in kinds if kind not in CANNOT_BE_SWITCHED_OFF]
    if request.method == "POST":
        wanted = request.POST.getlist("wanted")
        MailSwitch.objects.switch_off(request.user, [kind for kind in free if kind not in wanted])
        messages.success(request, "Saved. It holds for every mail from now on.")
        return redirect("admin:mails")
    off = set(MailSwitch.objects.filter(user=request.user).values_list("kind", flat=True))
    context = {"title": "Your mails", "kinds": [(kind, kind not in off) for kind in free]}
    return page(request, "admin/mails.html", context | {"always": [kind for kind in kinds if kind not in free]})


class Standing(admin.SimpleListFilter):
    title, parameter_name = "where it stands", "standing"

    def lookups(self, request, model_admin):
        return [("unfinished", "Unfinished"), *StaffMail.Status.choices]

    def queryset(self, request, mails):
        if self.value() == "unfinished":
            return mails & StaffMail.objects.unfinished(timezone.now())
        return mails.filter(status=self.value()) if self.value() in StaffMail.Status else mails


@admin.register(StaffMail)
class StaffMailAdmin(NothingTyped, admin.ModelAdmin):
    """Read by whoever may send a mail again; nobody writes one here."""

    list_display = ["mail", "reader", "status", "queued_at", "sent_at", "error"]
    list_filter = [Standing, "kind"]
    list_select_related = ["to", "article"]
    list_per_page = 50
    search_fields = ["to__username", "to__first_name", "to__last_name", "to__email", "article__headline"]
    show_facets = admin.ShowFacets.NEVER
    fields = ["kind", "reader", "story", "status", "error", "queued_at", "sending_at", "sent_at"]
    readonly_fields = fields

    def get_queryset(self, request):
        seen = Article.objects.seen_by(request.user).values("pk")
        about = super().get_queryset(request)
        return about.filter(article__isnull=True) | about.filter(article__in=seen)

    def has_module_permission(self, request):
        return self.has_view_permission(request)

    def has_view_permission(self, request, obj=None):
        return request.user.has_perm("articles.resend_staff_mail")

    def get_urls(self):
        again = self.admin_site.admin_view(self.send_again)
        return [path("<int:object_id>/again/", again, name="articles_staffmail_again"), *super().get_urls()]

    def change_view(self, request, object_id, form_url="", extra_context=None):
        stuck = StaffMail.objects.unfinished(timezone.now()).filter(pk=object_id) if object_id.isdecimal() else None
        extra = {"is_stuck": bool(stuck), "object_id": object_id, "title": "Mail to staff", "subtitle": None}
        return super().change_view(request, object_id, form_url, extra | (extra_context or {}))

    def send_again(self, request, object_id):
        mail = self.get_object(request, str(object_id))
        if mail is None or not self.has_view_permission(request, mail):
            raise Http404("There is no such mail.")
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if mails.send_again(mail.pk, timezone.now()):
            self.log_change(request, mail, "Queued it again.")
            messages.success(request, "Queued: it goes out within a minute.")
        else:
            messages.error(request, "This mail is not stuck (any more), so it was left alone. Look where it stands.")
        return redirect(reverse("admin:articles_staffmail_change", args=[mail.pk]))

    @admin.display(description="mail", ordering="kind")
    def mail(self, mail):
        return f"{mail.get_kind_display()}: {mail.article}" if mail.article else mail.get_kind_display()

    @admin.display(description="to", ordering="to")
    def reader(self, mail):
        """The name alone: the account's page is not for editors."""
        return mail.to.get_full_name() or mail.to.get_username()

    @admin.display(description="story")
    def story(self, mail):
        return mail.article or "none"
