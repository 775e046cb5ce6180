-- What did the $most best-selling products of a segment, and these products, sell week by week, in the last $weeks weeks?
with recent as (
    select h.product_id, h.week, h.units, sum(h.units) over (partition by h.product_id) as total
    from history h
    cross join meta m
    where h.segment = $segment and date_diff('day', h.week, m.as_of) < 7 * $weeks
),

ranked as (
    select product_id, row_number() over (order by total desc nulls last, product_id nulls last) as place
    from (select product_id, max(total) as total from recent group by product_id) as totals
)

select r.product_id, r.week, r.units
from recent as r
join ranked as k on r.product_id = k.product_id
where k.place <= $most or list_contains($products, r.product_id)
order by r.product_id nulls last, r.week nulls last
