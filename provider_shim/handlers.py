"""The servicer's calls as gRPC handlers: every call of the service is there, and none fails bare.

Whatever goes wrong becomes a diagnostic, which Terraform shows with the resource's address; a bare gRPC
error has none.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from typing import Any, Final

import grpc
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from provider_shim import wire
from provider_shim.contract import Lifecycle
from provider_shim.diagnostics import Diagnostic, DiagnosticSeverity, failure
from provider_shim.kept_answers import KeptAnswers
from provider_shim.late import Late
from provider_shim.log import log, verbose
from provider_shim.servicer import CALLS, SERVICE, Servicer, UnknownTypeError
from provider_shim.values import DynamicValueError
from vtaplib.errors import VtapError
from vtaplib.visible_text import one_line

_LAST_FRAMES: Final = 6


def service_handlers(lifecycle: Late[Lifecycle], kept: KeptAnswers | None = None) -> grpc.GenericRpcHandler:
    """The handlers of the service, as a gRPC server takes them."""
    return grpc.method_handlers_generic_handler(SERVICE.full_name, method_handlers(lifecycle, kept))


def method_handlers(
    lifecycle: Late[Lifecycle], kept: KeptAnswers | None = None
) -> dict[str, grpc.RpcMethodHandler]:
    """A gRPC handler for every call of the service; its shape (stream or not) is read from the descriptor."""
    servicer = Servicer(lifecycle, kept)
    handlers = {}
    for method in SERVICE.methods:
        request, response = GetMessageClass(method.input_type), GetMessageClass(method.output_type)
        call = CALLS.get(method.name)
        behaviour = _refusal(method.name) if call is None else _guarded(method.name, servicer, call, response)
        make = _HANDLER_SHAPES[method.client_streaming, method.server_streaming]
        handlers[method.name] = make(
            behaviour,
            request_deserializer=request.FromString,
            response_serializer=response.SerializeToString,
        )
    return handlers


_HANDLER_SHAPES: Final = {
    (False, False): grpc.unary_unary_rpc_method_handler,
    (False, True): grpc.unary_stream_rpc_method_handler,
    (True, False): grpc.stream_unary_rpc_method_handler,
}


def _refusal(name: str) -> Callable[[Any, grpc.ServicerContext], Any]:
    def refuse(_request: Any, context: grpc.ServicerContext) -> Any:
        context.abort(grpc.StatusCode.UNIMPLEMENTED, f"vtap's provider does not implement {name}")

    return refuse


def _guarded(
    name: str, servicer: Servicer, call: Callable[[Servicer, Any], Message], response: type[Message]
) -> Callable[[Any, grpc.ServicerContext], Message]:
    def answer(request: Any, _context: grpc.ServicerContext) -> Message:
        started = time.perf_counter()
        try:
            return call(servicer, request)
        except UnknownTypeError as error:
            return _failure(response, Diagnostic(DiagnosticSeverity.ERROR, "Unknown type", str(error)))
        except DynamicValueError as error:
            log("error", f"{name}: {error}", frames=_last_frames(error))
            detail = f"{name}: {error}."
            if type_name := getattr(request, "type_name", ""):
                detail = f"{type_name}, {detail}"
            detail += " The value and the provider's schema do not fit: this is a bug in vtap's provider."
            summary = "Value does not fit the schema"
            return _failure(response, Diagnostic(DiagnosticSeverity.ERROR, summary, detail, error.path))
        except VtapError as error:
            log("error", f"{name}: {error}")
            return _failure(response, failure(error))
        except Exception as error:  # noqa: BLE001  # the boundary: a bare rpc error would reach the user
            log("error", f"{name}: {type(error).__name__}: {error}", frames=_last_frames(error))
            detail = f"This is a bug in vtap's provider. {name}: {type(error).__name__}: {error}"
            return _failure(
                response, Diagnostic(DiagnosticSeverity.ERROR, "Unexpected error in vtap", detail)
            )
        finally:
            if verbose:
                elapsed = f"{(time.perf_counter() - started) * 1000:.2f}"
                log("debug", name, type_name=getattr(request, "type_name", ""), milliseconds=elapsed)

    return answer


def _failure(response: type[Message], diagnostic: Diagnostic) -> Message:
    if "diagnostics" not in response.DESCRIPTOR.fields_by_name:  # StopProvider alone has a text instead
        return response(Error=one_line(f"{diagnostic.summary}: {diagnostic.detail}"))
    return response(diagnostics=wire.diagnostics_to_proto([diagnostic]))


def _last_frames(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)[-_LAST_FRAMES:]
    return " < ".join(f"{frame.name} ({frame.filename}:{frame.lineno})" for frame in reversed(frames))
