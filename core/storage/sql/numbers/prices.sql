-- What does a unit of each part of a kit cost its buyer?
select product_id, price_cents
from stored.products
where price_cents > 0 and product_id in (select part_id from stored.kit_parts union select new_product_id from stored.product_map)
