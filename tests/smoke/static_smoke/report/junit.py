"""The verdict as JUnit XML: one case a check and a control, for a CI that shows such files."""

from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from static_smoke.report.cause import lines


def as_bytes(document: dict) -> bytes:
    """The file's content. ``document`` is that of smoke.json."""
    return ElementTree.tostring(suite(document), encoding="utf-8", xml_declaration=True)


def suite(document: dict) -> Element:
    """What failed has a ``failure`` a finding; a check that did not run is ``skipped``, with its reason."""
    root = Element("testsuite", name=f"smoke {document['site']}", time=str(document["seconds"]))
    for letter, check in document["checks"].items():
        case = SubElement(root, "testcase", classname="smoke.check", name=f"{letter}: {check['name']}")
        for finding in (it for it in document["findings"] if it["check"] == letter):
            SubElement(case, "failure", message=f"{finding['what']}: {finding['url']}").text = _text(finding)
        if check["state"] == "not checked":
            SubElement(case, "skipped", message=check["reason"])
    for control in document["controls"]:
        name = f"{control['check']}: {control['name']}"
        case = SubElement(root, "testcase", classname="smoke.control", name=name)
        if control["state"] == "missed":
            SubElement(case, "failure", message=f"the run is inconclusive: {control['reason']}")
        elif control["state"] == "not run":
            SubElement(case, "skipped", message=control["reason"])
    cases = list(root)
    root.set("tests", str(len(cases)))
    root.set("failures", str(sum(case.find("failure") is not None for case in cases)))
    root.set("skipped", str(sum(case.find("skipped") is not None for case in cases)))
    return root


def _text(finding: dict) -> str:
    return "\n".join(f"{label:<4} {text}" for label, text in lines([finding]))
