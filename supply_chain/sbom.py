"""Prints the software bill of materials of the site, as CycloneDX 1.6: `make sbom`.

Made from the pins and the list of licenses alone, so that it is the same on every machine.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import defaultdict
from datetime import UTC, datetime
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, Property, XsUri
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import LicenseExpression
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from aitpro import __version__

from .licenses import licenses
from .pins import ROOT, RUN, Pin, read_pins


def sbom(pins: list[Pin], *, made_at: datetime) -> str:
    """The document, as text."""
    site = Component(
        name="aitpro", version=__version__, type=ComponentType.APPLICATION, bom_ref=f"aitpro@{__version__}"
    )
    bom = Bom(serial_number=uuid5(NAMESPACE_URL, f"aitpro {__version__} {made_at.isoformat()} {pins}"))
    bom.metadata.timestamp, bom.metadata.component = made_at, site
    known = licenses()
    components: dict[Pin, Component] = {pin: _component(pin, known[pin.name].expression) for pin in pins}
    needed: defaultdict[Component, list[Component]] = defaultdict(list)
    for pin, component in components.items():
        bom.components.add(component)
        for name in pin.via:
            for parent in (other for other in pins if other.name == name):
                needed[components[parent]].append(component)
        if not pin.via:
            needed[site].append(component)
    for component in (site, *components.values()):
        bom.register_dependency(component, needed[component])
    return json.dumps(json.loads(JsonV1Dot6(bom).output_as_string()), indent=2, sort_keys=True) + "\n"


def _component(pin: Pin, license_expression: str) -> Component:
    purl = PackageURL("pypi", name=pin.name, version=pin.version)
    files = ExternalReference(
        type=ExternalReferenceType.DISTRIBUTION,
        url=XsUri(purl.to_string()),
        comment="one of these hashes is that of the installed file",
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=digest) for digest in pin.hashes],
    )
    return Component(
        name=pin.name,
        version=pin.version,
        type=ComponentType.LIBRARY,
        bom_ref=purl.to_string(),
        purl=purl,
        licenses=[LicenseExpression(license_expression)],
        external_references=[files],
        properties=[Property(name="python:marker", value=pin.marker)] if pin.marker else [],
    )


def committed_at() -> datetime:
    """When the checked-out commit was made."""
    command = ["git", "-C", str(ROOT), "log", "-1", "--format=%ct"]
    return datetime.fromtimestamp(int(subprocess.check_output(command)), UTC)  # noqa: S603


if __name__ == "__main__":
    sys.stdout.write(sbom(read_pins(RUN), made_at=committed_at()))
