-- How often was each forecast product (table live) ordered in each of the $weeks weeks up to $as_of, and what was paid for a unit, on
-- average over the orders? Weeks without an order have no row.
with sales as (
    select
        l.place, floor(date_diff('day', cast(o.ordered_at as date), cast($as_of as date)) / 7) as weeks_ago, o.order_count,
        cast(floor(o.unit_price_cents - coalesce(o.discount_cents, 0) / o.units + 0.5) as bigint) as paid_cents
    from orders as o
    inner join live as l on o.product_id = l.product_id
    where
        o.units > 0 and o.unit_price_cents > 0 and cast(o.ordered_at as date) <= $as_of
        and date_diff('day', cast(o.ordered_at as date), cast($as_of as date)) < 7 * $weeks
)

select
    cast(place as bigint) as product, cast(weeks_ago as bigint) as week,
    cast(sum(order_count) as double) as orders, sum(paid_cents) / cast(count(*) as double) as price_cents
from sales
where paid_cents > 0 and order_count > 0
group by place, weeks_ago
order by place, weeks_ago
