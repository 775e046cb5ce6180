-- What resembles it, and how is that doing?
select n.rank, n.neighbour_id as product_id, p.title, p.category, n.similarity, f.rising_probability, f.falling_probability,
    p.orders_28d
from neighbours n
join products p on p.product_id = n.neighbour_id
left join forecasts f on f.product_id = n.neighbour_id and f.segment = 'all'
where n.product_id = $product
order by n.rank nulls last
limit $limit
