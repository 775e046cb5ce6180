-- Which products could be featured for a segment, and what is known of them?
select f.* exclude (segment), p.title, p.category, p.brand, p.supplier, p.price_cents
from feature_lists f
join products p on p.product_id = f.product_id
where f.segment = $segment
order by f.place nulls last
