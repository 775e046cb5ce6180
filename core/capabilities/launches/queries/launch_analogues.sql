-- On which similar products does the potential of a new one rest?
select a.rank, a.analogue_id, p.title, p.category, p.brand, p.price_cents, a.similarity, a.units_recent, a.units_launch
from launch_analogues a
join products p on p.product_id = a.analogue_id
where a.product_id = $product
order by a.rank nulls last
