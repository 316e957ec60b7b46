"""What is sold: products and prices, most of them made inside another request."""

from donations.money import MAX_AMOUNT, CurrencyRefused, exponent

from .account import ApiError
from .shapes import billing as new

MONTHS = {"month": 1, "year": 12}  # what the sandbox bills by


def create_product(account, params):
    key = params.get("id")
    if key and key in account.objects["product"]:
        raise ApiError("Product already exists.", code="resource_already_exists", param="id")
    stamp = account.stamp("prod", "product")
    return account.add(new.product(stamp | ({"id": key} if key else {}), name=params["name"], params=params))


def price_of(account, given, where):
    """A price from `price` or `price_data`, whose product must exist."""
    if given.get("price"):
        return account.get("price", given["price"], param=f"{where}[price]", status=400)
    if not (data := given.get("price_data")):
        raise ApiError(f"{where} needs a price or price_data.", code="parameter_missing", param=f"{where}[price]")
    where = f"{where}[price_data]"
    parts = {"product": _product_of(account, data, where), "currency": _currency(data["currency"], where)}
    parts |= {"amount": _amount(data.get("unit_amount"), where), "recurring": _interval(data.get("recurring"), where)}
    return account.add(new.price(account.stamp("price", "price"), **parts))


def _amount(amount, where):
    if amount in {None, ""} or not 0 <= amount <= MAX_AMOUNT:
        message = f"Invalid unit_amount {amount}: it must be a whole number of minor units from 0 to {MAX_AMOUNT}."
        raise ApiError(message, param=f"{where}[unit_amount]")
    return amount


def _interval(recurring, where):
    if recurring and recurring["interval"] not in MONTHS:
        raise ApiError("The sandbox bills by the month or the year.", param=f"{where}[recurring][interval]")
    return recurring


def _product_of(account, data, where):
    if data.get("product_data"):
        return create_product(account, data["product_data"])["id"]
    if not data.get("product"):
        raise ApiError(
            f"{where} needs a product or product_data.", code="parameter_missing", param=f"{where}[product]"
        )
    if account.habits.endpoints == "needed" and data["product"] not in account.objects["product"]:
        return create_product(account, {"id": data["product"], "name": "A gift"})["id"]  # it knows no products
    return account.get("product", data["product"], param=f"{where}[product]", status=400)["id"]


def _currency(code, where):
    try:
        exponent(code.upper())
    except CurrencyRefused as problem:
        raise ApiError(f"Invalid currency: {code}. {problem}", param=f"{where}[currency]") from problem
    return code.lower()
