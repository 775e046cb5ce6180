-- Which products does the shop list, since when, and what is known of them and of their stock as last counted by $as_of?
-- Where one day has two counts, the smaller one is believed.
with counted as (
    select
        product_id, on_hand, on_order,
        row_number() over (
            partition by product_id order by day desc nulls last, on_hand asc nulls last, on_order asc nulls last
        ) as place
    from stock
    where day <= $as_of
)

select
    p.product_id, date_diff('day', p.launched_on, cast($as_of as date)) as listed_days,
    coalesce(p.category, '') as category, coalesce(p.brand, '') as brand, cast(p.price_cents as double) as price_cents,
    cast(p.unit_cost_cents as double) as unit_cost_cents, p.pack_size, p.moq, p.max_order,
    cast(c.on_hand as double) as on_hand, cast(c.on_order as double) as on_order
from products as p
left join counted as c on p.product_id = c.product_id and c.place = 1
order by p.product_id nulls last
