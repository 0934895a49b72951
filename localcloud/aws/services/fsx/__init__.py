"""Amazon FSx: file systems that are folders of this machine, and what of S3 is seen in them."""

from __future__ import annotations

from localcloud.aws.services.fsx.associations import Associations
from localcloud.aws.services.fsx.file_systems import FileSystems
from localcloud.aws.services.fsx.records import Association, FileSystem
from localcloud.aws.services.records import Records
from localcloud.aws.services.service import Service
from localcloud.common.home import Home


def start(home: Home) -> Service:
    """Take up what was there before, and answer from now on."""
    file_systems = Records(home.state / "file-systems", FileSystem)
    associations = Records(home.state / "data-repository-associations", Association)
    return Service(
        "fsx",
        {
            **FileSystems(home, file_systems, associations).by_name(),
            **Associations(home, file_systems, associations).by_name(),
        },
    )
