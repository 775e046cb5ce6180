-- What does ordering need to know of each forecast product (table live, in its order): stock as last counted by $as_of, and terms?
-- Where one day has two counts, the smaller one is believed. Of times, a product's own go before its supplier's.
with counted as (
    select
        product_id, on_hand, on_order, date_diff('day', day, cast($as_of as date)) as stock_age_days,
        row_number() over (
            partition by product_id order by day desc nulls last, on_hand asc nulls last, on_order asc nulls last
        ) as place
    from stock
    where day <= $as_of
)

select
    cast(c.on_hand as double) as on_hand, cast(c.on_order as double) as on_order, cast(c.stock_age_days as double) as stock_age_days,
    coalesce(p.lead_time_days, s.lead_time_days) as lead_time_days,
    coalesce(p.lead_time_sd_days, s.lead_time_sd_days) as lead_time_sd_days,
    p.moq, p.pack_size, p.max_order, p.shelf_life_days,
    cast(p.unit_cost_cents as double) as unit_cost_cents, cast(p.price_cents as double) as price_cents,
    cast(replace(s.order_days, ',', '') as double) as order_days
from live as l
left join products as p on l.product_id = p.product_id
left join suppliers as s on p.supplier = s.supplier
left join counted as c on l.product_id = c.product_id and c.place = 1
order by l.place nulls last
