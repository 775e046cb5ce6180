-- On which days did each known customer buy what (table order_lines), and in which segment was the customer then?
-- A purchase that was cancelled on its day is none.
select customer_id, product_id, day, min(case when list_contains($segments, value) then value else 'other' end) as segment
from order_lines
where units > 0 and customer_id is not null and day <= $as_of
group by customer_id, product_id, day
order by customer_id nulls last, product_id nulls last, day nulls last
