"""From an upload to what readers are shown: nothing private travels, nothing is enlarged."""

import io
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage, storages
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, ImageCms

from articles import originals, renditions
from articles.models import Picture

from .factories import BEGIN, a_draft, a_journalist, a_picture, an_author, an_editor, approved, published

pytestmark = pytest.mark.django_db
ORIENTATION, ARTIST, GPS = 0x0112, 0x013B, 0x8825
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def a_file(kind="JPEG", size=(900, 600), name="pier.jpg", mode="RGB", **how):
    buffer = io.BytesIO()
    Image.new(mode, size, "teal" if mode != "RGBA" else (0, 90, 90, 0)).save(buffer, kind, **how)
    return SimpleUploadedFile(name, buffer.getvalue())


def from_a_camera():
    exif = Image.Exif()
    exif[ORIENTATION], exif[ARTIST] = 6, "A. Source"
    exif.get_ifd(GPS)[1] = "N"
    return a_file(exif=exif, comment=b"taken at the informant's house")


def received(upload, **fields):
    return Picture.receive(upload, by=a_journalist(), now=BEGIN, title="The pier", **fields)


def opened(storage, name):
    with storage.open(name) as file:
        return Image.open(io.BytesIO(file.read()))


def stored(picture):
    with picture.original.open() as file:
        return file.read()


def sizes(picture, kind):
    return [(made["width"], made["height"]) for made in picture.renditions if made["type"] == kind]


def test_private_metadata_is_taken_off_and_the_picture_stands_upright():
    upload = from_a_camera()
    assert b"A. Source" in upload.read()
    assert b"informant" in from_a_camera().read()
    picture = received(upload)
    assert b"A. Source" not in stored(picture)
    assert b"informant" not in stored(picture)
    kept = Image.open(io.BytesIO(stored(picture)))
    assert not kept.getexif()
    assert (kept.size, (picture.width, picture.height)) == ((600, 900), (600, 900))


def test_a_cameras_jpeg_with_several_pictures_is_taken_as_its_first():
    second = Image.new("RGB", (300, 200), "red")
    upload = a_file("MPO", save_all=True, append_images=[second])
    assert Image.open(upload).format == "MPO"
    kept = Image.open(io.BytesIO(stored(received(upload))))
    assert (kept.format, kept.size, getattr(kept, "n_frames", 1)) == ("JPEG", (900, 600), 1)
    assert kept.convert("RGB").getpixel((10, 10))[0] < 50


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_other_formats_lose_their_metadata_too(kind):
    exif = Image.Exif()
    exif[ARTIST] = "A. Source"
    upload = a_file(kind, exif=exif)
    assert b"A. Source" in upload.read()
    assert b"A. Source" not in stored(received(upload))


def original_of(picture):
    return opened(default_storage, picture.original.name)


def test_the_colours_of_a_profile_become_those_of_every_browser():
    swapped = bytearray(SRGB)  # a profile whose red is called green
    red, green = swapped.index(b"rXYZ"), swapped.index(b"gXYZ")
    swapped[red : red + 4], swapped[green : green + 4] = b"gXYZ", b"rXYZ"
    buffer = io.BytesIO()
    Image.new("RGB", (900, 600), "red").save(buffer, "PNG", icc_profile=bytes(swapped))
    kept = original_of(received(SimpleUploadedFile("pier.png", buffer.getvalue())))
    assert "icc_profile" not in kept.info
    assert kept.getpixel((5, 5))[1] > 200 > 50 > kept.getpixel((5, 5))[0]


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("profile", [SRGB, b"this is no profile", SRGB[:200]], ids=["whole", "none", "cut off"])
def test_a_profile_that_does_not_fit_the_picture_stops_nothing(mode, profile):
    picture = received(a_file(mode=mode, icc_profile=profile))
    assert "icc_profile" not in original_of(picture).info
    assert opened(default_storage, renditions.desk_copy(picture)).size == (640, 427)
    renditions.make(picture)
    reds = [opened(storages["public"], made["name"]).convert("RGB").getpixel((5, 5)) for made in picture.renditions]
    assert reds
    assert reds == [pytest.approx(Image.new(mode, (1, 1), "teal").convert("RGB").getpixel((0, 0)), abs=6)] * len(reds)


@pytest.mark.parametrize("profile", [SRGB, b"this is no profile"], ids=["whole", "none"])
def test_an_original_that_came_with_a_bad_profile_before_is_rendered_too(profile):
    upload = a_file(mode="L", icc_profile=profile)
    picture = Picture.objects.create(original=upload, uploaded_by=a_journalist(), uploaded_at=BEGIN)
    renditions.make(picture)
    assert picture.renditions


def test_a_scan_of_sixteen_bits_keeps_its_greys():
    buffer = io.BytesIO()
    Image.new("I;16", (900, 600), 128 * 256).save(buffer, "PNG")
    picture = received(SimpleUploadedFile("scan.png", buffer.getvalue()))
    renditions.make(picture)
    assert original_of(picture).getpixel((5, 5)) == (128, 128, 128)
    for made in picture.renditions:
        assert opened(storages["public"], made["name"]).getpixel((5, 5)) == pytest.approx((128,) * 3, abs=2)


def test_a_palettes_transparent_colour_stays_so():
    buffer = io.BytesIO()
    Image.new("RGBA", (900, 600), (0, 90, 90, 0)).quantize(4).save(buffer, "PNG", icc_profile=SRGB)
    assert Image.open(buffer).mode == "P"
    kept = original_of(received(SimpleUploadedFile("logo.png", buffer.getvalue())))
    assert kept.getpixel((5, 5))[3] == 0


@pytest.mark.parametrize(
    ("upload", "problem"),
    [
        (lambda: SimpleUploadedFile("pier.jpg", b"<svg onload=alert(1)>"), "not a picture"),
        (lambda: SimpleUploadedFile("pier.jpg", b""), "not a picture"),
        (lambda: a_file("GIF", name="pier.jpg"), "a GIF file. Save it as JPEG"),
        (lambda: a_file("WEBP", save_all=True, append_images=[Image.new("RGB", (900, 600), "red")]), "moves"),
        (lambda: a_file(size=(200, 900)), "200 pixels wide"),
        (lambda: a_file(size=(400, 1)), "1 pixels high; pages need at least 160"),
        (lambda: a_file(size=(330, 3000)), "330 × 3000 pixels; .* at most 5 times .* Crop it"),
        (lambda: a_file(size=(3000, 400)), "3000 × 400 pixels"),
        (lambda: SimpleUploadedFile("pier.jpg", a_file(size=(900, 900)).read()[:2000]), "damaged"),
    ],
)
def test_what_is_no_fit_picture_is_refused_in_words(upload, problem):
    with pytest.raises(ValidationError, match=problem):
        received(upload())
    assert not Picture.objects.exists()


def test_too_many_pixels_are_refused_before_they_are_read(monkeypatch):
    monkeypatch.setattr(originals, "MOST_PIXELS", 100_000)
    with pytest.raises(ValidationError, match="too many pixels"):
        received(a_file())


def test_a_file_that_is_too_large_is_refused_with_both_sizes(monkeypatch):
    monkeypatch.setattr(originals, "MOST_BYTES", 1024 * 1024)
    upload = SimpleUploadedFile("pier.jpg", b"\xff" * (3 * 1024 * 1024))
    with pytest.raises(ValidationError, match="has 3 MB; at most 1 MB"):
        received(upload)


def test_renditions_have_few_widths_and_are_never_enlarged():
    picture = a_picture(width=1000, height=500)
    renditions.make(picture)
    picture.refresh_from_db()
    assert sizes(picture, "image/webp") == [(480, 240), (800, 400), (1000, 500)]
    assert sizes(picture, "image/jpeg") == [(800, 400), (1000, 500)]
    for made in picture.renditions:
        image = opened(storages["public"], made["name"])
        assert image.size == (made["width"], made["height"])
        assert f"image/{image.format.lower()}" == made["type"]


def test_a_large_original_is_never_public_in_full():
    picture = a_picture(width=2400, height=1600)
    renditions.make(picture)
    assert max(width for width, _ in sizes(picture, "image/webp")) == 1600
    assert max(width for width, _ in sizes(picture, "image/jpeg")) == 1200


def test_a_public_name_does_not_tell_the_private_one():
    picture = a_picture()
    renditions.make(picture)
    secret = picture.original.name.partition("/")[2].partition(".")[0]
    assert not any(secret in made["name"] for made in picture.renditions)
    assert not storages["public"].exists(picture.original.name)


def test_a_transparent_picture_stays_so_and_gets_white_paper_as_a_jpeg():
    picture = received(a_file("PNG", mode="RGBA"))
    renditions.make(picture)
    light, common = picture.renditions[0], picture.renditions[-1]
    assert opened(storages["public"], light["name"]).mode == "RGBA"
    assert opened(storages["public"], common["name"]).getpixel((5, 5)) == (255, 255, 255)


def test_making_them_twice_changes_nothing():
    picture = a_picture()
    renditions.make(picture)
    before, files = picture.renditions, sorted(storages["public"].listdir("pictures")[1])
    renditions.make(Picture.objects.get())
    assert (Picture.objects.get().renditions, sorted(storages["public"].listdir("pictures")[1])) == (before, files)


def test_publishing_makes_renditions_and_drafting_does_not(django_capture_on_commit_callbacks):
    draft = a_picture(title="Only a draft")
    a_draft(headline="Other", lead_picture=draft.pk)
    picture = a_picture(title="Published")
    article = approved(lead_picture=picture.pk, lead_alt="A pier", lead_credit="Photo: Ana Reyes")
    with django_capture_on_commit_callbacks(execute=True):
        article.publish(by=an_editor(), now=BEGIN)
    assert Picture.objects.get(pk=picture.pk).renditions
    assert not Picture.objects.get(pk=draft.pk).renditions


def test_the_sweep_finds_what_a_lost_task_left_and_a_broken_file_delays_no_other(caplog):
    broken, whole = a_picture(title="Broken"), a_picture(title="Whole")
    for number, picture in enumerate((broken, whole)):
        published(headline=f"Story {number}", lead_picture=picture.pk, lead_alt="A pier", lead_credit="Photo: Ana")
    default_storage.delete(broken.original.name)
    renditions.make_missing(BEGIN + timedelta(hours=1))
    assert f"picture {broken.pk}" in caplog.text
    assert Picture.objects.get(pk=whole.pk).renditions
    assert not Picture.objects.get(pk=broken.pk).renditions


def test_the_photo_of_an_author_is_made_once_readers_have_seen_a_story_of_theirs():
    author = an_author(photo=a_picture())
    published(author=author)
    renditions.make_missing(BEGIN)
    assert not Picture.objects.get().renditions
    renditions.make_missing(BEGIN + timedelta(hours=1))
    assert Picture.objects.get().renditions


def test_a_drafts_picture_stays_private_as_the_photo_of_an_author_whom_readers_do_not_know():
    picture = a_picture(by=a_journalist())
    author = an_author(photo=picture)
    a_draft(author=author, lead_picture=picture.pk)
    renditions.make_missing(BEGIN + timedelta(days=1))
    assert not Picture.objects.get().renditions
    assert not Picture.objects.published(BEGIN + timedelta(days=1)).exists()


def test_the_desk_has_a_small_private_copy():
    picture = a_picture(width=2000, height=1000)
    name = renditions.desk_copy(picture)
    assert opened(default_storage, name).size == (640, 320)
    assert not storages["public"].exists(name)
    assert renditions.desk_copy(picture) == name
