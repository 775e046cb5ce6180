-- Minimum order values in another currency than the shop's cannot be compared with its orders: they are left out.
update suppliers
set min_order_cents = null
where currency <> $currency and min_order_cents is not null
