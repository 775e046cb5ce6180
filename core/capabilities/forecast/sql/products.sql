-- What is known of every product of the shop, since when does it sell, and how were its last 28 days up to $as_of?
-- orders_28d counts the interest signal. Where the products file names no price, the mean price paid over the last 56 days stands in.
with sales as (
    select
        product_id,
        min(case when interest > 0 then day end) as first_sold_on,
        sum(case when date_diff('day', day, cast($as_of as date)) < 28 then interest else 0 end) as orders_28d,
        sum(case when date_diff('day', day, cast($as_of as date)) < 28 then units else 0 end) as units_28d,
        sum(case when date_diff('day', day, cast($as_of as date)) < 28 then revenue_cents end) as revenue_28d_cents,
        sum(case when date_diff('day', day, cast($as_of as date)) < 56 then revenue_cents end)
        / nullif(sum(case when date_diff('day', day, cast($as_of as date)) < 56 then priced_units end), 0) as paid_cents
    from daily
    where day <= $as_of
    group by product_id
)

select
    p.product_id, p.title, p.description, p.category, p.brand, p.supplier,
    coalesce(p.price_cents, cast(round(s.paid_cents) as bigint)) as price_cents,
    p.unit_cost_cents, coalesce(p.currency, $currency) as currency, p.launched_on,
    p.lead_time_days, p.lead_time_sd_days, p.moq, p.pack_size, p.image,
    s.first_sold_on,
    date_diff('day', s.first_sold_on, cast($as_of as date)) as days_on_sale,
    coalesce(s.orders_28d, 0) as orders_28d,
    coalesce(s.units_28d, 0) as units_28d,
    cast(round(s.revenue_28d_cents) as bigint) as revenue_28d_cents
from products as p
left join sales as s on p.product_id = s.product_id
order by p.product_id nulls last
