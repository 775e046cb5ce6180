-- What alerts compare: chance of rising, units expected in four weeks and weeks of supply of these products, for all customers.
select f.product_id, p.title, f.rising_probability, d.units as units_4w, s.cover_weeks
from forecasts f
left join products p on p.product_id = f.product_id
left join demand d on d.product_id = f.product_id and d.segment = f.segment and d.weeks = 4 and d.level = 0.5
left join suggestions s on s.product_id = f.product_id
where f.segment = 'all' and list_contains($products, f.product_id)
order by f.product_id nulls last
