-- On which days did each known customer buy (table order_lines), for how much, how many products, and in which segment?
select
    customer_id, day,
    sum(case when units > 0 then coalesce(revenue_cents, 0) - discount_cents else 0 end) as cents,
    count(distinct case when units > 0 then product_id end) as products,
    bool_or(units < 0) as returned,
    min(case when list_contains($segments, value) then value else 'other' end) as segment
from order_lines
where customer_id is not null and day <= $as_of
group by customer_id, day
having max(units) > 0
order by customer_id nulls last, day nulls last
