"""Reads requests and writes responses of a REST-XML service with botocore's own model of it.

One mechanism for every call that is answered here: route, parse, validate, serialize. The model defines
every element; none is named here.
"""

from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

from botocore.serialize import create_serializer
from botocore.validate import ParamValidator
from moto.core.model import OperationModel
from moto.core.parse import RequestParserError, RestXMLParser
from moto.core.request import Request
from moto.core.routing import get_service_router
from moto.core.serialize import RestXMLSerializer
from moto.core.utils import get_service_model
from werkzeug.exceptions import NotFound

Answer = tuple[int, dict[str, str], bytes]


class ServiceError(Exception):
    """A service's error response: a ``code`` from its API reference, and a message."""

    def __init__(self, code: str, message: str, status: int | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


class Protocol:
    """One service's requests and responses. ``malformed`` is its error code for an invalid body."""

    def __init__(self, service: str, malformed: str) -> None:
        self.model = get_service_model(service)
        self.router = get_service_router(service)
        self.malformed = malformed
        self.statuses = {
            shape.error_code: shape.metadata.get("error", {}).get("httpStatusCode", 400)
            for shape in self.model.error_shapes
        }

    def route(self, request: Request) -> tuple[OperationModel, dict[str, Any]] | None:
        """The operation of ``request`` and the labels in its path, or None."""
        try:
            return self.router.match(request)
        except (NotFound, NotImplementedError):
            return None

    def read(self, request: Request, operation: OperationModel, labels: dict) -> dict[str, Any]:
        """The validated parameters of ``request``. Raises ServiceError when they are invalid."""
        body = request.get_data()
        source = {
            "body": body,
            "headers": request.headers,
            "method": request.method,
            "url_params": labels,
            "url_path": request.path,
            "values": request.args,
        }
        try:
            params = RestXMLParser(operation).parse(source)
        except (RequestParserError, ValueError, KeyError) as error:
            raise ServiceError(self.malformed, f"the body cannot be read: {error}") from error
        params = {name: value for name, value in params.items() if value is not None}
        faults = list(self._faults(operation, params, body))
        if faults:
            raise ServiceError(self.malformed, "; ".join(faults))
        return params

    def write(self, operation: OperationModel, result: dict[str, Any]) -> Answer:
        answer = RestXMLSerializer(operation).serialize(result)
        body = answer["body"]
        content = body.encode() if isinstance(body, str) else body
        return answer["status_code"], answer["headers"], content

    def status(self, error: ServiceError) -> int:
        return error.status or self.statuses.get(error.code, 400)

    def _faults(self, operation: OperationModel, params: dict, body: bytes) -> Iterator[str]:
        shape = operation.input_shape
        report = ParamValidator().validate(params, shape)
        if report.has_errors():
            yield report.generate_report()
            return
        yield from _wrong_values(shape, params, "")
        payload = shape.serialization.get("payload")
        if body and payload and shape.members[payload].type_name == "structure":
            written = create_serializer("rest-xml", include_validation=False)
            again = written.serialize_to_request(params, operation)["body"]
            if _tree(again) != _tree(body):
                yield "the body holds an element or a value that the model does not know"


def _wrong_values(shape: Any, value: Any, path: str) -> Iterator[str]:
    """Enum members and list quantities, which botocore's validator leaves to the service."""
    if shape.type_name == "structure":
        for name, member in shape.members.items():
            if name in value:
                yield from _wrong_values(member, value[name], f"{path}.{name}".lstrip("."))
        if "Quantity" in shape.members and "Items" in shape.members:
            held = len(value.get("Items") or [])
            if value.get("Quantity", held) != held:
                message = f"{path}: Quantity is {value['Quantity']}, Items holds {held}"
                raise ServiceError("InconsistentQuantities", message)
    elif shape.type_name == "list":
        for index, item in enumerate(value):
            yield from _wrong_values(shape.member, item, f"{path}[{index}]")
    elif shape.type_name == "string" and shape.enum and value not in shape.enum:
        yield f"{path}: {value!r} is none of {', '.join(shape.enum)}"


def _tree(body: bytes | str) -> tuple:
    """The elements of a document, whatever the order of siblings."""

    def flat(node: ElementTree.Element) -> tuple:
        name = node.tag.rpartition("}")[2]
        return name, (node.text or "").strip(), sorted(flat(child) for child in node)

    return flat(ElementTree.fromstring(body))
