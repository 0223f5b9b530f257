"""What the names of files and folders say: image or mask, which modality, which region."""

from __future__ import annotations

import re
from dataclasses import dataclass
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
#: Folders that say how a file is stored, not whose it is.
STORAGE_FOLDERS = frozenset(
    ["nifti", "nii", "nrrd", "mha", "dicom", "dcm", "anat", "perf", "pet", "ct", "mr", "mri", "derivatives"]
)

IMAGE_WORDS = frozenset(["image", "img", "scan", "vol", "volume", "crop", "cropped"])
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

_CHANNEL = re.compile(r"_(\d{4})$")
_ENTITY = re.compile(r"(?:^|_)(sub|ses)-([A-Za-z0-9]+)")
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

    @property
    def key(self) -> tuple[str, ...]:
        """Words that tell one case from another."""
        return tuple(word for word in self.specific if word not in MODALITY_WORDS)

    @property
    def specific(self) -> tuple[str, ...]:
        """The same with the modality."""
        return tuple(word for word in self.words if word not in (MASK_WORDS if self.is_mask else IMAGE_WORDS))

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
    return tuple(word for word in re.split(r"[\s_.\-]+", text.lower()) if word)


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
    role = folder if folder in IMAGE_FOLDERS | MASK_FOLDERS else ""
    channel = _CHANNEL.search(stem)
    if channel and role not in MASK_FOLDERS:
        stem = stem[: channel.start()]
    words = split_words(stem)
    names_mask = any(word in MASK_WORDS or _NUMBERED.match(word) for word in words)
    names_region = any(word in REGION_WORDS for word in words)
    is_mask = role in MASK_FOLDERS or names_mask or (names_region and role not in IMAGE_FOLDERS)
    if is_mask and role in IMAGE_FOLDERS and not any(word in MASK_WORDS for word in words):
        is_mask = False
    if is_mask and role not in MASK_FOLDERS and any(word in IMAGE_WORDS - {"crop", "cropped"} for word in words):
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
    words = [word for word in re.split(r"[\s_.\-]+", mask.stem) if word and word.lower() not in shared]
    if known_words_only:
        words = [word for word in words if word.lower() in REGION_WORDS or (word.isdigit() and len(word) < 3)]
        words = words if any(word.lower() in REGION_WORDS for word in words) else []
    return "-".join(words)
