-- Which products' texts are at least so similar (tables scored_neighbours, scored_products)? Of two categories, none: they do not compete.
select n.product_id, n.neighbour_id, n.similarity
from scored_neighbours as n
inner join scored_products as a on n.product_id = a.product_id
inner join scored_products as b on n.neighbour_id = b.product_id
where n.similarity >= $similarity and coalesce(a.category, b.category, '') = coalesce(b.category, a.category, '')
order by n.product_id nulls last, n.neighbour_id nulls last
