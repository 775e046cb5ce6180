-- How often was each forecast product (table live) ordered in each of the $weeks weeks up to $as_of, and what was paid for a unit, on
-- average over the orders? Weeks without an order have no row.
with sales as (
    select
        l.place, cast(floor(date_diff('day', cast(o.ordered_at as date), cast($as_of as date)) / 7) as bigint) as weeks_ago, o.order_count,
        cast(floor(o.unit_price_cents - coalesce(o.discount_cents, 0) / nullif(o.units, 0) + 0.5) as bigint) as paid_cents
    from orders as o
    inner join live as l on o.product_id = l.product_id
    where
        o.units > 0 and o.unit_price_cents > 0 and cast(o.ordered_at as date) <= $as_of
        and date_diff('day', cast(o.ordered_at as date), cast($as_of as date)) < 7 * $weeks
)

select
    place as product, weeks_ago as week,
    cast(sum(order_count) as double) as orders, sum(paid_cents) / count(*) as price_cents
from sales
where paid_cents > 0 and order_count > 0
group by place, weeks_ago
order by place nulls last, weeks_ago nulls last
