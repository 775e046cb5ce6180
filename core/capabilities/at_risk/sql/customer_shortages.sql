-- On which days did a product run out that a customer had bought in the half year before (table order_lines)?
with counts as (
    select product_id, day, on_hand, lag(on_hand) over (partition by product_id order by day asc nulls last) as before
    from stock
    where day <= $as_of
),

ran_out as (
    select distinct product_id, day
    from counts
    where on_hand <= 0 and before > 0
)

select distinct o.customer_id, r.day
from ran_out as r
inner join order_lines as o on r.product_id = o.product_id and o.day < r.day and date_diff('day', o.day, r.day) <= 180
where o.customer_id is not null and o.units > 0
order by o.customer_id nulls last, r.day nulls last
