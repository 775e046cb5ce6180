-- Prices in another currency than the shop's cannot be compared: they are left out.
update products
set price_cents = null, unit_cost_cents = null
where currency <> $currency and (price_cents is not null or unit_cost_cents is not null)
