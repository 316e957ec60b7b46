from articles.images import by_type, focus_classes, rendered, srcset, to_share
from articles.models import Picture


def rendition(width, kind):
    return {"name": f"p-{width}.{kind}", "width": width, "height": width * 2 // 3, "type": f"image/{kind}"}


PICTURE = Picture(
    renditions=[rendition(1200, "jpeg"), rendition(480, "webp"), rendition(1600, "webp"), rendition(800, "jpeg")]
)


def test_renditions_are_offered_smallest_first_with_their_public_addresses():
    assert [image["url"] for image in rendered(PICTURE)] == [
        "/media/p-480.webp",
        "/media/p-800.jpeg",
        "/media/p-1200.jpeg",
        "/media/p-1600.webp",
    ]


def test_no_picture_and_a_picture_still_being_made_give_nothing():
    assert rendered(None) == []
    assert rendered(Picture()) == []


def test_the_lightest_type_comes_first_and_the_common_one_last():
    types = by_type(rendered(PICTURE))
    assert [kind for kind, _ in types] == ["image/webp", "image/jpeg"]
    assert srcset(types[0][1]) == "/media/p-480.webp 480w, /media/p-1600.webp 1600w"


def test_other_sites_are_shown_the_jpeg_nearest_to_1200_pixels():
    assert to_share(PICTURE)["name"] == "p-1200.jpeg"
    assert to_share(None) is None


def test_a_focal_point_becomes_classes_in_quarters():
    assert focus_classes("") == ""
    assert focus_classes("50,50") == "focus-x-50 focus-y-50"
    assert focus_classes("12,88") == "focus-x-0 focus-y-100"
    assert focus_classes("80,20") == "focus-x-75 focus-y-25"
