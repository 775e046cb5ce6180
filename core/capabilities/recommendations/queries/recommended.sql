-- What does the list of a segment name, in its order?
select s.place, s.product_id, p.title, p.category, p.price_cents, s.chance, s.listed, s.customers, s.reason, f.rising_probability
from segment_recommendations s
join products p using (product_id)
left join forecasts f on f.product_id = s.product_id and f.segment = 'all'
where s.segment = $segment
order by s.place nulls last
