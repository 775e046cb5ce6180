-- Which of the numbers $numbers does anything but a map of numbers name?
select distinct product_id
from (
    select product_id from products
    union all
    select product_id from orders
    union all
    select product_id from events
    union all
    select product_id from reviews
    union all
    select product_id from stock
)
where list_contains($numbers, product_id)
