"""What is made of a private original for readers: a few widths, never larger than the original, in public storage.

The worker makes them once a page of ours shows the picture, and deletes them when none does any more. A task does so
at once; `make_missing` and `remove_off_show` find what was left undone.
"""

import io
import logging
from datetime import timedelta
from time import monotonic

from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db import transaction
from PIL import Image

from .models import Picture
from .originals import for_screens

log = logging.getLogger(__name__)

WIDTHS = (480, 800, 1200, 1600)
FALLBACK_WIDTHS = (800, 1200)  # for browsers without WebP, and for previews on other sites
DESK_WIDTH = 640
WEBP = {"format": "WEBP", "quality": 80, "method": 4}
JPEG = {"format": "JPEG", "quality": 82, "optimize": True, "progressive": True}


def tend(picture, now):
    """Make what readers are to have of `picture`, or delete what they are not. Again changes nothing."""
    if _is_on_show(picture, now):
        make(picture)
    remove(picture, now)  # which asks again: making them takes seconds


def make_missing(now):
    """Make the renditions of every picture on show that has none. One broken file delays no other picture."""
    for picture in Picture.objects.awaiting_renditions(now):
        try:
            make(picture)
        except Exception:
            log.exception(
                "No renditions of picture %s could be made; it is tried again at the next sweep.", picture.pk
            )


def make(picture):
    """Write the renditions of `picture` to public storage and note them on its row. Doing it twice changes nothing."""
    if picture.renditions or picture.withdrawn_at:
        return
    with picture.original.open("rb") as file:
        original = for_screens(Image.open(file))
    made = [_store(picture, original, width, **WEBP) for width in _widths(original, WIDTHS)]
    made += [_store(picture, original, width, **JPEG) for width in _widths(original, FALLBACK_WIDTHS)]
    _note(picture, made)


@transaction.atomic
def _note(picture, made):
    """Note what was `made`, or delete it again: nothing is locked while pictures are encoded.

    Another worker, or a withdrawal, may have been quicker, or `remove` has deleted some of it already; then the next
    sweep makes them again, if they are still to be seen.
    """
    stored, names = _locked(picture), _names(made)
    if stored.renditions or stored.withdrawn_at or not all(map(storages["public"].exists, names)):
        _delete(names - _names(stored.renditions))
        picture.refresh_from_db()
    else:
        picture.renditions = made
        picture.save(update_fields=["renditions"])


def remove_off_show(now):
    """Delete what is public of pictures taken from readers, once more what a worker was making of withdrawn ones."""
    lately = Picture.objects.filter(withdrawn_at__gt=now - timedelta(hours=1))
    _remove_each({*Picture.objects.taken_from_readers().off_show(now), *lately}, now)


def remove_forgotten(now):
    """The same for all pictures, whatever took them off show: a search through the whole archive, for the night."""
    _remove_each(Picture.objects.off_show(now), now)


def _remove_each(pictures, now):
    """A long list takes a while to delete: what has come back in the meantime stays."""
    begun = monotonic()
    for picture in pictures:
        remove(picture, now + timedelta(seconds=monotonic() - begun))


def remove(picture, now):
    """Delete what readers have of `picture`, unless a page shows it at `now`.

    False, and an entry in the log, where storage refuses.
    """
    try:
        _remove(picture, now)
    except Exception:
        log.exception(
            "Files of picture %s, which is off show, are still public; they are tried again at the next sweep.",
            picture.pk,
        )
        return False
    return True


@transaction.atomic
def _remove(picture, now):
    stored = _locked(picture)  # so that nobody notes files between their deletion and the end of the note
    if _is_on_show(picture, now):
        return
    _delete(_names(stored.renditions) | {_name(picture, width, kind) for width, kind in _all_of(picture)})
    picture.renditions = []
    picture.save(update_fields=["renditions"])


def _is_on_show(picture, now):
    return Picture.objects.on_show(now).filter(pk=picture.pk).exists()


def _locked(picture):
    return Picture.objects.select_for_update(no_key=True).get(pk=picture.pk)


def _names(renditions):
    return {one["name"] for one in renditions}


def _all_of(picture):
    webp, jpeg = _widths(picture, WIDTHS), _widths(picture, FALLBACK_WIDTHS)
    return [*((width, "webp") for width in webp), *((width, "jpeg") for width in jpeg)]


def _delete(names):
    for name in names:
        storages["public"].delete(name)


def desk_copy(picture):
    """The name in private storage of a small copy for the desk's own pages, made when first asked for."""
    name = f"desk/{picture.pk.hex}.webp"
    private = picture.original.storage
    if not private.exists(name):
        with picture.original.open("rb") as file:
            original = for_screens(Image.open(file))
        data, _ = _encoded(original, min(DESK_WIDTH, original.width), **WEBP)
        name = private.save(name, ContentFile(data))
    return name


def _widths(image, wanted):
    """Those of `wanted` that need no enlarging; an original between two of them gives its own width too."""
    return sorted({min(width, image.width) for width in wanted})


def _name(picture, width, kind):
    return f"pictures/{picture.pk.hex}-{width}.{kind.replace('jpeg', 'jpg')}"


def _store(picture, original, width, **how):
    data, height = _encoded(original, width, **how)
    kind = how["format"].lower()
    public, name = storages["public"], _name(picture, width, kind)
    public.delete(name)  # left by a worker that was stopped half-way
    name = public.save(name, ContentFile(data))
    return {"name": name, "width": width, "height": height, "type": f"image/{kind}"}


def _encoded(original, width, **how):
    height = max(1, round(original.height * width / original.width))
    image = original if width == original.width else original.resize((width, height), Image.Resampling.LANCZOS)
    if how["format"] == "JPEG" and image.mode == "RGBA":
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    written = io.BytesIO()
    image.save(written, **how)
    return written.getvalue(), height
