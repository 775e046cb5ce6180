-- Products whose title or id contains the words, most likely to rise first.
select p.product_id, p.title
from products p left join forecasts f on f.product_id = p.product_id and f.segment = 'all'
where $search = '' or contains(lower(p.title), lower($search)) or contains(lower(p.product_id), lower($search))
order by f.rising_probability desc nulls last, p.product_id nulls last
limit $limit
