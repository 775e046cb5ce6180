-- What resembles each forecast product (table live) by its text (table similar_products), nearest first?
select n.product_id, n.rank, n.neighbour_id, n.similarity
from similar_products as n
inner join live as l on n.product_id = l.product_id
inner join products as p on n.neighbour_id = p.product_id
where n.rank <= $most
order by n.product_id nulls last, n.rank nulls last
