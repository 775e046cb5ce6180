-- Which candidates of a segment have texts that are at least so similar? Of two categories, none: they do not compete.
select n.product_id, n.neighbour_id, n.similarity
from neighbours n
join feature_lists f on f.product_id = n.product_id and f.segment = $segment
join feature_lists g on g.product_id = n.neighbour_id and g.segment = $segment
join products a on a.product_id = n.product_id
join products b on b.product_id = n.neighbour_id
where n.similarity >= $similarity and coalesce(a.category, b.category, '') = coalesce(b.category, a.category, '')
order by n.product_id nulls last, n.neighbour_id nulls last
