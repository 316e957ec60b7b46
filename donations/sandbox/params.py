"""Form-encoded parameters, read the way the pinned API version reads them.

The types come from the stripe package itself, so that a parameter this version does not know is refused here as Stripe
would refuse it.
"""

import functools
import typing
from collections.abc import Mapping
from typing import Any, Literal, Union, get_args, get_origin
from urllib.parse import parse_qsl

import stripe.params
import stripe.params.billing_portal
import stripe.params.checkout
from stripe import RequestOptions

from .account import ApiError

OPTIONS = set(RequestOptions.__annotations__)  # headers of the client, not parameters


def parse(text):
    """`a[b][0]=c` → {"a": {"b": {"0": "c"}}}; lists become lists when their type is known."""
    tree = {}
    for key, value in parse_qsl(text, keep_blank_values=True):
        *path, last = key.replace("]", "").split("[")
        branch = tree
        for step in path:
            branch = branch.setdefault(step or str(len(branch)), {})
            if not isinstance(branch, dict):
                raise ApiError(f"Invalid parameter: {key} is both a value and an object.", param=key)
        branch[last or str(len(branch))] = value
    return tree


def read(text, name):
    """The parameters in `text`, checked against the package's own type, such as `RefundListParams`."""
    module, _, kind = name.rpartition(".")
    home = getattr(stripe.params, module) if module else stripe.params
    return _object(parse(text), getattr(home, kind), "")


@functools.cache
def _fields(kind):
    hints = typing.get_type_hints(kind, localns={"StripeContext": Any, "Mapping": Mapping})
    return {key: hint for key, hint in hints.items() if key not in OPTIONS}


def _object(value, kind, where):
    fields = _fields(kind)
    for key in value:
        if key not in fields:
            path = _path(where, key)
            raise ApiError(f"Received unknown parameter: {path}", code="parameter_unknown", param=path)
    required = getattr(kind, "__required_keys__", frozenset()) & set(fields)
    for key in sorted(required - set(value)):
        path = _path(where, key)
        raise ApiError(f"Missing required param: {path}.", code="parameter_missing", param=path)
    return {key: _value(item, fields[key], _path(where, key)) for key, item in value.items()}


def _path(where, key):
    return f"{where}[{key}]" if where else key


def _options(hint):
    return get_args(hint) if get_origin(hint) is Union or type(hint).__name__ == "UnionType" else (hint,)


def _value(value, hint, where):
    options = _options(hint)
    if value == "":  # Stripe's way to unset something
        return ""
    if isinstance(value, dict):
        return _branch(value, options, where)
    literals = [word for option in options if get_origin(option) is Literal for word in get_args(option) if word != ""]
    if value in literals:
        return value
    if bool in options:
        return _boolean(value, where)
    if int in options:
        return _integer(value, where)
    if literals:
        raise ApiError(f"Invalid {where}: must be one of {', '.join(literals)}", param=where)
    if str in options or any(getattr(option, "__name__", "") == "Decimal" for option in options):
        return value
    raise ApiError(f"Invalid {where}: it must be an object or a list.", param=where)


def _branch(value, options, where):
    for option in options:
        origin = get_origin(option)
        if origin is list and all(key.isdigit() for key in value):
            items = [value[key] for key in sorted(value, key=int)]
            return [_value(item, get_args(option)[0], f"{where}[{number}]") for number, item in enumerate(items)]
        if origin in {dict, Mapping}:
            return _texts(value, where)
        if typing.is_typeddict(option) or hasattr(option, "__required_keys__"):
            return _object(value, option, where)
    raise ApiError(f"Invalid {where}: it must be a single value.", code="parameter_invalid_type", param=where)


def _texts(value, where):
    for key, text in value.items():
        if isinstance(text, dict):
            raise ApiError(f"Metadata values must be strings: {where}[{key}].", param=f"{where}[{key}]")
        if len(key) > 40 or len(text) > 500 or len(value) > 50:
            raise ApiError(f"{where} has at most 50 keys of 40 characters with values of 500.", param=where)
    return value


def _boolean(value, where):
    if value not in {"true", "false"}:
        raise ApiError(f"Invalid boolean: {value}", code="parameter_invalid_boolean", param=where)
    return value == "true"


def _integer(value, where):
    if not value.removeprefix("-").isascii() or not value.removeprefix("-").isdigit():
        raise ApiError(f"Invalid integer: {value}", code="parameter_invalid_integer", param=where)
    return int(value)
