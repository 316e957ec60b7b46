"""Who sits at the desk in the tests about fundraising."""

from django.contrib.auth.models import Group, User


def a_person(*, username, group=None, **fields):
    person, made = User.objects.get_or_create(username=username, defaults={"is_staff": True, **fields})
    if group and made:
        person.groups.add(Group.objects.get(name=group))
    return person


def a_fundraiser(*, username="priya", first_name="Priya", last_name="Nair"):
    return a_person(username=username, group="Fundraisers", first_name=first_name, last_name=last_name)
