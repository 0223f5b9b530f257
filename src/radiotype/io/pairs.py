"""Which mask belongs to which image, by name and grid. A wrong pair is worse than none: names that contradict make no pair."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from radiotype.core.geometry import Grid
from radiotype.io.names import IMAGE_FOLDERS, MASK_FOLDERS, PARENCHYMA_WORDS, Name, has_digit

#: Lower-case words of a name.
Words = tuple[str, ...]

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
    of one case, every image on the mask's grid whose name does not contradict that of the mask. Of several images that fit
    equally well by name, those on its grid are taken.

    Parameters
    ----------
    volumes : sequence of Volume

    Returns
    -------
    list of Pair
    """
    places = _Places([one for one in volumes if not one.name.is_mask])
    pairs = []
    for mask in (one for one in volumes if one.name.is_mask):
        near = places.near(mask.name)
        if near is None:
            continue
        named = near.by_name(mask.name)
        fitting = named or near.by_case(mask)
        same = [image for image in fitting if image.grid.same_as(mask.grid)]
        chosen = same or fitting
        doubt = "" if same else "the mask lies on another grid than the image"
        if not named and len(chosen) > 1:
            doubt = f"only folder and grid say that this mask belongs to {len(chosen)} images: make sure that it does"
        pairs += [Pair(image, mask, doubt, by_folder=not named) for image in chosen]
    return pairs


class _Near:
    """Images among which the one of a mask is looked for, found by their words."""

    def __init__(self, images: list[Volume]) -> None:
        self.images = images
        self._specific: dict[Words, list[Volume]] = defaultdict(list)
        self._key: dict[Words, list[Volume]] = defaultdict(list)
        self._identity: dict[str, list[Volume]] = defaultdict(list)
        self._counted: set[Words] = set()
        for image in images:
            name = image.name
            self._specific[name.specific].append(image)
            self._key[name.key].append(image)
            for word in name.identity:
                self._identity[word].append(image)
            self._counted.update(name.key[:n] for n, word in enumerate(name.key) if has_digit(word))

    def by_name(self, mask: Name) -> list[Volume]:
        """Images whose words are those of the mask, or else begin them for the longest.

        Where images are counted (lung, lung_2), the mask lung_3 is not one of the image lung.
        """
        exact = self._specific.get(mask.specific) or self._key.get(mask.key)
        if exact:
            return exact
        for n in range(len(mask.specific) - 1, -1, -1):
            begun = self._specific.get(mask.specific[:n], []) or self._key.get(mask.key[:n], [])
            begun = [
                image for image in begun if not self._is_counted(image.name.key, mask.key) and (n or not image.name.channel)
            ]
            if begun:
                return begun
        return []

    def _is_counted(self, begin: Words, key: Words) -> bool:
        """Whether a number follows on the words with which a key begins, and does so in an image too."""
        return len(key) > len(begin) and has_digit(key[len(begin)]) and begin in self._counted

    def by_case(self, mask: Volume) -> list[Volume]:
        """In a folder of one case, the images on the mask's grid that its name does not contradict; the only image on any."""
        wanted = mask.name.identity if self._identity else frozenset()
        if not any(has_digit(word) for word in self._identity):
            wanted = frozenset(word for word in wanted if not word.isdigit())  # lesion_2 counts lesions, not cases
        fewest = min((self._identity.get(word, []) for word in wanted), key=len, default=self.images)
        fitting = [image for image in fewest if wanted <= image.name.identity]
        if not fitting and self._shows_one_case():
            fitting = self.images
        if len(fitting) > MAX_IMAGES_OF_A_CASE:
            return []
        same = [image for image in fitting if image.grid.same_as(mask.grid)]
        return same or (fitting if len(fitting) == 1 and (wanted or len(self.images) == 1) else [])

    def _shows_one_case(self) -> bool:
        """Whether the images are of several kinds and no two share their other words: what one case has, not many."""
        return len({image.name.modality for image in self.images}) > 1 and len(self._key) == len(self.images)


class _Places:
    """Images by the places in which those of a mask are looked for."""

    def __init__(self, images: Iterable[Volume]) -> None:
        self._folder: dict[PurePath, list[Volume]] = defaultdict(list)
        self._base: dict[PurePath, dict[str, list[Volume]]] = defaultdict(lambda: defaultdict(list))
        self._entities: dict[tuple[tuple[str, str], ...], list[Volume]] = defaultdict(list)
        self._known: dict[tuple[object, ...], _Near | None] = {}
        for image in images:
            name = image.name
            self._folder[name.path.parent].append(image)
            self._base[name.base][name.role_folder].append(image)
            if name.entities:
                self._entities[name.entities].append(image)

    def near(self, mask: Name) -> _Near | None:
        """Images of the same folder, else of the folder beside, else of the same BIDS subject and session."""
        place = (mask.path.parent, mask.base, mask.role_folder, mask.entities)
        if place not in self._known:
            self._known[place] = self._near(mask)
        return self._known[place]

    def _near(self, mask: Name) -> _Near | None:
        beside = [
            image
            for role, images in self._base.get(mask.base, {}).items()
            if (role or mask.role_folder) and _roles_fit(role, mask.role_folder)
            for image in images
        ]
        found = self._folder.get(mask.path.parent) or beside or (self._entities.get(mask.entities) if mask.entities else None)
        return _Near(found) if found else None


def _roles_fit(image: str, mask: str) -> bool:
    """Whether an image folder and a mask folder stand beside each other; imagesTr belongs to labelsTr."""
    if image in IMAGE_FOLDERS and mask in MASK_FOLDERS | PARENCHYMA_WORDS:
        return image[-2:] == mask[-2:] or not image.endswith(("tr", "ts", "va"))
    return not image or not mask
