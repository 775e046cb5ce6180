-- A feature's value against its driver's push, one point a product; a fixed sample where there are many.
select p.product_id, p.title, v.value, a.attribution, f.rising_probability
from feature_values v
join attributions a using (product_id, segment, driver)
join forecasts f using (product_id, segment)
join products p using (product_id)
where v.segment = 'all' and v.feature = $feature and v.value is not null
order by hash(p.product_id) nulls last, p.product_id nulls last
limit $limit
