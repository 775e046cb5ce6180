-- What does the plan say of each product, by the shop's rules?
select s.*, p.title, p.category, p.supplier, p.currency, f.falling_probability
from suggestions s
join products p on p.product_id = s.product_id
left join forecasts f on f.product_id = s.product_id and f.segment = 'all'
order by s.product_id
