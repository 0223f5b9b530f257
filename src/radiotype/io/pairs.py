"""Which mask belongs to which image, by name and grid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from radiotype.core.geometry import Grid
from radiotype.io.names import IMAGE_FOLDERS, MASK_FOLDERS, Name

#: A folder with more images than this is not taken for one case whose masks belong to every image.
MAX_IMAGES_OF_A_CASE = 8


@dataclass(frozen=True)
class Volume:
    """A volume with its name taken apart and its grid."""

    name: Name
    grid: Grid
    n_phases: int = 1


@dataclass(frozen=True)
class Pair:
    """An image, a mask of it, a doubt (empty text when there is none), and whether only their folder says that they belong."""

    image: Volume
    mask: Volume
    doubt: str = ""
    by_folder: bool = False


def pair_volumes(volumes: Sequence[Volume]) -> list[Pair]:
    """Pairs of images and masks, ordered by mask and image.

    A mask is looked for an image in its own folder, in the image folder beside its mask folder, and among the files of the same
    BIDS subject and session. The same words make a pair; else the image whose words begin those of the mask; else, in a folder
    of one case, every image on the mask's grid. Of several images that fit equally well by name, those on its grid are taken.

    Parameters
    ----------
    volumes : sequence of Volume

    Returns
    -------
    list of Pair
    """
    images = [one for one in volumes if not one.name.is_mask]
    pairs = []
    for mask in (one for one in volumes if one.name.is_mask):
        near = _near(mask, images)
        named = _by_name(mask, near)
        fitting = named or _by_case(mask, near, volumes)
        same = [image for image in fitting if image.grid.same_as(mask.grid)]
        doubt = "" if same else "the mask lies on another grid than the image"
        pairs += [Pair(image, mask, doubt, by_folder=not named) for image in (same or fitting)]
    return pairs


def _near(mask: Volume, images: Sequence[Volume]) -> list[Volume]:
    """Images of the same folder, else of the folder beside, else of the same BIDS subject and session."""
    name = mask.name
    beside = [
        one
        for one in images
        if one.name.base == name.base and (one.name.role_folder or name.role_folder) and one.name is not name
    ]
    places = (
        [one for one in images if one.name.path.parent == name.path.parent],
        [one for one in beside if _roles_fit(one.name, name)],
        [one for one in images if name.entities and one.name.entities == name.entities],
    )
    for near in places:
        if near:
            return near
    return []


def _roles_fit(image: Name, mask: Name) -> bool:
    """Whether an image folder and a mask folder stand beside each other; imagesTr belongs to labelsTr."""
    if image.role_folder in IMAGE_FOLDERS and mask.role_folder in MASK_FOLDERS:
        return image.role_folder[-2:] == mask.role_folder[-2:] or not image.role_folder.endswith(("tr", "ts", "va"))
    return not image.role_folder or not mask.role_folder


def _by_name(mask: Volume, near: Sequence[Volume]) -> list[Volume]:
    """Images whose words fit the mask's best."""
    best: tuple[int, int] = (0, 0)
    fitting: list[Volume] = []
    for image in near:
        score = _likeness(image.name, mask.name)
        if score > best:
            best, fitting = score, [image]
        elif score == best and score > (0, 0):
            fitting.append(image)
    return fitting


def _likeness(image: Name, mask: Name) -> tuple[int, int]:
    if image.specific == mask.specific:
        return (3, 0)
    if image.key == mask.key:
        return (2, 0)
    if mask.specific[: len(image.specific)] == image.specific and image.specific:
        return (1, 2 * len(image.specific) + 1)
    if image.key and mask.key[: len(image.key)] == image.key:
        return (1, 2 * len(image.key))
    return (1, 0) if not image.key and not image.channel else (0, 0)


def _by_case(mask: Volume, near: Sequence[Volume], volumes: Sequence[Volume]) -> list[Volume]:
    """Every image of a folder of one case that lies on the mask's grid, when none fits by name."""
    if len(near) == 1 and sum(one.name.path.parent == near[0].name.path.parent for one in volumes if not one.name.is_mask) == 1:
        return list(near)
    same = [image for image in near if image.grid.same_as(mask.grid)]
    return same if len(near) <= MAX_IMAGES_OF_A_CASE else []
