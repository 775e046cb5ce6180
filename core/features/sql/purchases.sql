-- On which days did each known customer buy a product, for the first time on first_day, and in this shop on joined_day?
with first_orders as (
    select customer_id, min(day) as joined_day
    from order_lines
    where units > 0 and customer_id is not null
    group by customer_id
),

purchase_days as (
    select distinct product_id, value, customer_id, day
    from order_lines
    where units > 0 and customer_id is not null
)

select p.product_id, p.value, p.customer_id, p.day,
    min(p.day) over (partition by p.product_id, p.customer_id) as first_day,
    f.joined_day
from purchase_days as p
inner join first_orders as f on p.customer_id = f.customer_id
