"""What stripe-python's own annotations say about an object, walked to the last nested key."""

import ast
import functools
import importlib
import inspect
import sys
import typing
from decimal import Decimal
from typing import ClassVar, Literal, Union, get_args, get_origin

import stripe
from stripe import ListObject, StripeObject
from stripe._stripe_object import UntypedStripeObject

CLASSES = {
    "checkout.session": stripe.checkout.Session,
    "payment_intent": stripe.PaymentIntent,
    "charge": stripe.Charge,
    "balance_transaction": stripe.BalanceTransaction,
    "refund": stripe.Refund,
    "dispute": stripe.Dispute,
    "customer": stripe.Customer,
    "payment_method": stripe.PaymentMethod,
    "product": stripe.Product,
    "price": stripe.Price,
    "subscription": stripe.Subscription,
    "subscription_item": stripe.SubscriptionItem,
    "invoice": stripe.Invoice,
    "invoice_payment": stripe.InvoicePayment,
    "line_item": stripe.InvoiceLineItem,
    "item": stripe.LineItem,
    "event": stripe.Event,
    "webhook_endpoint": stripe.WebhookEndpoint,
    "payout": stripe.Payout,
    "billing_portal.configuration": stripe.billing_portal.Configuration,
    "billing_portal.session": stripe.billing_portal.Session,
}


def complaints(value, *, noun=None):
    """Everything about `value` that the annotations do not allow, as sentences; [] when all is well."""
    return list(_object(value, CLASSES[noun or value["object"]], noun or value["object"]))


def class_of(noun):
    return CLASSES[noun]


@functools.cache
def _names(module):
    """The names that a module's annotations use, those imported only for type checkers too."""
    names = dict(vars(typing)) | dict(vars(sys.modules[module]))
    for node in ast.walk(ast.parse(inspect.getsource(sys.modules[module]))):
        if (
            isinstance(node, ast.ImportFrom)
            and (node.module or "").startswith("stripe")
            and ".params" not in node.module
        ):
            home = importlib.import_module(node.module)
            names |= {
                each.asname or each.name: getattr(home, each.name) for each in node.names if hasattr(home, each.name)
            }
    return names


@functools.cache
def fields(kind):
    """Each key of an object, with its type."""
    hints = {}
    for base in reversed(kind.__mro__):
        if issubclass(base, StripeObject) and base is not StripeObject:
            names = _names(base.__module__)
            for key, text in vars(base).get("__annotations__", {}).items():
                hints[key] = eval(text, names) if isinstance(text, str) else text  # the package's own source
    plain = {key: _resolved(kind, hint) for key, hint in hints.items() if not key.startswith("_")}
    return {key: hint for key, hint in plain.items() if get_origin(hint) is not ClassVar}


def _resolved(kind, hint):
    names = _names(kind.__module__)
    if isinstance(hint, typing.ForwardRef):
        return _resolved(kind, eval(hint.__forward_arg__, names))
    if isinstance(hint, str):
        return _resolved(kind, eval(hint, names))
    if get_origin(hint) in {None, Literal}:
        return hint
    inner = tuple(_resolved(kind, each) for each in get_args(hint))
    return Union[inner] if get_origin(hint) is Union else hint.copy_with(inner) if hasattr(hint, "copy_with") else hint  # noqa: UP007


def optional(hint):
    return type(None) in _choices(hint)


def _choices(hint):
    return get_args(hint) if get_origin(hint) is Union else (hint,)


def _is_object(hint):
    return inspect.isclass(hint) and issubclass(hint, StripeObject)


def _object(value, kind, where):
    if not isinstance(value, dict):
        yield f"{where} is {value!r}, not an object"
        return
    known = fields(kind)
    for key in value.keys() - known.keys() - ({"object"} if kind is ListObject else set()):
        yield f"{where}.{key} is not a field of {kind.__qualname__}"
    for key, hint in known.items():
        if key in value:
            yield from _value(value[key], hint, f"{where}.{key}")
        elif not optional(hint):
            yield f"{where}.{key} is missing"


def _value(value, hint, where):
    choices = _choices(hint)
    if value is None:
        if not optional(hint):
            yield f"{where} is null"
    elif isinstance(value, dict):
        yield from _dict(value, choices, where)
    elif isinstance(value, list):
        yield from _list(value, choices, where)
    elif not _plain(value, choices):
        yield f"{where} is {value!r}, not {hint}"


def _plain(value, choices):
    words = [word for choice in choices if get_origin(choice) is Literal for word in get_args(choice)]
    if words:
        return value in words  # `Literal[…] | str` leaves room for later versions, not for this one
    kinds = {str if choice is Decimal else choice for choice in choices if inspect.isclass(choice)}
    return type(value) in kinds or (type(value) is int and float in kinds)


def _list(value, choices, where):
    for choice in choices:
        if get_origin(choice) is list:
            for number, one in enumerate(value):
                yield from _value(one, get_args(choice)[0], f"{where}[{number}]")
            return
    yield f"{where} is a list"


def _dict(value, choices, where):
    for choice in choices:
        if get_origin(choice) is UntypedStripeObject:
            for key, one in value.items():
                yield from _untyped(one, get_args(choice)[0], f"{where}.{key}")
            return
        if get_origin(choice) is ListObject:
            yield from _object(value | {"data": []}, ListObject, where)
            for number, one in enumerate(value["data"]):
                yield from _value(one, get_args(choice)[0], f"{where}.data[{number}]")
            return
    kinds = [choice for choice in choices if _is_object(choice)]
    named = [kind for kind in kinds if getattr(kind, "OBJECT_NAME", None) == value.get("object")]
    if not kinds:
        yield f"{where} is an object"
        return
    yield from _object(value, (named or kinds)[0], where)


def _untyped(value, hint, where):
    if hint is not typing.Any and not isinstance(value, hint):
        yield f"{where} is {value!r}, not {hint}"
