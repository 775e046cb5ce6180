-- Which products are sold, viewed, reviewed or in a kit but not described? They get their id as a title.
insert into products (product_id, title)
with seen as (
    select product_id from orders where units > 0
    union
    select product_id from events
    union
    select product_id from reviews
    union
    select part_id as product_id from kit_parts
)

select seen.product_id, seen.product_id
from seen
left join products on products.product_id = seen.product_id
where products.product_id is null
