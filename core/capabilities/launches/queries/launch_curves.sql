-- How did a new product and the similar ones sell in their first weeks? units: sold up to the end of each week.
select c.product_id, p.title, c.week, sum(c.units) over (partition by c.product_id order by c.week nulls last) as units, c.product_id = $product as own
from launch_curves c
join products p using (product_id)
where c.product_id = $product
    or c.product_id in (select analogue_id from launch_analogues where product_id = $product)
order by own desc nulls last, c.product_id nulls last, c.week nulls last
