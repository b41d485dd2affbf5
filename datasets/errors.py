"""Errors of the datasets package.

DatasetError                  dataset_error
├── DatasetUnreadableError    dataset_unreadable    no such folder or file, or of another layout
├── DatasetInvalidError       dataset_invalid       readable, but its annotations break rules
├── DatasetUnwritableError    dataset_unwritable    records that the COCO form cannot hold
├── FolderTakenError          dataset_folder_taken  the folder holds another dataset
├── SplitConflictError        split_conflict        a container or scanner already stands in two splits
└── ThreatOutsideScanError    threat_outside_scan   a threat to project does not fit into the scan
"""


class DatasetError(Exception):
    """Base of everything this package raises on purpose."""

    code: str = "dataset_error"


class DatasetUnreadableError(DatasetError):
    """The folder cannot be read as a dataset at all."""

    code = "dataset_unreadable"


class DatasetInvalidError(DatasetError):
    """The dataset was read, but some of it breaks rules."""

    code = "dataset_invalid"


class DatasetUnwritableError(DatasetError):
    """These records have no COCO form."""

    code = "dataset_unwritable"


class FolderTakenError(DatasetError):
    """The folder holds something else than what is to be made there."""

    code = "dataset_folder_taken"


class SplitConflictError(DatasetError):
    """Splits that records already carry contradict each other."""

    code = "split_conflict"


class ThreatOutsideScanError(DatasetError):
    """A threat does not fit where it was to be projected."""

    code = "threat_outside_scan"
