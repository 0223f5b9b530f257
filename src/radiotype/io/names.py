"""What the names of files and folders say: image or mask, which modality, which region."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePath

IMAGE_FOLDERS = frozenset(["image", "images", "img", "imgs", "imagestr", "imagests", "imagesva", "scan", "scans", "volumes"])
MASK_FOLDERS = frozenset(
    [
        "mask",
        "masks",
        "label",
        "labels",
        "labelstr",
        "labelsts",
        "labelsva",
        "seg",
        "segs",
        "segmentation",
        "segmentations",
        "roi",
        "rois",
        "contours",
        "annotations",
        "gt",
    ]
)
#: Words for the organ tissue around a tumour.
PARENCHYMA_WORDS = frozenset(["parenchyma", "fgt"])

#: Folders that say how a file is stored, not whose it is.
STORAGE_FOLDERS = frozenset(
    ["nifti", "nii", "nrrd", "mha", "dicom", "dcm", "anat", "perf", "pet", "ct", "mr", "mri", "derivatives"]
)

IMAGE_WORDS = frozenset(["image", "img", "imaging", "scan", "vol", "volume", "crop", "cropped"])
MASK_WORDS = frozenset(
    [
        "mask",
        "masks",
        "seg",
        "segs",
        "segmentation",
        "segmentations",
        "label",
        "labels",
        "labelmap",
        "roi",
        "rois",
        "contour",
        "annotation",
        "gt",
    ]
)
REGION_WORDS = frozenset(
    ["tumor", "tumour", "lesion", "lesions", "nodule", "nodules", "gtv", "ctv", "itv", "ptv", "bim", "mass", "metastasis"]
)
#: What else is said of a region, and never of a case.
DESCRIPTIONS = frozenset(
    [
        *("reader", "rater", "observer", "manual", "auto", "automatic", "final", "corrected"),
        *("whole", "core", "enhancing", "necrosis", "necrotic", "edema", "oedema", "primary", "node", "nodal"),
    ]
)

#: Words of names, the modality each stands for and the name of the scan.
MODALITY_WORDS = {
    **dict.fromkeys(("ct", "cect", "ldct", "ncct"), ("CT", "CT")),
    **dict.fromkeys(("pet", "pt", "suv", "fdg"), ("PT", "PT")),
    "ser": ("SER", "SER"),
    **dict.fromkeys(("mr", "mri"), ("MR", "MR")),
    **dict.fromkeys(("t1", "t1w", "t1n"), ("MR", "T1")),
    **dict.fromkeys(("t1c", "t1ce", "t1gd", "t1cw"), ("MR", "T1C")),
    **dict.fromkeys(("t2", "t2w"), ("MR", "T2")),
    **dict.fromkeys(("flair", "t2f", "fla"), ("MR", "FLAIR")),
    **{word: ("MR", word.upper()) for word in ("adc", "dwi", "dce", "swi", "dsc")},
}

#: Words that tell no mask from another; a mask may be called after its image.
_OF_MASKS = MASK_WORDS | PARENCHYMA_WORDS | IMAGE_WORDS

_CHANNEL = re.compile(r"_(\d{4})$")
_ENTITY = re.compile(r"(?:^|_)(sub|ses)-([A-Za-z0-9]+)")
_COUNTED = re.compile(r"^([a-z]+)(\d+)$")
_NUMBERED = re.compile(r"^(gtv|ctv|itv|ptv|lesion|tumou?r|nodule|roi|mask|label|seg)[a-z]?\d*$")


@dataclass(frozen=True)
class Name:
    """A volume's name taken apart.

    `words` are lower case; `key` is what is left without image, mask and modality words; `channel` is nnU-Net's suffix;
    `entities` are the subject and session of a BIDS name.
    """

    path: PurePath
    stem: str
    words: tuple[str, ...]
    is_mask: bool
    role_folder: str
    channel: str
    entities: tuple[tuple[str, str], ...]

    @cached_property
    def key(self) -> tuple[str, ...]:
        """Words that tell one case from another."""
        return tuple(word for word in self.specific if word not in MODALITY_WORDS)

    @cached_property
    def specific(self) -> tuple[str, ...]:
        """The same with the modality."""
        return tuple(word for word in self.words if word not in (_OF_MASKS if self.is_mask else IMAGE_WORDS))

    @cached_property
    def identity(self) -> frozenset[str]:
        """Words that can say whose file it is: neither what it shows nor what its folder is called."""
        told = REGION_WORDS | DESCRIPTIONS | set(split_words(self.base.name))
        return frozenset(word for word in self.key if word not in told and not _NUMBERED.match(word))

    @property
    def is_parenchyma(self) -> bool:
        """Whether the mask is one of the organ tissue around the tumour."""
        return self.is_mask and (self.role_folder in PARENCHYMA_WORDS or any(word in PARENCHYMA_WORDS for word in self.words))

    @property
    def modality(self) -> tuple[str, str]:
        """Modality and name of the scan that the name, or else the nearest folder, hints at; empty when nothing does."""
        for words in (self.words, *(split_words(part) for part in reversed(self.path.parts[:-1]))):
            hints = [MODALITY_WORDS[word] for word in words if word in MODALITY_WORDS]
            if hints:
                return hints[-1]
        return ("", "")

    @property
    def base(self) -> PurePath:
        """The folder that stands for the case or the data set: without a role folder at the end."""
        return self.path.parent.parent if self.role_folder else self.path.parent


def split_words(text: str) -> tuple[str, ...]:
    """Lower-case words of a name.

    Examples
    --------
    >>> split_words("LUNG1-001_GTV-1")
    ('lung1', '001', 'gtv', '1')
    """
    return tuple(part for word in re.split(r"[\s_.\-]+", text.lower()) if word for part in _uncounted(word))


def _uncounted(word: str) -> tuple[str, ...]:
    """The two parts of mask1, ct1 or reader2; other words stay whole, t1 too."""
    counted = _COUNTED.match(word)
    known = IMAGE_WORDS | MASK_WORDS | REGION_WORDS | DESCRIPTIONS | MODALITY_WORDS.keys()
    return counted.groups() if counted and counted.group(1) in known and word not in MODALITY_WORDS else (word,)


def has_digit(word: str) -> bool:
    """Whether a word counts or dates something."""
    return any(letter.isdigit() for letter in word)


def stem_of(path: PurePath) -> str:
    """The name without .nii.gz or its one suffix."""
    return path.name[: -len(".nii.gz")] if path.name.lower().endswith(".nii.gz") else path.stem


def read_name(path: PurePath) -> Name:
    """Take the path of a volume, relative to the folder searched, apart.

    Examples
    --------
    >>> name = read_name(PurePath("imagesTr/lung_003_0000.nii.gz"))
    >>> name.is_mask, name.key, name.channel
    (False, ('lung', '003'), '0000')
    """
    stem = stem_of(path)
    folder = path.parent.name.lower()
    role = folder if folder in IMAGE_FOLDERS | MASK_FOLDERS | PARENCHYMA_WORDS else ""
    channel = _CHANNEL.search(stem)
    if channel and role not in MASK_FOLDERS | PARENCHYMA_WORDS:
        stem = stem[: channel.start()]
    words = split_words(stem)
    names_mask = any(word in MASK_WORDS | PARENCHYMA_WORDS or _NUMBERED.match(word) for word in words)
    names_region = any(word in REGION_WORDS for word in words)
    is_mask = role in MASK_FOLDERS | PARENCHYMA_WORDS or names_mask or (names_region and role not in IMAGE_FOLDERS)
    if is_mask and role in IMAGE_FOLDERS and not any(word in MASK_WORDS for word in words):
        is_mask = False
    if (
        is_mask
        and role not in MASK_FOLDERS | PARENCHYMA_WORDS
        and any(word in IMAGE_WORDS - {"crop", "cropped"} for word in words)
    ):
        is_mask = any(word in MASK_WORDS for word in words)
    entities = tuple(_ENTITY.findall(stem))
    return Name(path, stem, words, is_mask, role, channel.group(1) if channel and not is_mask else "", entities)


def region_name(mask: Name, image: Name, *, known_words_only: bool = False) -> str:
    """What the name of a mask says of its region, beyond what it shares with its image; empty when nothing.

    Examples
    --------
    >>> region_name(read_name(PurePath("a_GTV-1.nii")), read_name(PurePath("a.nii")))
    'GTV-1'
    """
    shared = {*image.words, *MASK_WORDS, *MODALITY_WORDS}
    words = [word for word in re.split(r"[\s_.\-]+", mask.stem) if word and not shared.issuperset(split_words(word))]
    if known_words_only:
        words = [word for word in words if word.lower() in REGION_WORDS or (word.isdigit() and len(word) < 3)]
        words = words if any(word.lower() in REGION_WORDS for word in words) else []
    return "-".join(words)
