-- The shop in one row: how many products, how many will rise, what sold.
with everyone as (
    select p.product_id, p.orders_28d, p.units_28d, p.revenue_28d_cents, f.rising_probability, f.falling_probability,
        f.previous_rising_probability
    from products p join forecasts f on f.product_id = p.product_id and f.segment = 'all'
)
select
    count(*) as products,
    sum(rising_probability) as expected_risers,
    sum(previous_rising_probability) as previous_expected_risers,
    count(*) filter (where rising_probability >= $likely) as likely_risers,
    count(*) filter (where falling_probability >= $likely) as likely_fallers,
    sum(orders_28d) as orders_28d, sum(units_28d) as units_28d, sum(revenue_28d_cents) as revenue_28d_cents
from everyone
