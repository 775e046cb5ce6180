-- What ordering needs to know of each forecast product (table live, in its order): its stock as last counted by $as_of, and terms.
-- Where one day has two counts, the smaller one is believed.
with counted as (
    select
        product_id, on_hand, on_order, date_diff('day', day, cast($as_of as date)) as stock_age_days,
        row_number() over (partition by product_id order by day desc, on_hand asc, on_order asc nulls last) as place
    from stock
    where day <= $as_of
)

select
    cast(c.on_hand as double) as on_hand, cast(c.on_order as double) as on_order, cast(c.stock_age_days as double) as stock_age_days,
    p.lead_time_days, p.lead_time_sd_days, p.moq, p.pack_size, cast(p.unit_cost_cents as double) as unit_cost_cents,
    cast(p.price_cents as double) as price_cents
from live as l
left join products as p on l.product_id = p.product_id
left join counted as c on l.product_id = c.product_id and c.place = 1
order by l.place
