-- Which order lines count, on which day and in which customer group?
-- The group is the order's country or channel, else the customer's attribute $attribute, else ''.
with customer_value as (
    select customer_id, min(value) as value
    from customers
    where attribute = $attribute
    group by customer_id
),

-- A sale and its exact reversal, by the same customer on the same day, are neither sale nor return: the order was cancelled.
cancelled as (
    select product_id, customer_id, cast(ordered_at as date) as day, abs(units) as units,
        least(count(case when units > 0 then 1 end), count(case when units < 0 then 1 end)) as pairs
    from orders
    where customer_id is not null
    group by product_id, customer_id, cast(ordered_at as date), abs(units)
    having min(units) < 0 and max(units) > 0
),

kept_orders as (
    select o.*
    from orders as o
    left join cancelled as c
        on o.product_id = c.product_id and o.customer_id = c.customer_id and cast(o.ordered_at as date) = c.day and abs(o.units) = c.units
    where c.pairs is null
    union all
    select * exclude (place, pairs)
    from (
        select o.*, c.pairs,
            row_number() over (
                partition by o.product_id, o.customer_id, c.day, o.units
                order by o.ordered_at nulls first, o.order_id nulls first, o.unit_price_cents nulls first
            ) as place
        from orders as o
        inner join cancelled as c
            on o.product_id = c.product_id and o.customer_id = c.customer_id and cast(o.ordered_at as date) = c.day and abs(o.units) = c.units
    )
    where place > pairs
)

select
    o.product_id,
    cast(o.ordered_at as date) as day,
    coalesce(case when $attribute = 'country' then o.country when $attribute = 'channel' then o.channel end, c.value, '') as value,
    o.order_id,
    o.order_count,
    o.customer_id,
    o.units,
    o.units * o.unit_price_cents as revenue_cents,
    coalesce(o.discount_cents, 0) as discount_cents
from kept_orders as o
left join customer_value as c on o.customer_id = c.customer_id
